"""Alerts of requests: gRPC requests that fail or are slow, slow peers, and proposals that fail."""

from __future__ import annotations

from collections.abc import Callable

from fleetkit.etcd.alerts._quantiles import read_quantiles
from fleetkit.etcd.alerts._window import Window
from fleetkit.etcd.alerts.rules import Comparison, Reading, Rule, Severity
from fleetkit.etcd.metric_values import MemberMetrics, RequestCount

__all__ = ["RULES"]

_NONE = RequestCount(0.0, 0.0)


def _failed_share(window: Window) -> list[Reading]:
    """Percent of the requests of each method that failed."""
    found: list[Reading] = []
    for name, metrics in window.now.members.items():
        readings = []
        for method in metrics.requests:
            handled = window.increase(name, _handled(method))
            failed = window.increase(name, _failed(method))
            if handled and failed is not None:
                readings.append(Reading(subject=f"{name} {method}", value=100 * failed / handled))
        found += readings or [Reading(subject=name, value=None, too_short=window.too_short(name))]
    return found


def _handled(method: str) -> Callable[[MemberMetrics], float]:
    return lambda metrics: metrics.requests.get(method, _NONE).handled


def _failed(method: str) -> Callable[[MemberMetrics], float]:
    return lambda metrics: metrics.requests.get(method, _NONE).failed


def _request_seconds(window: Window) -> list[Reading]:
    measured = [name for name, one in window.now.members.items() if one.request_seconds is not None]
    return read_quantiles(window, lambda metrics: metrics.request_seconds or {}, names=measured)


def _round_trips(window: Window) -> list[Reading]:
    # A member without peers has nobody to measure.
    names = list(window.now.members) if len(window.now.names) > 1 else []
    return read_quantiles(window, lambda metrics: metrics.round_trip_seconds, names=names)


def _failed_proposals(window: Window) -> list[Reading]:
    rates = {name: window.rate(name, lambda metrics: metrics.proposals_failed) for name in window.now.members}
    return [
        Reading(subject=name, value=rate, too_short="" if rate is not None else "a rate takes two looks")
        for name, rate in rates.items()
    ]


RULES = (
    Rule(
        name="etcdHighNumberOfFailedGRPCRequests", severity=Severity.WARNING, measure=_failed_share,
        comparison=Comparison.ABOVE, threshold=1, unit="%", window_s=5 * 60, hold_s=10 * 60,
        hint="fleetkit etcd alarms lists what refuses writes",
    ),
    Rule(
        name="etcdHighNumberOfFailedGRPCRequests", severity=Severity.CRITICAL, measure=_failed_share,
        comparison=Comparison.ABOVE, threshold=5, unit="%", window_s=5 * 60, hold_s=5 * 60,
        hint="fleetkit etcd alarms lists what refuses writes",
    ),
    Rule(
        name="etcdGRPCRequestsSlow", severity=Severity.CRITICAL, measure=_request_seconds,
        comparison=Comparison.ABOVE, threshold=0.15, unit="s", window_s=5 * 60, hold_s=10 * 60,
        hint="fleetkit etcd tune judges the disks",
        unmeasured="etcd measures it only with ETCD_METRICS=extensive",
    ),
    Rule(
        name="etcdMemberCommunicationSlow", severity=Severity.WARNING, measure=_round_trips,
        comparison=Comparison.ABOVE, threshold=0.15, unit="s", window_s=5 * 60, hold_s=10 * 60,
        hint="fleetkit etcd tune compares the intervals with the round trips",
        unmeasured="no member with a peer told it",
    ),
    Rule(
        name="etcdHighNumberOfFailedProposals", severity=Severity.WARNING, measure=_failed_proposals,
        comparison=Comparison.ABOVE, threshold=5, unit="/s", window_s=15 * 60, hold_s=15 * 60,
        hint="fleetkit etcd health: proposals fail where there is no leader",
    ),
)  # fmt: skip
"""The rules of this file, in the mixin's order."""
