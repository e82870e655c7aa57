"""Whether somebody is told of a run: a change is told, what goes on as before is not, what flaps now and then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fleetkit.config import NoticeWhen
from fleetkit.runs import Outcome, StoredRun
from fleetkit.schedule._amiss import name_finding
from fleetkit.schedule._told import PastTelling, Told

__all__ = ["Judgement", "judge_run"]

_DAY = dt.timedelta(hours=24)
_PAUSE = dt.timedelta(hours=1)
_MANY = 6
"""From so many notices within a day on, an outcome that was told in that day is told once in an hour."""

_JUDGED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a run is told of.

    Attributes
    ----------
    tells
        Whether it is.
    why
        Why, or why not, as a clause.
    told
        What is known from then on.
    """

    tells: bool
    why: str
    told: Told


def judge_run(
    run: str,
    outcome: Outcome,
    *,
    told: Told,
    on: NoticeWhen,
    amiss: Sequence[str] | None,
    untold: Sequence[StoredRun],
    now: dt.datetime,
) -> Judgement:
    """Judge a run that ended.

    Parameters
    ----------
    run, outcome
        Its id, and how it ended.
    told
        What is known so far.
    amiss
        What it found amiss; None where that is not known.
    untold
        Runs before it whose process was killed before it could tell of them.
    """
    if run in told.judged:
        return Judgement(tells=False, why="it was judged before", told=told)
    new = [] if amiss is None else [one for one in amiss if name_finding(one) not in told.seen]
    tells, why = _is_worth_telling(outcome, told, on=on, new=new, untold=untold)
    seen = _see(run, amiss, told, now)
    if tells and on is NoticeWhen.CHANGE and _flaps(outcome, told, now):
        # Who is told still knows of the outcome before: once the hour is over, the next run is compared with that.
        why = f"{why}, as often today; the next run after an hour of silence is told"
        return Judgement(tells=False, why=why, told=replace(seen, found=told.found))
    if tells:
        telling = PastTelling(at=now, outcome=outcome)
        seen = replace(seen, tellings=(*_of_day(told, now), telling))
    elif told.outcome is not None:
        # What is mended meanwhile is told with the next notice.
        seen = replace(seen, found=told.found)
    return Judgement(tells=tells, why=why, told=replace(seen, outcome=outcome, run=run))


def _is_worth_telling(
    outcome: Outcome, told: Told, *, on: NoticeWhen, new: Sequence[str], untold: Sequence[StoredRun]
) -> tuple[bool, str]:
    if on is NoticeWhen.ALWAYS:
        return True, "every run is told"
    if told.outcome is None:
        return outcome is not Outcome.DONE, "the first run that is looked at"
    if outcome is not told.outcome:
        return True, f"it was {told.outcome} before"
    if on is NoticeWhen.NOT_DONE and outcome is not Outcome.DONE:
        return True, "it is not done"
    if untold:
        return True, "nobody was told of a run before it, whose process was killed"
    if new and outcome is not Outcome.DONE:
        return True, "something new was found"
    return False, f"it is {outcome} as before"


def _flaps(outcome: Outcome, told: Told, now: dt.datetime) -> bool:
    today = _of_day(told, now)
    known = any(one.outcome is outcome for one in today)
    return known and len(today) >= _MANY and now - today[-1].at < _PAUSE


def _of_day(told: Told, now: dt.datetime) -> tuple[PastTelling, ...]:
    return tuple(one for one in told.tellings if _is_of_day(one.at, now))


def _is_of_day(at: dt.datetime, now: dt.datetime) -> bool:
    """Return whether a moment is of the last day; one that is yet to come is of a clock that was wrong."""
    return dt.timedelta(0) <= now - at < _DAY


def _see(run: str, amiss: Sequence[str] | None, told: Told, now: dt.datetime) -> Told:
    """Return what is known with this run; a finding that comes and goes within a day is no new one."""
    kept = {one: at for one, at in told.seen.items() if _is_of_day(at, now)}
    if amiss is None:
        return replace(told, seen=kept, judged=(*told.judged, run)[-_JUDGED:])
    seen = {**kept, **dict.fromkeys(map(name_finding, amiss), now)}
    return replace(told, seen=seen, found=tuple(amiss), judged=(*told.judged, run)[-_JUDGED:])
