"""A plan that is kept can be applied by another process, once, and only while it and its state are what they were."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from support.tf_configuration import CANARY, Bench

from fleetkit.core import MASK, StalePlanError, utc_now
from fleetkit.terraform import KeptPlan, PlanKind, SavedPlan, StateVersion

pytestmark = pytest.mark.sandbox

NOTE = {"for": "demo", "members": {"8e9e05c52164694d": "etcd1"}}


def _keep(bench: Bench, **variables: object) -> SavedPlan:
    saved = bench.prepared(variables).plan()
    saved.keep(NOTE)
    return saved


def test_a_kept_plan_is_taken_up_as_it_was_shown_and_applied_by_another_copy(each_bench: Bench) -> None:
    saved = _keep(each_bench, password=CANARY)
    copy = each_bench.prepared({"password": CANARY})
    (kept,) = copy.kept_plans()
    assert (kept.path, kept.sha256, kept.kind, kept.note) == (saved.path, saved.sha256, PlanKind.CHANGE, NOTE)
    taken = copy.take_up(kept)
    assert taken.plan == saved.plan
    assert taken.redactor.redact(CANARY) == MASK
    assert copy.apply(taken).added == 6
    assert copy.kept_plans() == ()
    assert list(each_bench.folder.glob("plans/*")) == []


def test_what_is_kept_is_the_owners_alone_and_holds_the_secret_in_the_plan_only(bench: Bench) -> None:
    saved = _keep(bench, password=CANARY)
    for path in bench.folder.glob("plans/*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.path.parent.stat().st_mode) == 0o700
    assert CANARY not in saved.path.with_suffix(".json").read_text(encoding="utf-8")


def test_a_plan_of_a_removal_stays_one(bench: Bench) -> None:
    saved = bench.deployed().plan_destroy()
    saved.keep(NOTE)
    copy = bench.prepared()
    taken = copy.take_up(KeptPlan.read(saved.path))
    assert taken.kind is PlanKind.DESTROY
    assert copy.apply(taken).removed == 6


def test_the_newest_comes_first_and_one_that_nobody_kept_is_not_listed(bench: Bench) -> None:
    first, second = _keep(bench), _keep(bench)
    copy = bench.prepared()
    copy.plan()
    made_at = [one.made_at for one in copy.kept_plans()]
    assert made_at == sorted(made_at, reverse=True)
    assert {one.sha256 for one in copy.kept_plans()} == {first.sha256, second.sha256}


def test_a_changed_file_is_not_taken_up(bench: Bench) -> None:
    saved = _keep(bench)
    kept = KeptPlan.read(saved.path)
    saved.path.write_bytes(saved.path.read_bytes() + b"\0")
    with pytest.raises(StalePlanError, match="not the one that was shown"):
        bench.prepared().take_up(kept)


def test_a_state_that_moved_makes_the_kept_plan_stale(bench: Bench) -> None:
    kept = KeptPlan.read(_keep(bench).path)
    copy = bench.deployed({"pool_size": 3})
    with pytest.raises(StalePlanError, match="stale"):
        copy.apply(copy.take_up(kept))


@pytest.mark.parametrize("text", ["", "{}", '{"plan": {}, "note": {}}', "[1]"])
def test_a_note_that_cannot_be_understood_is_named(bench: Bench, text: str) -> None:
    saved = _keep(bench)
    note = saved.path.with_suffix(".json")
    note.write_text(text, encoding="utf-8")
    with pytest.raises(StalePlanError, match=note.name):
        bench.prepared().kept_plans()


def test_a_kept_plan_outlives_a_day_and_not_a_week(bench: Bench) -> None:
    kept = _keep(bench)
    plain = bench.prepared().plan()

    def age(path: Path, days: float) -> None:
        then = (utc_now() - timedelta(days=days)).timestamp()
        os.utime(path, (then, then))

    age(kept.path, 2)
    age(plain.path, 2)
    bench.prepared()
    assert (kept.path.exists(), plain.path.exists()) == (True, False)
    age(kept.path, 8)
    bench.prepared()
    assert list(bench.folder.glob("plans/*")) == []


def test_the_version_of_a_state_moves_with_each_change_of_it_and_with_nothing_else(bench: Bench) -> None:
    copy = bench.prepared()
    assert copy.state_version() == StateVersion()
    copy.apply(copy.plan())
    first = copy.state_version()
    assert first.lineage
    copy.plan()
    assert copy.state_version() == first
    copy = bench.deployed({"pool_size": 5})
    assert copy.state_version().lineage == first.lineage
    assert copy.state_version().serial > first.serial
