"""Sizes for people."""

from __future__ import annotations

__all__ = ["format_bytes"]

_STEP = 1024


def format_bytes(size: float) -> str:
    """Write a number of bytes for people: ``512 B``, ``40.0 KiB``, ``3.2 MiB``, ``1.9 GiB``."""
    if size < _STEP:
        return f"{size:.0f} B"
    for unit in ("KiB", "MiB"):
        size /= _STEP
        if size < _STEP:
            return f"{size:.1f} {unit}"
    return f"{size / _STEP:.1f} GiB"
