"""etcd's official alerts, evaluated from scrapes of its members, without a Prometheus.

The rules are those of etcd's own mixin (contrib/mixin in its repository): thirteen names, two of them with two
severities. Pure functions over scrapes; nothing here asks anybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from fleetkit.etcd.alerts import disk, quorum, requests, space
from fleetkit.etcd.alerts._judging import judge_rule
from fleetkit.etcd.alerts.rules import Alert, AlertState, Comparison, Rule, Severity
from fleetkit.etcd.metrics import Scrape

__all__ = ["ALERT_RULES", "Alert", "AlertState", "Comparison", "Rule", "Severity", "judge_alerts"]

ALERT_RULES: tuple[Rule, ...] = (*quorum.RULES, *requests.RULES, *disk.RULES, *space.RULES)
"""All rules, in the mixin's order."""


def judge_alerts(scrapes: Iterable[Scrape]) -> tuple[Alert, ...]:
    """Judge all alerts.

    Parameters
    ----------
    scrapes
        At least one; the latest is now, and earlier ones are its history, from past runs too.
        How far back a rule looks is its own affair, so no scrape is too old to be handed in.

    Raises
    ------
    ValueError
        When there is no scrape at all.
    """
    ordered = sorted(scrapes, key=lambda one: one.at)
    if not ordered:
        raise ValueError("without a scrape there is nothing to judge")
    return tuple(judge_rule(rule, ordered) for rule in ALERT_RULES)
