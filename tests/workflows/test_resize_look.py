"""What is left to do of a change of the number of members follows from what is there; what is at risk is refused."""

from __future__ import annotations

import dataclasses

import pytest

from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.etcd import Member, Verdict
from fleetkit.workflows._resize_look import ResizeLook, StandingMaster, find_refusal, judge_parts, name_member
from fleetkit.workflows._resize_plan import ResizePlan


def look(goal: str, members: str, machines: str, *, leader: str = "1") -> ResizeLook:
    """Return how it stands, a digit for each member; in ``members`` one that learns has an ``l`` behind it."""
    learns = {members[at - 1] for at, mark in enumerate(members) if mark == "l"}
    listed = [one for one in members if one != "l"]
    return ResizeLook(
        goal={f"etcd{one}": f"10.0.0.{one}" for one in goal},
        members={
            f"etcd{one}": Member(
                id=f"a{one}", name=f"etcd{one}", peer_urls=(), client_urls=(), is_learner=one in learns
            )
            for one in listed
        },
        machines={
            f"etcd{one}": StandingMaster(instance_id=f"i-{one}", address=f"10.0.0.{one}", zone="a") for one in machines
        },
        leader=f"etcd{leader}",
    )


JOIN = "settings learner machine promotion"
LEAVE = "leadership removal machine"
STATES: dict[str, tuple[ResizeLook, list[str]]] = {
    "as the file says": (look("123", "123", "123"), []),
    "three of five": (look("12345", "123", "123"), [f"+4 {JOIN}", f"+5 {JOIN}"]),
    "one of three": (look("123", "1", "1"), [f"+2 {JOIN}", f"+3 {JOIN}"]),
    "the first was added": (
        look("12345", "1234l", "123"), ["+4 settings machine promotion", f"+5 {JOIN}"]
    ),
    "the second was added, and its machine is there": (look("12345", "12345l", "12345"), ["+5 settings promotion"]),
    "a learner comes first, whatever its name": (
        look("12345", "1235l", "1235"), ["+5 settings promotion", f"+4 {JOIN}"]
    ),
    "five are to be three": (look("123", "12345", "12345"), [f"-4 {LEAVE}", f"-5 {LEAVE}"]),
    "the leader goes last": (
        look("123", "12345", "12345", leader="4"), [f"-5 {LEAVE}", f"-4 {LEAVE}"]
    ),
    "one was removed, and its machine is still there": (
        look("123", "1235", "12345"), ["-4 machine", f"-5 {LEAVE}"]
    ),
    "one was removed with its machine": (look("123", "1235", "1235"), [f"-5 {LEAVE}"]),
    "a growth that is taken back": (look("123", "1234l", "123"), ["-4 removal"]),
    "seven are to be one": (
        look("2", "123", "123", leader="1"), [f"-3 {LEAVE}", f"-1 {LEAVE}"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_what_is_left_to_do_follows_from_what_is_there(state: str) -> None:
    seen, left = STATES[state]
    parts = judge_parts(seen)
    assert [f"{'+' if one.joins else '-'}{one.member[-1]} {' '.join(one.steps)}" for one in parts] == left
    assert find_refusal(seen, cluster="demo") is None


@pytest.mark.parametrize(
    ("name", "address", "called"),
    [("", "10.0.0.4", "etcd4"), ("", "10.0.0.9", "10.0.0.9"), ("etcd4", "10.0.0.9", "etcd4")],
)
def test_a_member_that_has_not_started_is_called_by_the_master_at_its_address(
    name: str, address: str, called: str
) -> None:
    added = Member(id="b4", name=name, peer_urls=(f"https://{address}:2380",), client_urls=(), is_learner=True)
    assert name_member(added, {"etcd3": "10.0.0.3", "etcd4": "10.0.0.4"}) == called


def test_two_members_on_the_way_from_one_to_three_are_gone_on_with() -> None:
    assert find_refusal(look("123", "12", "12"), cluster="demo") is None


GROWS = look("12345", "123", "123")
REFUSED: dict[str, tuple[ResizeLook, str, type[PreconditionError], str]] = {
    "no masters at all": (look("123", "", ""), "", PreconditionError, "fleetkit deploy demo"),
    "a replacement under way": (GROWS, "etcd2", QuorumAtRiskError, "fleetkit etcd replace demo etcd2"),
    "a member is ill": (
        dataclasses.replace(GROWS, ill=("etcd2: down",)), "", QuorumAtRiskError, "fleetkit etcd health demo"
    ),
    "no quorum": (
        dataclasses.replace(GROWS, verdict=Verdict.LOST), "", QuorumAtRiskError, "fleetkit etcd health demo"
    ),
    "nobody lists the members": (look("123", "", "123"), "", QuorumAtRiskError, "fleetkit etcd health demo"),
    "a full member": (dataclasses.replace(GROWS, alarms=("NOSPACE",)), "", PreconditionError, "etcd alarms demo"),
    "members that differ": (
        dataclasses.replace(GROWS, differing="etcd2 differs"), "", PreconditionError, "fleetkit etcd hash demo"
    ),
    "others, and not more or fewer": (
        look("124", "123", "123"), "", PreconditionError, "have the cluster file name more masters or fewer"
    ),
    "a machine that began outside": (
        look("12345", "123", "1234"), "", PreconditionError, "fleetkit etcd replace demo etcd4"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_make_it_worse_is_refused_with_what_mends_it(case: str) -> None:
    seen, replacing, kind, hint = REFUSED[case]
    refusal = find_refusal(seen, cluster="demo", replacing=replacing)
    plan = ResizePlan(cluster="demo", goal=tuple(seen.goal), voters=seen.voters, parts=(), refusal=refusal)
    with pytest.raises(kind) as raised:
        plan.check()
    assert type(raised.value) is kind
    assert hint in raised.value.hint
    assert not plan.is_empty


@pytest.mark.parametrize(
    ("goal", "members", "warns"),
    [("123", "1", True), ("123", "12", True), ("1", "123", True), ("12345", "123", False), ("123", "12345", False)],
)
def test_the_plan_says_where_two_have_to_live_meanwhile(goal: str, members: str, warns: bool) -> None:
    seen = look(goal, members, members)
    plan = ResizePlan(cluster="demo", goal=tuple(seen.goal), voters=seen.voters, parts=judge_parts(seen))
    assert ("none of them may fail meanwhile" in plan.text) is warns
