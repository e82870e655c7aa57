"""A hall for each test of the hall."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hall_rooms import open_hall

from fleetkit.sandbox.hall import Hall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with open_hall(tmp_path / "hall") as running:
        yield running
