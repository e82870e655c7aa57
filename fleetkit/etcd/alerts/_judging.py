"""Judging a rule over scrapes: whether its condition holds, and for how long it has."""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import format_duration
from fleetkit.etcd.alerts._window import LOOKBACK_S, Window
from fleetkit.etcd.alerts.rules import Alert, AlertState, Comparison, Reading, Rule
from fleetkit.etcd.metrics import Scrape

__all__ = ["judge_rule"]

_WORST_FIRST = (AlertState.FIRING, AlertState.PENDING, AlertState.TOO_SHORT, AlertState.QUIET)


def judge_rule(rule: Rule, scrapes: Sequence[Scrape]) -> Alert:
    """Judge a rule by scrapes, the oldest first; the last one is now."""
    readings = _measure(rule, scrapes)
    if not readings:
        return _alert(rule, AlertState.UNMEASURED, [], rule.unmeasured)
    judged = [(*_judge_reading(rule, reading, scrapes), reading) for reading in readings]
    state = min((state for state, _, _ in judged), key=_WORST_FIRST.index)
    alike = [(reason, reading) for one, reason, reading in judged if one is state]
    # What holds already, though not known for how long, says more than what cannot be told at all.
    holding = [(reason, reading) for reason, reading in alike if rule.holds(reading) and not reading.too_short]
    shown = holding or alike
    return _alert(rule, state, [reading for _, reading in shown], shown[0][0])


def _measure(rule: Rule, scrapes: Sequence[Scrape]) -> list[Reading]:
    return rule.measure(Window.before(scrapes, length_s=rule.window_s))


def _judge_reading(rule: Rule, reading: Reading, scrapes: Sequence[Scrape]) -> tuple[AlertState, str]:
    if reading.too_short:
        return AlertState.TOO_SHORT, reading.too_short
    if not rule.holds(reading):
        return AlertState.QUIET, "" if reading.value is not None else reading.nothing
    asked = format_duration(rule.hold_s)
    held_s = 0.0
    before = now = scrapes[-1].at
    for index in range(len(scrapes) - 1, 0, -1):
        at = scrapes[index - 1].at
        if (before - at).total_seconds() > LOOKBACK_S:
            break
        earlier = next((one for one in _measure(rule, scrapes[:index]) if one.subject == reading.subject), None)
        if earlier is None or earlier.too_short:
            # A look that cannot tell neither carries the condition on nor ends it; the gap that it leaves may.
            continue
        if not rule.holds(earlier):
            return AlertState.PENDING, f"holds for {format_duration(held_s)}; it fires after {asked}"
        held_s, before = (now - at).total_seconds(), at
        if held_s >= rule.hold_s:
            return AlertState.FIRING, f"has held for {asked} and longer"
    return AlertState.TOO_SHORT, f"holds, and was watched for {format_duration(held_s)}; it fires after {asked}"


def _alert(rule: Rule, state: AlertState, readings: Sequence[Reading], reason: str) -> Alert:
    valued = [one for one in readings if one.value is not None]
    lowest_is_worst = rule.comparison is Comparison.BELOW
    worst = None
    if valued:
        pick = min if lowest_is_worst else max
        worst = pick(valued, key=lambda one: one.value if one.value is not None else 0.0)
    who = () if state is AlertState.QUIET else tuple(name for one in readings for name in one.who or (one.subject,))
    return Alert(
        name=rule.name,
        severity=rule.severity,
        state=state,
        holds=any(rule.holds(one) and not one.too_short for one in readings),
        value=None if worst is None else worst.value,
        comparison=rule.comparison,
        threshold=rule.threshold if worst is None or worst.threshold is None else worst.threshold,
        unit=rule.unit,
        window_s=rule.window_s,
        hold_s=rule.hold_s,
        who=who,
        reason=reason,
        hint=rule.hint,
    )
