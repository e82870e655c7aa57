"""A cron line: checked field by field, said in words, and turned into moments.

It is read as Debian's cron reads it, by cronsim; all times are those of a named zone.
"""

from __future__ import annotations

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.core import SettingsError

if TYPE_CHECKING:
    from cronsim import CronSim

__all__ = ["CronLine", "parse_cron", "parse_zone", "require_plain"]

_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_LEGAL = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day of month": "1 to 31, L for the last day",
    "month": "1 to 12, or JAN to DEC",
    "day of week": "0 to 7 (0 and 7 are Sunday), or SUN to SAT, MON#1 for the first Monday, 5L for the last Friday",
}
_SYMBOLS = {
    **{day: str(number) for number, day in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])},
    **{
        month: str(number)
        for number, month in enumerate(
            ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
        )
    },
}
_COUNTS = {"minute": 60, "hour": 24, "day of month": 31, "month": 12, "day of week": 7}
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_SOME_MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronLine:
    """When something is due.

    Attributes
    ----------
    text
        The five fields, with one blank between them.
    timezone
        Name of the zone whose clock counts, such as ``Europe/Berlin``.
    """

    text: str
    timezone: str

    @property
    def words(self) -> str:
        """The line as people say it."""
        from cron_descriptor import Options, get_description

        options = Options()
        options.use_24hour_time_format = True
        return f"{get_description(self.text, options)} ({self.timezone})"

    @property
    def fields(self) -> dict[str, str]:
        """The five fields by their names."""
        return dict(zip(_FIELDS, self.text.split(), strict=True))

    @property
    def is_plain(self) -> bool:
        """Whether it uses only what every cron knows: numbers, names, lists, ranges and their steps."""
        day, weekday = self.fields["day of month"], self.fields["day of week"]
        for term in itertools.chain.from_iterable(field.split(",") for field in self.text.split()):
            base, _, step = term.partition("/")
            if step and base != "*" and "-" not in base:
                return False
        return not ({"L", "W"} & set(day) or "#" in weekday or any(one[-1] == "L" for one in weekday.split(",")))

    def parsed(self) -> CronSim:
        """Return what cronsim made of it."""
        return _parse(self.text, _SOME_MOMENT)

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the moments after ``moment`` at which it is due, in UTC; none within 50 years ends it."""
        for due in _parse(self.text, moment.astimezone(zoneinfo.ZoneInfo(self.timezone))):
            yield due.astimezone(dt.UTC)

    def least_gap_s(self) -> float:
        """Return the least time between two moments, in seconds, as far as the next hundred show it."""
        first = itertools.islice(self.after(_SOME_MOMENT), 100)
        return min(((later - earlier).total_seconds() for earlier, later in itertools.pairwise(first)), default=86400.0)


def parse_cron(text: str, *, timezone: str = "UTC") -> CronLine:
    """Read a cron line.

    Parameters
    ----------
    timezone
        Name of the zone whose clock counts.

    Raises
    ------
    SettingsError
        When it is none; names the field that is wrong, and what is legal there.
    """
    parse_zone(timezone)
    fields = text.split()
    if text.strip() in _SHORTHANDS:
        raise _wrong(text, seen="a shorthand", hint=f"write it out: {_SHORTHANDS[text.strip()]}")
    if len(fields) != len(_FIELDS):
        raise _wrong(text, seen=f"{len(fields)} fields", hint=f"it has five: {', '.join(_FIELDS)}; such as '0 3 * * *'")
    line = CronLine(text=" ".join(fields).upper(), timezone=timezone)
    for place, (name, field) in enumerate(line.fields.items()):
        _require_legal(" ".join([*"*****"[:place], field, *"*****"[place + 1 :]]), text, name, field)
        _require_clear_steps(text, name, field)
    _require_some_day(line, text)
    _require_clear_days(line)
    return line


def parse_zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the time zone called ``name``.

    Raises
    ------
    SettingsError
        When this computer knows none of that name.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"there is no time zone {name!r}", hint="give a name such as UTC, Europe/Berlin or America/New_York"
        ) from error


def require_plain(line: CronLine, *, of: str) -> None:
    """Refuse a line that only systemd and cronsim understand.

    Parameters
    ----------
    of
        Who would have to understand it.

    Raises
    ------
    SettingsError
        When it uses more than every cron knows.
    """
    if not line.is_plain:
        raise SettingsError(
            f"{of} may not know {line.text!r}",
            seen="L, W, # or a step without a range",
            hint="write it with numbers, names, lists, ranges and */steps alone; or take --on systemd",
        )


def _require_legal(alone: str, text: str, name: str, field: str) -> None:
    from cronsim import CronSimError

    try:
        _parse(alone, _SOME_MOMENT)
    except (AssertionError, CronSimError) as error:
        raise _wrong(text, seen=f"{name}: {field!r}", hint=f"legal for the {name}: {_LEGAL[name]}") from error


def _require_clear_steps(text: str, name: str, field: str) -> None:
    """Refuse a step that no two crons take for the same.

    ``*/90`` is each hour to one and no line to another; ``5-5/10`` is 5 to one, and from 5 on to another.
    """
    most = _COUNTS[name]
    for term in field.split(","):
        span, _, step = term.upper().partition("/")
        first, _, last = (_SYMBOLS.get(end, end) for end in span.partition("-"))
        if step and int(step) >= most:
            raise _wrong(text, seen=f"{name}: {field!r}", hint=f"a step of the {name} is less than {most}")
        if step and first == last:
            raise _wrong(text, seen=f"{name}: {field!r}", hint=f"write {first} alone, or a range that ends after it")


def _require_some_day(line: CronLine, text: str) -> None:
    """Refuse days that no month of the line has, each of which is legal by itself: the 31st of February."""
    from cronsim import CronSimError

    try:
        found = next(line.after(_SOME_MOMENT), None)
    except (AssertionError, CronSimError):
        found = None
    if found is None:
        day, month = line.fields["day of month"], line.fields["month"]
        raise _wrong(
            text,
            seen=f"day of month {day!r} in month {month!r}: no such day comes within 50 years",
            hint="give a day that the month has, such as L for its last with --on systemd",
        )


def _require_clear_days(line: CronLine) -> None:
    """Refuse ``*/2`` or all days beside a day of the week: one cron wants a day that fits both, another either."""
    found, (day, weekday) = line.parsed(), (line.fields["day of month"], line.fields["day of week"])
    if "*" in (day, weekday):
        return
    all_days = set(range(1, 32)) <= found.days
    all_weekdays = set(range(7)) <= {one % 7 for one in found.weekdays if isinstance(one, int)}
    if day.startswith("*") or weekday.startswith("*") or all_days is not all_weekdays:
        raise _wrong(
            line.text,
            seen=f"day of month {day!r} beside day of week {weekday!r}: schedulers do not agree on what that means",
            hint="write the step with its range, such as 1-31/2, for days that fit either of the two; or let one be *",
        )


def _wrong(text: str, *, seen: str, hint: str) -> SettingsError:
    return SettingsError(f"{text!r} is no cron line", seen=seen, hint=hint)


def _parse(text: str, moment: dt.datetime) -> CronSim:
    from cronsim import CronSim

    return CronSim(text, moment)
