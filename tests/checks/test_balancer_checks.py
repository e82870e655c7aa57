"""The checks of load balancers, each on a cluster that passes and on one that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetkit.checks import (
    BalancerFact,
    BalancerSettingsFact,
    Facts,
    ListenerFact,
    TargetGroupFact,
    Verdict,
    find_check,
)

from .test_catalogue import CLUSTER

TLS = ListenerFact(protocol="HTTPS", port=443, policy="ELBSecurityPolicy-TLS13-1-2-2021-06")
HTTP = ListenerFact(protocol="HTTP", port=80)
REDIRECT, TCP = replace(HTTP, sends_to_tls=True), replace(HTTP, protocol="TCP")
WEB = BalancerFact(arn="arn:web", resource="public-web", kind="application", faces_internet=True, group_ids=())
GOOD = BalancerSettingsFact(access_logs=True, cross_zone=True, listeners=(HTTP, TLS))
GROUP = TargetGroupFact(arn="arn:group", resource="public-web", states={"healthy": 2, "draining": 1}, draining_s=60)


def judge(name: str, settings: BalancerSettingsFact = GOOD, *, kind: str = "application", **read: Any) -> list[str]:
    """Return why each resource fails; of those that pass, that they do."""
    known = {"balancers": (replace(WEB, kind=kind),), "balancer_settings": {"arn:web": settings}, **read}
    found = find_check(name).apply(Facts(CLUSTER, read=known))
    assert found, "a check says at least one thing"
    assert all(one.evidence for one in found if one.resource != CLUSTER.name)
    return ["passed" if one.verdict is Verdict.PASSED else f"{one.resource}: {one.reason}" for one in found]


@pytest.mark.parametrize(
    ("settings", "kind", "told"),
    [
        (GOOD, "application", "passed"),
        (GOOD, "network", "passed"),
        (replace(GOOD, access_logs=False), "application", "public-web: it writes none"),
        (replace(GOOD, listeners=(HTTP,)), "application", "passed"),
        (
            replace(GOOD, listeners=(replace(HTTP, protocol="TCP"),)),
            "network",
            "public-web: it has no TLS listener, so that none are written",
        ),
    ],
)
def test_access_logs(settings: BalancerSettingsFact, kind: str, told: str) -> None:
    assert judge("load-balancer-access-logs", settings, kind=kind) == [told]


@pytest.mark.parametrize(
    ("listeners", "told"),
    [
        ((TLS,), "passed"),
        ((TCP, replace(TLS, protocol="TLS", policy="ELBSecurityPolicy-TLS13-1-3-2021-06")), "passed"),
        ((REDIRECT, TLS), "passed"),
        ((REDIRECT, HTTP, TLS), "public-web: it answers in clear too, on 80"),
        ((REDIRECT,), "public-web: it has no TLS listener"),
        ((HTTP,), "public-web: it has no TLS listener"),
        ((), "public-web: it has no TLS listener"),
        (
            (TLS, replace(TLS, port=8443, policy="ELBSecurityPolicy-2016-08")),
            "public-web: port 8443 speaks by ELBSecurityPolicy-2016-08",
        ),
        (
            (replace(TLS, policy="ELBSecurityPolicy-TLS13-1-0-2021-06"),),
            "public-web: port 443 speaks by ELBSecurityPolicy-TLS13-1-0-2021-06",
        ),
        ((replace(TLS, policy=""),), "public-web: port 443 speaks by no policy"),
    ],
)
def test_tls_listeners(listeners: tuple[ListenerFact, ...], told: str) -> None:
    assert judge("load-balancer-tls-listener", replace(GOOD, listeners=listeners)) == [told]


@pytest.mark.parametrize(
    ("settings", "group", "told"),
    [
        (GOOD, GROUP, ["passed", "passed"]),
        (
            replace(GOOD, cross_zone=False),
            GROUP,
            ["public-web: it sends to targets of its own zone alone", "passed"],
        ),
        (
            GOOD,
            replace(GROUP, draining_s=0),
            ["passed", "targets of public-web: they are cut off when they leave"],
        ),
        (
            GOOD,
            replace(GROUP, cross_zone=False),
            ["passed", "targets of public-web: they are sent what comes into their own zone alone"],
        ),
        (GOOD, replace(GROUP, cross_zone=True), ["passed", "passed"]),
    ],
)
def test_zones_and_draining(settings: BalancerSettingsFact, group: TargetGroupFact, told: list[str]) -> None:
    assert judge("load-balancer-balances-and-drains", settings, target_groups=(group,)) == told


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({"healthy": 1, "unhealthy": 2}, "passed"),
        ({"unhealthy": 2, "initial": 1}, "public-web: no target is healthy: 1 initial, 2 unhealthy"),
        ({}, "public-web: no target is healthy: none is there"),
    ],
)
def test_healthy_targets(states: dict[str, int], told: str) -> None:
    assert judge("load-balancer-no-healthy-target", target_groups=(replace(GROUP, states=states),)) == [told]


@pytest.mark.parametrize(
    "name",
    [
        "load-balancer-access-logs",
        "load-balancer-tls-listener",
        "load-balancer-balances-and-drains",
        "load-balancer-no-healthy-target",
    ],
)
def test_where_nothing_is_there_nobody_can_tell(name: str) -> None:
    facts = Facts(CLUSTER, read={"balancers": (), "balancer_settings": {}, "target_groups": ()})
    (found,) = find_check(name).apply(facts)
    assert (found.resource, found.verdict) == ("demo", Verdict.UNKNOWN)
