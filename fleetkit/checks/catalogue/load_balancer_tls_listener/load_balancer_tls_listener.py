"""Load balancers have a TLS listener with a current policy."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]

_TLS = ("HTTPS", "TLS")
_CURRENT = "ELBSecurityPolicy-TLS13-1-"
_DATED = ("ELBSecurityPolicy-TLS13-1-0-", "ELBSecurityPolicy-TLS13-1-1-")
"""They let clients go back to TLS 1.0 and 1.1."""


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for a listener that speaks TLS by a policy of today, and for none by an older one."""
    if not facts.balancers:
        yield passed(facts.cluster.name, "there is no load balancer")
    for one in facts.balancers:
        tls = [listener for listener in facts.balancer_settings[one.arn].listeners if listener.protocol in _TLS]
        old = [listener for listener in tls if not _is_current(listener.policy)]
        seen = {"policies": {str(listener.port): listener.policy for listener in tls}}
        if not tls:
            yield failed(one.resource, "it has no TLS listener", resource_id=one.arn, seen=seen)
        elif old:
            reason = ", ".join(f"port {listener.port} speaks by {listener.policy or 'no policy'}" for listener in old)
            yield failed(one.resource, reason, resource_id=one.arn, seen=seen)
        else:
            yield passed(one.resource, "it speaks TLS by a current policy", resource_id=one.arn, seen=seen)


def _is_current(policy: str) -> bool:
    return policy.startswith(_CURRENT) and not policy.startswith(_DATED)
