"""Load balancers speak TLS alone, by a current policy."""

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
    """Look for a listener that speaks TLS by a policy of today, and for none by an older one or in clear."""
    for one in facts.balancers:
        listeners = facts.balancer_settings[one.arn].listeners
        tls = [listener for listener in listeners if listener.protocol in _TLS]
        old = [listener for listener in tls if not _is_current(listener.policy)]
        # What passes through a listener of TCP may speak TLS all the same.
        clear = [
            str(listener.port) for listener in listeners if listener.protocol == "HTTP" and not listener.sends_to_tls
        ]
        seen = {"policies": {str(listener.port): listener.policy for listener in tls}, "ports_in_clear": clear}
        if not tls:
            yield failed(one.resource, "it has no TLS listener", resource_id=one.arn, seen=seen)
        elif old:
            reason = ", ".join(f"port {listener.port} speaks by {listener.policy or 'no policy'}" for listener in old)
            yield failed(one.resource, reason, resource_id=one.arn, seen=seen)
        elif clear:
            reason = f"it answers in clear too, on {', '.join(clear)}"
            yield failed(one.resource, reason, resource_id=one.arn, seen=seen)
        else:
            yield passed(one.resource, "it speaks TLS by a current policy", resource_id=one.arn, seen=seen)


def _is_current(policy: str) -> bool:
    return policy.startswith(_CURRENT) and not policy.startswith(_DATED)
