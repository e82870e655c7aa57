"""What an alert is: a rule of etcd's mixin, what it measures, and what came of it."""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable
from dataclasses import dataclass

from fleetkit.etcd.alerts._window import Window

__all__ = ["Alert", "AlertState", "Comparison", "Reading", "Rule", "Severity"]


class Severity(enum.StrEnum):
    """How bad it is, in the words of etcd's mixin."""

    WARNING = "warning"
    CRITICAL = "critical"


class AlertState(enum.StrEnum):
    """How an alert stands."""

    FIRING = "firing"
    """Its condition has held for as long as its rule asks for."""
    PENDING = "pending"
    """Its condition holds, and is known not to have held for so long yet."""
    TOO_SHORT = "not enough history"
    """The looks there are do not reach back far enough to tell."""
    UNMEASURED = "not measured"
    """No member tells what the rule asks for."""
    QUIET = "quiet"
    """Its condition does not hold."""


class Comparison(enum.StrEnum):
    """How a value is held against its threshold."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"

    def holds(self, value: float, threshold: float) -> bool:
        """Whether the value is where the alert's condition has it."""
        compare = {">": operator.gt, ">=": operator.ge, "<": operator.lt}[self]
        return bool(compare(value, threshold))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a rule measures of one subject at one moment.

    Attributes
    ----------
    subject
        What it is of: a member, a way between two, a method on a member, or the cluster.
    value
        None where nothing was observed, or nothing can be told.
    too_short
        Why nothing can be told yet; empty where it can.
    nothing
        Why there is no value although all can be told.
    who
        Whom to name for it; the subject where not given.
    threshold
        Where it differs from subject to subject.
    """

    subject: str
    value: float | None
    too_short: str = ""
    nothing: str = "nothing was observed"
    who: tuple[str, ...] = ()
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert of etcd's mixin.

    Attributes
    ----------
    name, severity
        As the mixin has them; a name can stand twice, with two severities.
    measure
        Reads the values of a window; a subject of which a moment says nothing is left out.
    comparison, threshold, unit
        When a value fulfils the alert's condition; the unit is for people.
    window_s
        Seconds over which it is measured; 0 where one look is enough.
    hold_s
        Seconds for which the condition has to hold.
    hint
        What to do next when it fires.
    unmeasured
        Why no member may tell what is asked for.
    """

    name: str
    severity: Severity
    measure: Callable[[Window], list[Reading]]
    comparison: Comparison
    threshold: float
    unit: str
    window_s: float
    hold_s: float
    hint: str
    unmeasured: str = "no member told it"

    def holds(self, reading: Reading) -> bool:
        """Whether the condition holds for a reading."""
        limit = self.threshold if reading.threshold is None else reading.threshold
        return reading.value is not None and self.comparison.holds(reading.value, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """How one alert stands.

    Attributes
    ----------
    name, severity, comparison, threshold, unit, window_s, hold_s, hint
        Its rule.
    state
        How it stands.
    holds
        Whether its condition holds now, however long it has.
    value
        The worst that was measured; None where nothing was.
    who
        Whom the state is of: members, ways between two, or methods.
    reason
        Why it stands so, where the value alone does not say it.
    """

    name: str
    severity: Severity
    state: AlertState
    holds: bool
    value: float | None
    comparison: Comparison
    threshold: float
    unit: str
    window_s: float
    hold_s: float
    who: tuple[str, ...]
    reason: str
    hint: str
