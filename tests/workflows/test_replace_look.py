"""What is left to do of a replacement follows from what is there, and one that costs the quorum is refused."""

from __future__ import annotations

import pytest

from fleetkit.etcd import Member, MemberHealth, judge_cluster
from fleetkit.workflows._replace_look import ReplaceLook, find_refusal, judge_steps
from fleetkit.workflows._replace_note import ReplaceNote

FAR = "etcd3"
HERE = ReplaceNote(member=FAR, member_id="a1", peer_urls=(), instance_id="i-1", begun_at="2026-11-26T00:00:00Z")


def member(member_id: str, name: str = FAR, *, learner: bool = False) -> Member:
    return Member(id=member_id, name=name, peer_urls=(), client_urls=(), is_learner=learner)


def look(entry: Member | None, *, voters: int = 3) -> ReplaceLook:
    asked = [
        MemberHealth(name=f"etcd{number}", id="", healthy=True, reason="", took_ms=1.0)
        for number in range(3, 3 - voters, -1)
    ]
    return ReplaceLook(name=FAR, health=judge_cluster(asked), leads=False, known=True, entry=entry, peer_urls=())


ALL = "settings removal learner machine promotion"
STATES: dict[str, tuple[Member | None, ReplaceNote | None, str, str, bool]] = {
    "a voter, and nothing under way": (member("a1"), None, "i-1", ALL, True),
    "a voter, whose machine is gone": (member("a1"), None, "", ALL, False),
    "begun, and the old one is still there": (member("a1"), HERE, "i-1", ALL, True),
    "removed": (None, HERE, "i-1", "settings learner machine promotion", True),
    "removed, and the note lost": (None, None, "i-1", "settings learner machine promotion", True),
    "added": (member("b2", "", learner=True), HERE, "i-1", "settings machine promotion", True),
    "added, and the note lost": (member("b2", "", learner=True), None, "i-1", "settings machine promotion", True),
    "the old machine gone, and no new one": (
        member("b2", "", learner=True), HERE, "", "settings machine promotion", False
    ),
    "the new machine boots": (member("b2", "", learner=True), HERE, "i-2", "settings promotion", False),
    "it has started": (member("b2", learner=True), HERE, "i-2", "settings promotion", False),
    "it has started, and the note lost": (member("b2", learner=True), None, "i-2", "settings promotion", False),
    "it votes": (member("b2"), HERE, "i-2", "", False),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_what_is_left_to_do_follows_from_what_is_there(state: str) -> None:
    entry, note, machine, left, is_replaced = STATES[state]
    steps, replaced = judge_steps(look(entry), note=note, machine=machine)
    assert (" ".join(steps), replaced) == (left, is_replaced)


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        (member("b2", "", learner=True), "settings machine promotion"),
        (member("b2", learner=True), ALL),
        (member("b2"), ALL),
    ],
)
def test_anew_takes_a_machine_that_is_new_once_more(entry: Member, left: str) -> None:
    steps, replaced = judge_steps(look(entry), note=HERE, machine="i-2", anew=True)
    assert (" ".join(steps), replaced) == (left, True)


def test_an_only_member_is_never_replaced() -> None:
    refusal = find_refusal(look(member("a1"), voters=1), cluster="demo", note=None)
    assert refusal is not None
    assert refusal.at_risk
    assert "fleetkit etcd backup demo" in refusal.hint
