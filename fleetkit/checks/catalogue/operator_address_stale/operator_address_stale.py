"""The operator's address in the rules is not stale."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]

_SSH = 22


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look whether the address that the audit is made from is let in to the bastion."""
    if not facts.cluster.has_bastion:
        yield passed("bastion", "operators come over the VPN")
        return
    rules = [rule for one in facts.groups if one.role == "bastion" for rule in one.rules if rule.lets_in_on(_SSH)]
    # A network of IPv6 may end in an address of IPv4.
    networks = sorted({rule.peer for rule in rules if "." in rule.peer and ":" not in rule.peer})
    here = ipaddress.IPv4Address(facts.operator_address)
    seen = {"address": facts.operator_address, "let_in": networks}
    if any(here in ipaddress.IPv4Network(one) for one in networks):
        yield passed("bastion", f"{here} is let in", seen=seen)
    else:
        yield failed("bastion", f"{', '.join(networks) or 'nobody'} is let in, and you come from {here}", seen=seen)
