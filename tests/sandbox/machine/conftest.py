"""A hall with a metadata service, for each test that boots machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hall_boot import MetadataService, serve_metadata
from support.hall_rooms import open_hall

from fleetkit.sandbox.hall import Hall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with open_hall(tmp_path / "hall") as running:
        yield running


@pytest.fixture
def metadata(hall: Hall) -> Iterator[MetadataService]:
    with serve_metadata(hall) as service:
        yield service
