"""Moments and ages, as a person types them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import click

from fleetkit.core import utc_now

__all__ = ["AGE", "MOMENT"]

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _parse_age(text: str) -> dt.timedelta | None:
    found = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    return None if found is None else dt.timedelta(**{_UNITS[found[2]]: int(found[1])})


class _Age(click.ParamType[dt.timedelta]):
    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        if isinstance(value, dt.timedelta):
            return value
        age = _parse_age(value)
        return self.fail(f"{value!r} is no age: write 90m, 12h, 7d or 2w", param, ctx) if age is None else age


class _Moment(click.ParamType[dt.datetime]):
    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return value
        age = _parse_age(value)
        if age is not None:
            return utc_now() - age
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment: write 2026-03-01, 2026-03-01T04:05Z, or an age like 7d", param, ctx)
        # Records speak of UTC, and so does who asks for them, unless a zone is given.
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


AGE = _Age()
"""A span of time before now: ``90m``, ``12h``, ``7d``, ``2w``."""

MOMENT = _Moment()
"""A date or a moment, in UTC where it names no zone, or an age."""
