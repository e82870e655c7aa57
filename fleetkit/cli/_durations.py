"""How long something may take, as people write it on the command line."""

from __future__ import annotations

import re

import click

__all__ = ["parse_duration"]

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Read a duration as etcdctl writes it: ``5s``, ``500ms``, ``1m30s``; a bare number is seconds.

    Raises
    ------
    click.BadParameter
        When it is not one, or is not longer than nothing.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        seconds = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    elif re.fullmatch(r"\d+(\.\d+)?", text):
        seconds = float(text)
    else:
        seconds = 0.0
    if not seconds > 0:
        raise click.BadParameter(f"{text!r} is not a duration longer than nothing, such as 5s or 500ms")
    return seconds
