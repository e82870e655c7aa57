"""Tables of an inspection: the right columns even when empty, a stable order, and ``unknown`` for what was not read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from fleetkit import views
from fleetkit.core import judge_quorum
from fleetkit.terraform import Action, AttributeChange, Drift, Plan, ResourceChange


@dataclass
class Member:
    name: str
    id: str
    healthy: bool | None
    is_leader: bool | None
    took_ms: float | None
    db_size_bytes: int = 20_480_000
    raft_term: int = 3
    raft_index: int = 120
    version: str = "3.5.33"
    alarms: tuple[str, ...] = ()
    reason: str = ""


MEMBERS = [
    Member("etcd2", "b", healthy=False, is_leader=None, took_ms=None, reason="timed out"),
    Member("etcd1", "a", healthy=True, is_leader=True, took_ms=2.5, alarms=("NOSPACE",)),
]


def test_a_follower_lags_behind_the_leader_and_is_never_ahead_of_it() -> None:
    def member(name: str, index: int | None, *, leads: bool = False) -> dict[str, object]:
        return {"name": name, "raft_index": index, "is_leader": leads}

    members = [member("a", 118), member("b", 120, leads=True), member("c", 121), member("d", None)]
    lags = views.members_frame(members)["behind leader"]
    assert list(lags[:3]) == [2, 0, 0]
    assert lags[3] is pd.NA
    assert views.members_frame(members[2:])["behind leader"].isna().all(), "without a leader nobody is behind it"


def test_members_stand_in_order_with_leader_index_size_and_latency() -> None:
    frame = views.members_frame(MEMBERS)
    assert list(frame["name"]) == ["etcd1", "etcd2"]
    assert frame.loc[0].to_dict() == {
        "name": "etcd1",
        "id": "a",
        "health": "healthy",
        "role": "leader",
        "raft term": 3,
        "raft index": 120,
        "behind leader": 0,
        "size MB": 20.48,
        "latency ms": 2.5,
        "version": "3.5.33",
        "alarms": "NOSPACE",
        "reason": "",
    }
    assert (frame.loc[1, "health"], frame.loc[1, "role"], frame.loc[1, "reason"]) == (
        "unhealthy",
        "unknown",
        "timed out",
    )
    assert frame.loc[1, "latency ms"] is pd.NA


def test_mappings_do_as_well_as_objects_and_missing_fields_are_unknown() -> None:
    frame = views.members_frame([{"name": "etcd1", "healthy": None, "is_learner": True}])
    assert (frame.loc[0, "health"], frame.loc[0, "role"], frame.loc[0, "version"]) == ("unknown", "learner", "unknown")
    assert frame.loc[0, "raft index"] is pd.NA


def test_machines_are_counted_by_role_zone_and_state() -> None:
    machines = [
        {"role": "master", "zone": "a", "state": "running", "name": "etcd1"},
        {"role": "internal", "zone": "a", "state": "running"},
        {"role": "internal", "zone": "a", "state": "stopped"},
        {"role": "internal", "zone": "b", "state": "running"},
    ]
    frame = views.machines_frame(machines)
    assert list(frame["role"]) == ["internal", "internal", "internal", "master"]
    assert list(frame["name"]) == ["unknown", "unknown", "unknown", "etcd1"]
    counts = views.machine_counts_frame(machines).to_dict("records")
    assert {"role": "internal", "zone": "a", "running": 1, "stopped": 1} in counts
    assert {"role": "master", "zone": "a", "running": 1, "stopped": 0} in counts


@pytest.mark.parametrize(
    ("desired", "in_service", "joined", "verdict"),
    [
        (3, 3, 3, "as desired"),
        (3, 1, 1, "2 missing"),
        (3, 4, 3, "1 too many"),
        (3, 3, 1, "2 not in fleet"),
        (3, None, 3, "unknown"),
        (3, 3, None, "unknown"),
        (0, 0, 0, "as desired"),
    ],
)
def test_a_pool_is_judged_by_what_is_there(
    desired: int, in_service: int | None, joined: int | None, verdict: str
) -> None:
    pool = {"name": "public", "minimum": 0, "maximum": 95, "desired": desired}
    frame = views.pools_frame([{**pool, "in_service": in_service, "joined": joined}])
    assert frame.loc[0, "verdict"] == verdict


@pytest.mark.parametrize(
    ("days_left", "verdict"),
    [(400, "ok"), (30, "ok"), (29.9, "expires soon"), (0, "expires soon"), (-0.1, "expired"), (None, "unknown")],
)
def test_a_certificate_is_judged_by_its_days(days_left: float | None, verdict: str) -> None:
    assert views.judge_days_left(days_left) == verdict
    frame = views.certificates_frame([{"name": "ca", "subject": "CN=ca", "not_after": "x", "days_left": days_left}])
    assert frame.loc[0, "verdict"] == verdict


def test_what_could_not_be_read_and_what_expires_first_stand_on_top() -> None:
    certificates = [{"name": name, "days_left": days} for name, days in (("a", 90), ("b", -1), ("c", None))]
    assert list(views.certificates_frame(certificates)["certificate"]) == ["c", "b", "a"]


def test_targets_stand_by_load_balancer() -> None:
    target = {"load_balancer": "web", "target_group": "web-80", "target": "i-1", "port": 80, "health": "unhealthy"}
    assert views.targets_frame([target]).to_dict("records") == [
        {
            "load balancer": "web",
            "target group": "web-80",
            "target": "i-1",
            "port": 80,
            "health": "unhealthy",
            "reason": "",
        }
    ]


def test_the_quorum_is_one_row_and_the_tolerance_table_is_etcds() -> None:
    row = views.quorum_frame(judge_quorum(voters=3, healthy=2)).loc[0].to_dict()
    assert row == {"quorum": "degraded", "voting members": 3, "healthy": 2, "required": 2, "may still fail": 0}
    assert [tuple(row) for row in views.fault_tolerance_frame().to_numpy()][1] == (3, 2, 1)


def test_drift_says_what_was_changed_and_what_is_gone_in_one_row() -> None:
    attribute = AttributeChange(path="retention", before=30, after=7)
    changed = ResourceChange(
        address="b.changed", module="", type="b", name="x", action=Action.UPDATE, attributes=(attribute,)
    )
    gone = ResourceChange(
        address="a.gone", module="", type="a", name="x", action=Action.DELETE, attributes=(attribute, attribute)
    )
    frame = views.drift_frame(Drift(changes=(changed, gone)))
    assert [tuple(row) for row in frame.to_numpy()] == [
        ("a.gone", "removed", "", "", ""),
        ("b.changed", "changed", "retention", "30", "7"),
    ]


@pytest.mark.parametrize(
    "make", ["machines", "members", "pools", "targets", "certificates"], ids=lambda name: f"no {name}"
)
def test_an_empty_table_keeps_its_columns(make: str) -> None:
    frame = getattr(views, f"{make}_frame")([])
    assert frame.empty
    assert len(frame.columns) > 4


def test_nothing_pending_and_nothing_drifted_are_empty_tables() -> None:
    assert views.pending_changes_frame(Plan()).empty
    assert views.drift_frame(Drift()).empty
    assert views.machine_counts_frame([]).empty
