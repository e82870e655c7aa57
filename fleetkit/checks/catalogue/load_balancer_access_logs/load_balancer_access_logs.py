"""Load balancers write access logs."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]

_TLS = ("HTTPS", "TLS")


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look whether each load balancer is to write logs, and would."""
    for one in facts.balancers:
        its = facts.balancer_settings[one.arn]
        has_tls = any(listener.protocol in _TLS for listener in its.listeners)
        seen = {"access_logs": its.access_logs, "kind": one.kind, "has_tls_listener": has_tls}
        if not its.access_logs:
            yield failed(one.resource, "it writes none", resource_id=one.arn, seen=seen)
        elif one.kind == "network" and not has_tls:
            yield failed(
                one.resource, "it has no TLS listener, so that none are written", resource_id=one.arn, seen=seen
            )
        else:
            yield passed(one.resource, "it writes them", resource_id=one.arn, seen=seen)
