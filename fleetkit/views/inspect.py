"""What an inspection found, as tables. The values come in plain; reading them is the work of other rooms.

Every function takes mappings or objects with the named fields. A field that is None or
missing could not be read and is shown as ``unknown`` (NA in a column of numbers).
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fleetkit.core import FAULT_TOLERANCE_TABLE, Quorum
from fleetkit.terraform import Drift, Plan
from fleetkit.views._frames import build_frame, read_field
from fleetkit.views.plan import PlanView
from fleetkit.views.plan_values import show_value

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "certificates_frame",
    "drift_frame",
    "fault_tolerance_frame",
    "judge_days_left",
    "machine_counts_frame",
    "machines_frame",
    "members_frame",
    "pending_changes_frame",
    "pools_frame",
    "quorum_frame",
    "raft_lag",
    "targets_frame",
]

_WARNING_DAYS = 30
_BYTES_PER_MB = 1_000_000


def machines_frame(machines: Iterable[Any]) -> pd.DataFrame:
    """Return one row for each machine: ``role zone state name instance_id instance_type address``."""
    return build_frame(
        machines,
        ("role", "zone", "state", "name", "instance_id", "instance_type", "address"),
        sort_by=("role", "zone", "name", "instance_id"),
    )


def machine_counts_frame(machines: Iterable[Any]) -> pd.DataFrame:
    """Return how many machines there are: a row for each role and zone, a column for each state."""
    frame = machines_frame(machines)
    counts = frame.groupby(["role", "zone", "state"]).size().unstack(fill_value=0)
    counts.columns.name = None
    return counts.reset_index()


def members_frame(members: Iterable[Any]) -> pd.DataFrame:
    """Return one row for each etcd member.

    Parameters
    ----------
    members
        With the fields ``name``, ``id`` (hex), ``healthy``, ``is_leader``, ``is_learner``, ``raft_term``,
        ``raft_index``, ``db_size_bytes``, ``took_ms``, ``version``, ``alarms`` and ``reason``.
    """
    members = list(members)
    leading = next((read_field(one, "raft_index") for one in members if read_field(one, "is_leader")), None)
    return build_frame(
        members,
        [
            "name",
            "id",
            ("health", lambda one: _say(read_field(one, "healthy"), "healthy", "unhealthy")),
            ("role", _member_role),
            ("raft term", lambda one: read_field(one, "raft_term")),
            ("raft index", lambda one: read_field(one, "raft_index")),
            ("behind leader", lambda one: raft_lag(one, leading)),
            ("size MB", lambda one: _to_mb(read_field(one, "db_size_bytes"))),
            ("latency ms", lambda one: read_field(one, "took_ms")),
            "version",
            ("alarms", lambda one: ", ".join(map(str, read_field(one, "alarms") or ()))),
            ("reason", lambda one: read_field(one, "reason") or ""),
        ],
        sort_by=("name",),
        numbers=("raft term", "raft index", "behind leader", "size MB", "latency ms"),
    )


def raft_lag(member: Any, leading: int | None) -> int | None:
    """Return how many raft entries a member is behind the leader; None where either is unknown.

    Parameters
    ----------
    leading
        The leader's raft index. Members are asked one after the other, so one may even be ahead: that is no lag.
    """
    index = read_field(member, "raft_index")
    return None if index is None or leading is None else max(0, leading - index)


def quorum_frame(quorum: Quorum) -> pd.DataFrame:
    """Return one row: the state, who votes, who is healthy, what is needed and how many more may fail."""
    return build_frame(
        [quorum],
        [
            ("quorum", lambda one: str(one.state)),
            ("voting members", lambda one: one.voters),
            "healthy",
            "required",
            ("may still fail", lambda one: one.tolerates),
        ],
        numbers=("voting members", "healthy", "required", "may still fail"),
    )


def fault_tolerance_frame() -> pd.DataFrame:
    """Return etcd's table of cluster size, quorum and tolerated failures."""
    columns = [("members", lambda row: row[0]), ("quorum", lambda row: row[1]), ("may fail", lambda row: row[2])]
    return build_frame(FAULT_TOLERANCE_TABLE, columns, numbers=("members", "quorum", "may fail"))


