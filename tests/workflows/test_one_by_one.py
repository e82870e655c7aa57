"""One member after the other: who comes when, who is passed over, and what is left alone once somebody is ill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster

from fleetkit.core import NotFoundError, Patience, WorkflowError
from fleetkit.etcd import MemberStatus, read_status
from fleetkit.runs import EventKind
from fleetkit.workflows import Reporter, WayIn, open_workspace
from fleetkit.workflows._etcd_look import EtcdLook
from fleetkit.workflows.one_by_one import OneByOne, choose_heir, choose_next, order_members

SOON = Patience(deadline_s=60, interval_s=0.1)


def said(name: str, *, leader: str, learner: bool = False) -> MemberStatus:
    return MemberStatus(
        member_id=name,
        cluster_id="c",
        version="3.5.33",
        leader=leader,
        raft_term=1,
        raft_index=1,
        raft_applied_index=1,
        db_size=0,
        db_size_in_use=0,
        revision=1,
        is_learner=learner,
        errors=(),
    )


def three(leader: str) -> Mapping[str, MemberStatus]:
    return MappingProxyType({name: said(name, leader=leader) for name in ("c", "a", "b")})


def test_followers_come_first_by_name_and_the_leader_last() -> None:
    assert order_members(three("a")) == ("b", "c", "a")
    assert order_members(three("")) == ("a", "b", "c")


def test_who_leads_now_waits_while_another_is_left() -> None:
    assert choose_next(["a", "b"], three("a")) == "b"
    assert choose_next(["a", "b"], three("c")) == "a"
    assert choose_next(["a"], three("a")) == "a"


def test_leadership_goes_to_one_that_is_done_and_never_to_a_learner_or_to_itself() -> None:
    assert choose_heir("a", three("a"), done=()) == "b"
    assert choose_heir("a", three("a"), done=("c",)) == "c"
    with_learner = {"a": said("a", leader="a"), "b": said("b", leader="a", learner=True)}
    assert choose_heir("a", with_learner, done=("b",)) is None


class Walk:
    """A walk over the members that are here, and what came of it."""

    def __init__(self, way: WayIn, etcd: EtcdCluster) -> None:
        self.etcd = etcd
        self.acted: list[str] = []
        self.led: list[bool] = []
        self.facts: list[dict[str, Any]] = []
        self.gate = OneByOne(
            way=way,
            told=Reporter(record=lambda kind, facts: self.facts.append({"kind": kind, **facts})),
            what="the restart of demo",
            again="restart again",
            patience=SOON,
        )

    def restart(self, name: str) -> None:
        status = read_status(self.etcd.endpoints(), tls=self.etcd.tls)[name]
        assert isinstance(status, MemberStatus)
        self.led.append(status.is_leader)
        self.acted.append(name)
        self.etcd.kill(name)
        self.etcd.start(name)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def walk(running: EtcdCluster, tmp_path: Path) -> Iterator[Walk]:
    write_cluster(tmp_path)
    with emulated_aws():
        workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
        with running.open_way(workspace) as way:
            yield Walk(way, running)
    running.mend()


@pytest.mark.sandbox
def test_members_that_restart_do_so_one_by_one_and_none_while_it_leads(walk: Walk) -> None:
    leader = walk.etcd.leader()
    walk.gate.walk(list(walk.etcd.members), walk.restart)
    assert sorted(walk.acted) == sorted(walk.etcd.members)
    assert walk.acted == walk.gate.done
    assert walk.acted[0] != leader
    assert walk.led == [False, False, False]
    moved = [one for one in walk.facts if one["kind"] is EventKind.CHANGE]
    assert [one["from"] for one in moved] == ([walk.acted[-1]] if moved else [])


@pytest.mark.sandbox
def test_who_is_as_wanted_already_is_passed_over(walk: Walk) -> None:
    def is_done(name: str, look: EtcdLook) -> bool:
        assert name in look.statuses
        return name != "etcd2"

    walk.gate.walk(list(walk.etcd.members), walk.restart, is_done=is_done)
    assert (walk.acted, walk.gate.done) == (["etcd2"], ["etcd2"])
    walk.gate.walk(list(walk.etcd.members), walk.restart, is_done=lambda _name, _look: True)
    assert walk.acted == ["etcd2"]


@pytest.mark.sandbox
def test_a_member_that_is_not_well_afterwards_keeps_the_others_from_being_touched(walk: Walk) -> None:
    walk.gate.patience = Patience(deadline_s=0)

    def end(name: str) -> None:
        walk.acted.append(name)
        walk.etcd.kill(name)

    with pytest.raises(
        WorkflowError, match=r"(?s)the restart of demo stopped.*after .*none of them may be silent"
    ) as stopped:
        walk.gate.walk(list(walk.etcd.members), end)
    assert stopped.value.completed == tuple(walk.acted)
    assert len(walk.acted) == 1


@pytest.mark.sandbox
def test_what_a_member_refuses_names_the_member_and_how_to_go_on(walk: Walk) -> None:
    def refuse(name: str) -> None:
        raise NotFoundError(f"{name} has no such program")

    with pytest.raises(WorkflowError, match=r"(?s)has no such program; done before that: none.*then restart again"):
        walk.gate.walk(["etcd1"], refuse)
