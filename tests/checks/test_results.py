"""Waivers excuse what they name for as long as they hold, and are findings themselves when they do nothing else."""

from __future__ import annotations

import datetime as dt

import pytest

from fleetkit.checks import (
    CheckResult,
    Facts,
    ResultState,
    Severity,
    SubnetFact,
    WaiverFact,
    WaiverFlaw,
    find_check,
    judge_waivers,
    run_checks,
)

from .test_catalogue import CLUSTER, IDS

NAME = "subnet-gives-public-address"
TODAY = CLUSTER.now.date()


def waiver(resource: str, *, check: str = NAME, days: int = 0) -> WaiverFact:
    return WaiverFact(
        check=check, resource=resource, reason="it is so", who="ops", until=TODAY + dt.timedelta(days=days)
    )


def run(*waivers: WaiverFact, read: bool = True) -> tuple[CheckResult, ...]:
    subnets = tuple(
        SubnetFact(subnet_id=f"subnet-{name}", name=name, zone="a", gives_public_address=gives)
        for name, gives in (("a", True), ("b", True), ("c", False))
    )
    facts = Facts(CLUSTER, read={"subnets": subnets}) if read else Facts(CLUSTER, unread={"subnets": "refused"})
    return run_checks([find_check(NAME)], facts, waivers=waivers)


def states(*waivers: WaiverFact) -> list[str]:
    return [str(one.state) for one in run(*waivers)]


@pytest.mark.parametrize(
    ("waivers", "expected"),
    [
        ([], ["failed", "failed", "passed"]),
        ([waiver("a")], ["waived", "failed", "passed"]),
        ([waiver("*")], ["waived", "waived", "passed"]),
        ([waiver("a", days=-1)], ["failed", "failed", "passed"]),
        ([waiver("a", check="vpc-flow-logs")], ["failed", "failed", "passed"]),
    ],
)
def test_a_waiver_excuses_what_it_names_until_its_day(waivers: list[WaiverFact], expected: list[str]) -> None:
    assert states(*waivers) == expected


def test_what_could_not_be_read_is_excused_by_a_waiver_of_the_whole_check_alone() -> None:
    assert [one.state for one in run(waiver("a"), read=False)] == [ResultState.UNKNOWN]
    assert [one.state for one in run(waiver("*"), read=False)] == [ResultState.WAIVED]


@pytest.mark.parametrize(
    ("one", "flaw"),
    [
        (waiver("a"), None),
        (waiver("*"), None),
        (waiver("c"), WaiverFlaw.UNMATCHED),
        (waiver("gone"), WaiverFlaw.UNMATCHED),
        (waiver("a", days=-1), WaiverFlaw.EXPIRED),
        (waiver("a", check="no-such-check"), WaiverFlaw.STRANGE),
        (waiver("a", check="vpc-flow-logs"), None),
    ],
)
def test_a_waiver_that_excuses_nothing_is_a_finding(one: WaiverFact, flaw: WaiverFlaw | None) -> None:
    found = judge_waivers([one], run(one), known=IDS, today=TODAY)
    assert [its.flaw for its in found] == ([] if flaw is None else [flaw])


def test_what_has_one_name_keeps_its_place_when_its_reason_changes() -> None:
    def order(*gives: bool) -> list[str]:
        subnets = tuple(
            SubnetFact(subnet_id=f"subnet-{number}", name="a", zone="a", gives_public_address=one)
            for number, one in enumerate(gives)
        )
        found = run_checks([find_check(NAME)], Facts(CLUSTER, read={"subnets": subnets}))
        return [one.judgement.resource_id for one in found]

    assert order(True, False) == order(False, True) == ["subnet-0", "subnet-1"]


def test_nobody_can_tell_whether_a_waiver_excuses_what_could_not_be_read() -> None:
    assert judge_waivers([waiver("a")], run(waiver("a"), read=False), known=IDS, today=TODAY) == ()


def test_severities_weigh_in_their_order() -> None:
    assert Severity.CRITICAL.is_at_least(Severity.LOW)
    assert Severity.HIGH.is_at_least(Severity.HIGH)
    assert not Severity.LOW.is_at_least(Severity.MEDIUM)
