"""A cron line as systemd writes it: lines of OnCalendar that are due at the same moments.

Where cron takes a day that fits the day of month or the day of week, there are two lines, and either makes it due.
What systemd cannot say is refused: a timer that is due at other times than it says would be worse than none.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from fleetkit.core import SettingsError
from fleetkit.schedule.cron_line import CronLine

__all__ = ["to_on_calendar"]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def to_on_calendar(line: CronLine) -> tuple[str, ...]:
    """Return the values of ``OnCalendar=`` that are due when ``line`` is.

    Raises
    ------
    SettingsError
        When systemd cannot say it.
    """
    found = line.parsed()
    months = _numbers(found.months, 13, first=1)
    clock = f"{_numbers(found.hours, 24)}:{_numbers(found.minutes, 60)}:00 {line.timezone}"
    return tuple(f"{days.format(f'*-{months}')} {clock}" for days in _days(line))


def _days(line: CronLine) -> Iterator[str]:
    """Yield weekdays and days of the month as systemd writes them together; a day that fits one of them fits."""
    found, by_name = line.parsed(), line.fields
    if by_name["day of month"] != "*":
        yield from _month_days(found.days, line)
    if by_name["day of week"] != "*":
        yield from _week_days(found.weekdays)
    elif by_name["day of month"] == "*":
        yield "{}-*"


def _month_days(days: Collection[int], line: CronLine) -> Iterator[str]:
    from cronsim import CronSim

    if CronSim.LAST_WEEKDAY in days:
        raise SettingsError(
            f"systemd has no word for {line.text!r}",
            seen="LW, the last working day of a month",
            hint="take L, the last day, or a day of the week",
        )
    if plain := [day for day in days if day > 0]:
        yield f"{{}}-{_numbers(plain, 32, first=1)}"
    if CronSim.LAST in days:
        yield "{}~01"


def _week_days(weekdays: Collection[object]) -> Iterator[str]:
    from cronsim import CronSim

    if plain := {(day - 1) % 7 for day in weekdays if isinstance(day, int)}:
        yield f"{','.join(_WEEKDAYS[day] for day in sorted(plain))} {{}}-*"
    for day, number in sorted(pair for pair in weekdays if isinstance(pair, tuple)):
        name = _WEEKDAYS[(day - 1) % 7]
        if number == CronSim.LAST:
            yield f"{name} {{}}~07/1"
        else:
            yield f"{name} {{}}-{7 * number - 6:02d}..{min(7 * number, 31):02d}"


def _numbers(values: Collection[int], end: int, *, first: int = 0) -> str:
    """Write numbers out of ``range(first, end)``: all of them, a step from one on, or a list with ranges."""
    ordered = sorted(values)
    if ordered == list(range(first, end)):
        return "*"
    step = ordered[1] - ordered[0] if len(ordered) > 2 else 0
    if step > 1 and ordered == list(range(ordered[0], end, step)):
        return f"{ordered[0]:02d}/{step}"
    return ",".join(_ranges(ordered))


def _ranges(ordered: list[int]) -> Iterator[str]:
    for _, group in itertools.groupby(enumerate(ordered), lambda pair: pair[1] - pair[0]):
        run = [value for _, value in group]
        if len(run) > 2:
            yield f"{run[0]:02d}..{run[-1]:02d}"
        else:
            yield from (f"{value:02d}" for value in run)
