"""Fixtures of the tests of widgets: a browser, a JupyterLab, and a fleet that does what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab_browser import chromium, jupyter_lab
from support.unit_bench import UnitBench

__all__ = ["bench", "chromium", "jupyter_lab"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UnitBench]:
    made = UnitBench(tmp_path, monkeypatch)
    yield made
    for card in made.cards:
        card.close()
        assert card.join(20)
