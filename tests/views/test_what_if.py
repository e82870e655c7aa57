"""What a cluster loses with what is supposed to be gone: case by case, and nothing unknown is taken for well."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from support.layouts import ZONES, lay_out

from fleetkit.core import NotFoundError
from fleetkit.views import (
    Consequences,
    Effect,
    Fate,
    LaidWayIn,
    Spread,
    Supposition,
    consequences_lines,
    judge_supposition,
    suppositions_frame,
)

A, B, C = ZONES
TWO = ZONES[:2]


def effect(found: Consequences, name: str) -> Effect:
    return next(one for one in found.effects if one.name == name)


# Members by zone (upper case: ill before), zones and members that go, and what is left: state, healthy, may still fail.
QUORUMS = {
    "one member bears nothing": ("a", ["a"], [], "lost 0 0"),
    "one member in another zone": ("b", ["a"], [], "healthy 1 0"),
    "three in three zones bear one zone": ("abc", ["a"], [], "degraded 2 0"),
    "three in three zones do not bear two": ("abc", ["a", "b"], [], "lost 1 0"),
    "three in two zones bear the smaller": ("aab", ["b"], [], "degraded 2 0"),
    "three in two zones do not bear the bigger": ("aab", ["a"], [], "lost 1 0"),
    "five bear two members": ("aabbc", [], [1, 3], "degraded 3 0"),
    "five bear a zone and one may fail": ("aabbc", ["c"], [], "degraded 4 1"),
    "five in two zones do not bear the bigger": ("aaabb", ["a"], [], "lost 2 0"),
    "seven bear a zone of three": ("aaabbcc", ["a"], [], "degraded 4 0"),
    "seven bear a zone and not a member more": ("aaabbcc", ["a"], [7], "lost 3 0"),
    "a member in a lost zone counts once": ("abc", ["a"], [1], "degraded 2 0"),
    "an ill member is lost already": ("abC", [], [], "degraded 2 0"),
    "an ill member and a zone": ("abC", ["a"], [], "lost 1 0"),
    "the zone of the ill member": ("abC", ["c"], [], "degraded 2 0"),
    "nothing gone": ("abcab", [], [], "healthy 5 2"),
}


@pytest.mark.parametrize(("standing", "zones", "members", "left"), QUORUMS.values(), ids=QUORUMS)
def test_the_quorum_that_is_left(standing: str, zones: list[str], members: list[int], left: str) -> None:
    supposed = Supposition(
        zones=tuple(f"us-west-2{one}" for one in zones), members=tuple(f"etcd{one}" for one in members)
    )
    found = judge_supposition(lay_out(standing, zones=TWO if "c" not in standing.lower() else ZONES), supposed)
    quorum = found.quorum
    assert quorum is not None
    assert f"{quorum.state} {quorum.healthy} {quorum.tolerates}" == left
    lost = left.startswith("lost")
    assert effect(found, "quorum").fate is (Fate.LOST if lost else Fate.KEPT)
    assert bool(found.impossible) is lost


def test_a_learner_is_no_voter_and_its_loss_costs_no_quorum() -> None:
    found = judge_supposition(lay_out("abc", learners="a"), Supposition(members=("etcd4",)))
    assert found.quorum is not None
    assert (found.quorum.voters, found.quorum.healthy) == (3, 3)


def test_learners_alone_are_no_quorum_that_anybody_could_judge() -> None:
    found = judge_supposition(lay_out("", learners="ab"), Supposition())
    assert (found.quorum, effect(found, "quorum").fate) == (None, Fate.UNKNOWN)


# In place of ``?`` stands a member in zone c of which nobody knows how it is.
UNSURE = {
    "kept whatever it is": ("ab?", [], Fate.KEPT, 2),
    "hangs on it": ("aB?", [], Fate.UNKNOWN, None),
    "lost whatever it is": ("aB?", ["a"], Fate.LOST, 1),
    "gone with its zone": ("ab?", ["c"], Fate.KEPT, 2),
}


@pytest.mark.parametrize(("standing", "zones", "fate", "healthy"), UNSURE.values(), ids=UNSURE)
def test_a_member_of_which_nothing_is_known_is_never_taken_for_well(
    standing: str, zones: list[str], fate: Fate, healthy: int | None
) -> None:
    found = judge_supposition(lay_out(standing), Supposition(zones=tuple(f"us-west-2{one}" for one in zones)))
    assert effect(found, "quorum").fate is fate
    assert (None if found.quorum is None else found.quorum.healthy) == healthy
    assert (found.outcome == "failed") is (fate is Fate.UNKNOWN)


def test_a_member_whose_zone_nobody_knows_may_have_gone_with_the_zone() -> None:
    layout = lay_out("abc")
    first, *rest = layout.members
    layout = dataclasses.replace(layout, members=(dataclasses.replace(first, zone=None), *rest))
    assert effect(judge_supposition(layout, Supposition(zones=(C,))), "quorum").fate is Fate.UNKNOWN
    assert effect(judge_supposition(layout, Supposition(members=("etcd3",))), "quorum").fate is Fate.KEPT


# Machines by zone and how many stand nobody knows where, the minimum, zones that go, what is left, and its fate.
POOLS = {
    "one in each zone": ((1, 1, 1), 0, 2, [A], 2, Fate.KEPT),
    "below the minimum": ((1, 1, 1), 0, 3, [A], 2, Fate.LOST),
    "none left with no minimum": ((2, 0, 0), 0, 0, [A], 0, Fate.LOST),
    "none there and none wanted": ((0, 0, 0), 0, 0, [A], 0, Fate.KEPT),
    "two somewhere in three zones": ((0, 0, 0), 2, 1, [A], 1, Fate.KEPT),
    "two somewhere, two zones gone": ((0, 0, 0), 2, 1, [A, B], 0, Fate.LOST),
    "one in each and one somewhere": ((1, 1, 1), 1, 2, [B], 2, Fate.KEPT),
}


@pytest.mark.parametrize(("by_zone", "anywhere", "minimum", "zones", "left", "fate"), POOLS.values(), ids=POOLS)
def test_a_pool_keeps_what_stands_elsewhere_at_worst(
    by_zone: tuple[int, ...], anywhere: int, minimum: int, zones: list[str], left: int, fate: Fate
) -> None:
    machines = Spread(by_zone=dict(zip(ZONES, by_zone, strict=True)), anywhere=anywhere)
    found = judge_supposition(lay_out(machines=machines, minimum=minimum), Supposition(zones=tuple(zones)))
    pool = effect(found, "pool public")
    assert (pool.left, pool.fate) == (left, fate)


def test_a_load_balancer_without_a_target_is_lost_and_one_with_a_target_is_not() -> None:
    layout = lay_out("aab", machines=Spread(by_zone={A: 2, B: 0, C: 0}), minimum=0)
    found = judge_supposition(layout, Supposition(zones=(A,)))
    web, pages = effect(found, "demo-web"), effect(found, "demo-fleet-ui")
    assert (web.before, web.left, web.fate) == (2, 0, Fate.LOST)
    assert (pages.before, pages.left, pages.fate) == (3, 1, Fate.KEPT)


def test_a_member_takes_its_page_out_of_the_load_balancer() -> None:
    found = judge_supposition(lay_out("abc"), Supposition(members=("etcd1", "etcd2")))
    assert effect(found, "demo-fleet-ui").left == 1
    assert effect(found, "demo-web").left == 3


@pytest.mark.parametrize(
    ("way_in", "zones", "fate"),
    [
        (LaidWayIn(zone=A, running=True), (A,), Fate.LOST),
        (LaidWayIn(zone=A, running=True), (B,), Fate.KEPT),
        (LaidWayIn(zone=A, running=False), (), Fate.LOST),
        (LaidWayIn(zone=None, running=None), (), Fate.UNKNOWN),
        (LaidWayIn(zone="", running=None), (A,), Fate.KEPT),
    ],
    ids=["with its zone", "elsewhere", "stopped before", "not read", "vpn"],
)
def test_the_way_in_goes_with_the_bastions_zone(way_in: LaidWayIn, zones: tuple[str, ...], fate: Fate) -> None:
    assert effect(judge_supposition(lay_out(way_in=way_in), Supposition(zones=zones)), "way in").fate is fate


def test_a_zone_that_lives_on_loses_its_egress_with_the_zone_of_its_gateway() -> None:
    layout = lay_out(nat={A: A, B: B, C: A})
    lost = effect(judge_supposition(layout, Supposition(zones=(A,))), "egress")
    assert (lost.fate, lost.before, lost.left) == (Fate.LOST, 3, 1)
    assert C in lost.says
    assert B not in lost.says
    assert effect(judge_supposition(layout, Supposition(zones=(B,))), "egress").fate is Fate.KEPT
    gone = dataclasses.replace(layout, egress={A: "", B: B, C: B})
    assert effect(judge_supposition(gone, Supposition()), "egress").fate is Fate.LOST


def test_routes_that_were_not_read_matter_with_a_zone_and_only_then() -> None:
    layout = dataclasses.replace(lay_out("abc"), egress=None)
    assert judge_supposition(layout, Supposition(zones=(A,))).outcome == "failed"
    assert judge_supposition(layout, Supposition(members=("etcd1",))).outcome == "done"


DAY = dt.date(2027, 3, 1)


def ends(*, hour: int = 12, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)


def test_a_certificate_has_run_out_once_its_last_day_has_passed() -> None:
    layout = lay_out(certificates={"clients/operator": ends(), "clients/fleet": ends(day=DAY + dt.timedelta(days=1))})
    found = judge_supposition(layout, Supposition(on=DAY))
    assert [one.name for one in found.lost] == ["certificate clients/operator"]
    assert "no command and no notebook reads etcd" in found.lost[0].says
    assert judge_supposition(layout, Supposition(on=DAY - dt.timedelta(days=1))).outcome == "done"
    assert judge_supposition(layout, Supposition()).outcome == "done"


# Which certificates run out, and how many of three members still hear each other.
EXPIRED = {
    "a peer's": (["members/etcd2/peer"], "degraded", "the other members refuse etcd2"),
    "two peers'": (["members/etcd1/peer", "members/etcd2/peer"], "lost", "the other members refuse etcd1"),
    "a server's": (["members/etcd1/server"], "healthy", "etcd1 answers no client"),
    "one that is served": (["served by etcd1"], "healthy", "etcd1 answers no client"),
    "the authority's": (["ca"], "lost", "nobody trusts any certificate"),
    "fleet's": (["clients/fleet"], "healthy", "fleet on every machine loses etcd"),
}


@pytest.mark.parametrize(("names", "state", "says"), EXPIRED.values(), ids=EXPIRED)
def test_a_certificate_stops_what_it_is_for(names: list[str], state: str, says: str) -> None:
    layout = lay_out("abc", certificates=dict.fromkeys(names, ends()))
    found = judge_supposition(layout, Supposition(on=DAY))
    assert found.quorum is not None
    assert found.quorum.state == state
    assert says in effect(found, f"certificate {names[0]}").says


def test_a_member_alone_has_no_peer_to_be_refused_by() -> None:
    layout = lay_out("a", certificates={"members/etcd1/peer": ends()})
    found = judge_supposition(layout, Supposition(on=DAY, rules=("etcd-peer-from-master-to-master",)))
    assert effect(found, "quorum").fate is Fate.KEPT


def test_dates_that_were_not_read_matter_with_a_date_and_only_then() -> None:
    layout = dataclasses.replace(lay_out(), certificates=None)
    assert judge_supposition(layout, Supposition(on=DAY)).outcome == "failed"
    assert judge_supposition(layout, Supposition()).outcome == "done"


RULES = {
    "etcd-peer-from-master-to-master": {"quorum"},
    "http-from-lb-public-to-public": {"demo-web"},
    "fleet-ui-from-lb-ui-to-master": {"demo-fleet-ui"},
    "ssh-from-operator-to-bastion": {"way in"},
    "ssh-from-bastion-to-master": {"way in"},
    "ssh-from-bastion-to-public": set(),
    "https-from-public-to-world": set(),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_takes_with_it_what_goes_through_it(name: str) -> None:
    found = judge_supposition(lay_out(), Supposition(rules=(name,)))
    assert {one.name for one in found.lost} == RULES[name] | {f"rule {name}"}
    missing = judge_supposition(lay_out(closed=(name,)), Supposition())
    assert {one.name for one in missing.lost} == RULES[name] | {f"rule {name}"}
    assert "(missing already)" in effect(missing, f"rule {name}").says


@pytest.mark.parametrize(
    ("supposed", "known"),
    [
        (Supposition(zones=("us-west-2z",)), "us-west-2b"),
        (Supposition(members=("etcd9",)), "etcd2"),
        (Supposition(rules=("http",)), "etcd-peer-from-master-to-master"),
    ],
    ids=["zone", "member", "rule"],
)
def test_an_unknown_name_is_refused_with_the_known_ones(supposed: Supposition, known: str) -> None:
    with pytest.raises(NotFoundError, match=known):
        judge_supposition(lay_out(), supposed)


def test_what_is_supposed_and_what_comes_of_it_are_told_in_one_sentence_each() -> None:
    supposed = Supposition(zones=(A,), members=("etcd2",), on=DAY)
    assert supposed.words == "zone us-west-2a, member etcd2 gone, 2027-03-01 has passed"
    assert Supposition().words == "nothing gone"
    found = judge_supposition(lay_out("abc"), supposed)
    assert found.verdict == "lost: quorum"
    assert judge_supposition(lay_out(), Supposition(zones=(A,))).verdict == "the cluster bears it"


def test_the_table_of_suppositions_says_of_how_many_parts_the_worst_becomes_true() -> None:
    layout = lay_out("aab", machines=Spread(by_zone={A: 2, B: 0, C: 0}), minimum=0)
    cases = [judge_supposition(layout, one) for one in (Supposition(zones=(A,)), Supposition(zones=(B,)))]
    first, second = suppositions_frame(cases).to_dict("records")
    assert (first["gone"], first["quorum"], first["pools"]) == (f"zone {A}", "lost", "public 0")
    assert (first["load balancers"], first["way in"]) == ("1 of 2 lost", "kept")
    assert first["lost"] == "quorum, pool public, demo-web"
    assert (second["quorum"], second["may still fail"], second["lost"]) == ("degraded", 0, "nothing")
    unread = dataclasses.replace(layout, egress=None, members=())
    (row,) = suppositions_frame([judge_supposition(unread, Supposition())]).to_dict("records")
    assert (row["quorum"], row["egress"]) == ("unknown", "no matter")


def test_lines_name_what_could_not_be_read_only_where_the_verdict_hangs_on_it() -> None:
    layout = dataclasses.replace(lay_out(), certificates=None, unknown=("certificates: none were made",))
    assert "? certificates: none were made" in consequences_lines(judge_supposition(layout, Supposition(on=DAY)))
    lines = consequences_lines(judge_supposition(layout, Supposition(members=("etcd1",))))
    assert not [line for line in lines if line.startswith("?")]
    assert lines[0] == "demo, member etcd1 gone (read from a test)"
    assert lines[-1] == "the cluster bears it"
