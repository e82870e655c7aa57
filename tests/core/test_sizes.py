"""Sizes are written in the unit that leaves few digits."""

from __future__ import annotations

import pytest

from fleetkit.core import format_bytes


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (20480, "20.0 KiB"),
        (1024**2, "1.0 MiB"),
        (3.25 * 1024**2, "3.2 MiB"),
        (1024**3, "1.0 GiB"),
        (5000 * 1024**3, "5000.0 GiB"),
    ],
)
def test_a_size_is_written_for_people(size: float, words: str) -> None:
    assert format_bytes(size) == words