def pools_frame(pools: Iterable[Any]) -> pd.DataFrame:
    """Return one row for each pool: its bounds, what is desired, what is there, and what that means.

    Parameters
    ----------
    pools
        With the fields ``name``, ``minimum``, ``maximum``, ``desired``, ``in_service`` (as the scaling group
        counts) and ``joined`` (as fleet counts).
    """
    return build_frame(
        pools,
        [
            ("pool", lambda one: read_field(one, "name")),
            "minimum",
            "maximum",
            "desired",
            ("in service", lambda one: read_field(one, "in_service")),
            ("in fleet", lambda one: read_field(one, "joined")),
            ("verdict", _judge_pool),
        ],
        sort_by=("pool",),
        numbers=("minimum", "maximum", "desired", "in service", "in fleet"),
    )


def targets_frame(targets: Iterable[Any]) -> pd.DataFrame:
    """Return one row for each target of a load balancer: ``load_balancer target_group target port health reason``."""
    return build_frame(
        targets,
        [
            ("load balancer", lambda one: read_field(one, "load_balancer")),
            ("target group", lambda one: read_field(one, "target_group")),
            "target",
            "port",
            "health",
            ("reason", lambda one: read_field(one, "reason") or ""),
        ],
        sort_by=("load balancer", "target group", "target"),
        numbers=("port",),
    )


def certificates_frame(certificates: Iterable[Any]) -> pd.DataFrame:
    """Return one row for each certificate, the first to expire on top.

    Parameters
    ----------
    certificates
        With the fields ``name``, ``subject``, ``not_after`` (any text or moment) and ``days_left`` (a number).
    """
    frame = build_frame(
        certificates,
        [
            ("certificate", lambda one: read_field(one, "name")),
            "subject",
            ("valid until", lambda one: read_field(one, "not_after")),
            ("days left", lambda one: read_field(one, "days_left")),
            ("verdict", lambda one: judge_days_left(read_field(one, "days_left"))),
        ],
        numbers=("days left",),
    )
    return frame.sort_values(["days left", "certificate"], na_position="first").reset_index(drop=True)


def judge_days_left(days_left: float | None) -> str:
    """Say what a certificate's remaining days mean: ``expired``, ``expires soon`` (30 days) or ``ok``."""
    if days_left is None:
        return "unknown"
    if days_left < 0:
        return "expired"
    return "expires soon" if days_left < _WARNING_DAYS else "ok"


def drift_frame(drift: Drift, *, rules: Iterable[Any] = ()) -> pd.DataFrame:
    """Return one row for each attribute by which the world differs from the state, and for each foreign rule.

    Parameters
    ----------
    drift
        What Terraform sees.
    rules
        Rules that somebody added, which Terraform does not see: with the fields ``group``, its address, and ``words``.
    """
    rows = []
    for change in drift.changes:
        what = "removed" if change.is_destructive else "changed"
        # What was removed differs in everything; one row says it.
        if change.is_destructive or not change.attributes:
            rows.append((change.address, what, "", "", ""))
        else:
            rows += [
                (change.address, what, one.path, show_value(one.before), show_value(one.after))
                for one in change.attributes
            ]
    rows += [(read_field(one, "group"), "added", "rule", "", read_field(one, "words")) for one in rules]
    headings = ("address", "what", "attribute", "in the state", "in the world")
    return build_frame(
        rows, [(name, itemgetter(index)) for index, name in enumerate(headings)], sort_by=("address", "attribute")
    )


def pending_changes_frame(plan: Plan) -> pd.DataFrame:
    """Return one row for each resource by which the configuration differs from the state."""
    return PlanView.from_plan(plan).to_frame()


def _say(value: bool | None, yes: str, no: str) -> str | None:
    return None if value is None else yes if value else no


def _member_role(member: Any) -> str | None:
    if read_field(member, "is_learner"):
        return "learner"
    return _say(read_field(member, "is_leader"), "leader", "follower")


def _to_mb(size_bytes: float | None) -> float | None:
    return None if size_bytes is None else round(size_bytes / _BYTES_PER_MB, 2)


def _judge_pool(pool: Any) -> str | None:
    desired, in_service, joined = (read_field(pool, name) for name in ("desired", "in_service", "joined"))
    if desired is None or in_service is None:
        return None
    if in_service != desired:
        difference = abs(desired - in_service)
        return f"{difference} missing" if in_service < desired else f"{difference} too many"
    if joined is None:
        return None
    return "as desired" if joined == desired else f"{desired - joined} not in fleet"
