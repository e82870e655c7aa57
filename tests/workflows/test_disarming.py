"""Which alarms may be taken back: NOSPACE comes again by itself, and CORRUPT does not."""

from __future__ import annotations

import pytest

from fleetkit.core import EtcdError, PreconditionError, Results
from fleetkit.etcd import Alarm, AlarmKind, MemberHash, StoreHashes
from fleetkit.etcd.store_hashes import HashScope
from fleetkit.workflows import DisarmPlan, approve

FULL = Alarm(member_id="a1", alarm=AlarmKind.NOSPACE)
CORRUPT = Alarm(member_id="b2", alarm=AlarmKind.CORRUPT)


def hashes(*found: int, silent: bool = False) -> StoreHashes:
    told: dict[str, MemberHash | Exception] = {
        f"etcd{n}": MemberHash(hash=one, revision=9, compact_revision=-1, scope=HashScope.KEYS)
        for n, one in enumerate(found, start=1)
    }
    if silent:
        told["etcd9"] = EtcdError("it does not answer", transient=True)
    return StoreHashes(by_name=Results(told))


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (None, "was not asked"),
        (hashes(7, 7, 8), "etcd3 differs"),
        (hashes(7, 7, silent=True), "etcd9 did not tell"),
    ],
)
def test_corrupt_is_not_taken_back_along_with_another_while_members_differ(
    seen: StoreHashes | None, reason: str
) -> None:
    plan = DisarmPlan(cluster="demo", alarms=(FULL, CORRUPT), hashes=seen)
    assert reason in str(plan)
    with pytest.raises(PreconditionError, match="the alarm CORRUPT of demo cannot be taken back now") as refused:
        approve(plan, "demo")
    assert "fleetkit etcd hash demo" in (refused.value.hint or "")


def test_once_all_hold_the_same_it_is_and_nospace_always() -> None:
    for plan in (
        DisarmPlan(cluster="demo", alarms=(CORRUPT,), hashes=hashes(7, 7, 7)),
        DisarmPlan(cluster="demo", alarms=(FULL,)),
    ):
        assert approve(plan, "demo").sha256 == plan.sha256
