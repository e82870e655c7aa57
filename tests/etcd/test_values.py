"""Answers of a real etcd 3.5.1 become typed values; a bad field is named by its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fleetkit.core import EtcdError
from fleetkit.etcd import Alarm, AlarmKind, KeyNode, Member, MemberStatus, raft_lag
from fleetkit.etcd._reading import Fields

DATA = Path(__file__).parent / "data"


def recorded(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def test_a_leaders_status() -> None:
    status = MemberStatus.from_json(recorded("status-leader-3.5.1"))
    assert status.member_id == "150565a74b9dc7e6"
    assert status.is_leader
    assert (status.raft_term, status.raft_index, status.db_size, status.db_size_in_use) == (2, 13, 20480, 16384)
    assert status.errors == ()


def test_a_status_without_a_leader_leads_nowhere() -> None:
    status = MemberStatus.from_json(recorded("status-no-leader-3.5.1"))
    assert status.leader == ""
    assert not status.is_leader
    assert status.errors == ("etcdserver: no leader",)


def test_the_lag_is_counted_from_the_furthest() -> None:
    ahead = MemberStatus.from_json(recorded("status-leader-3.5.1"))
    behind = MemberStatus.from_json({**recorded("status-leader-3.5.1"), "raftIndex": "9", "raftAppliedIndex": "4"})
    assert raft_lag({"a": ahead, "b": behind}) == {"a": 0, "b": 9}
    assert raft_lag({}) == {}


def test_members_with_a_learner_that_has_not_started() -> None:
    members = [Member.from_json(item) for item in Fields(recorded("members-learner-3.5.1")).children("members")]
    assert [member.name for member in members] == ["etcd1", "", "etcd3", "etcd2"]
    assert [member.is_learner for member in members] == [False, True, False, False]
    assert members[1].client_urls == ()
    assert members[1].id == "3d4584d313b5110b"


def test_an_alarm() -> None:
    (fields,) = Fields(recorded("alarm-nospace-3.5.1")).children("alarms")
    assert Alarm.from_json(fields) == Alarm(member_id="150565a74b9dc7e6", alarm=AlarmKind.NOSPACE)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"version": 3}, "version: expected a string, found 3"),
        ({"dbSize": "much"}, "dbSize: expected an integer, found 'much'"),
        ({"raftTerm": True}, "raftTerm: expected an integer"),
        ({"header": []}, "header: expected an object"),
        ({"header": {"member_id": {}}}, r"header\.member_id: expected an integer"),
        ({"errors": ["fine", 5]}, r"errors\[1\]: expected a string"),
        ({"isLearner": "no"}, "isLearner: expected true or false"),
    ],
)
def test_a_bad_field_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(EtcdError, match=path):
        MemberStatus.from_json({**recorded("status-leader-3.5.1"), **change})


def test_an_alarm_that_nobody_knows_lists_the_legal_ones() -> None:
    with pytest.raises(EtcdError, match=r"alarms\[0\]\.alarm: expected one of NOSPACE, CORRUPT, found 'FIRE'"):
        Alarm.from_json(Fields({"alarms": [{"memberID": "1", "alarm": "FIRE"}]}).children("alarms")[0])


def test_an_answer_that_is_no_object_is_refused() -> None:
    with pytest.raises(EtcdError, match="the answer: expected an object, found 'nonsense'"):
        MemberStatus.from_json("nonsense")


def test_a_directory_of_the_v2_store() -> None:
    node = {"dir": True, "nodes": [{"key": "/a", "value": "1", "modifiedIndex": 7, "ttl": 30}]}
    tree = KeyNode.from_json(Fields(node))
    assert (tree.key, tree.is_dir, tree.ttl_s) == ("/", True, None)
    assert (tree.nodes[0].value, tree.nodes[0].modified_index, tree.nodes[0].ttl_s) == ("1", 7, 30)
