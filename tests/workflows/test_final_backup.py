"""A destroy goes on without a final backup only where no etcd can be there, or where that was what was approved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.aws_moto import run_machine
from support.aws_world import World, surrounding_world

from fleetkit.config import Approval
from fleetkit.core import PreconditionError, SettingsError, parse_utc, utc_now
from fleetkit.etcd import BackupName
from fleetkit.terraform import Plan, PlanKind, SavedPlan, StateResource, WorkingCopy
from fleetkit.views import PlanView
from fleetkit.workflows import (
    Approved,
    DestroyPlan,
    FinalBackup,
    Reporter,
    approve,
    final_backup,
    make_final_backup,
    open_backup_place,
)
from fleetkit.workflows._final_backup_mark import FinalBackupMark, drop_mark, mark_removal, read_mark, write_mark

MARK = FinalBackupMark(address="/kept/demo/last.etcd.tar", taken="2026-11-26T07:00:00Z")
THREE = ("master",) * 3


class Ground:
    """A cluster of which AWS and Terraform's state know as much as a test says."""

    def __init__(self, world: World) -> None:
        world.write()
        self.session, self.workspace = world.session, world.open()
        self.notes: list[str] = []
        self.workspace.paths.folder.mkdir()

    def approved(self, known: Sequence[str], *, backs_up: bool = True) -> Approved[DestroyPlan]:
        """Return an approved plan, made while the state knew machines of these roles."""

        class Copy:
            def state(self) -> tuple[StateResource, ...]:
                modules = {"master": "module.etcd", "bastion": "module.bastion[0]"}
                return tuple(
                    StateResource(address=modules[role], module=modules[role], type="aws_instance", name="x")
                    for role in known
                )

        plan = DestroyPlan(
            cluster="demo",
            saved=SavedPlan(
                path=Path("none"), sha256="00", made_at=utc_now(), kind=PlanKind.DESTROY, plan=Plan(changes=())
            ),
            view=PlanView(rows=(), outputs=()),
            beyond=(),
            foreign=(),
            bucket="fleetkit-demo",
            rules=Approval(),
            backs_up=backs_up,
            _copy=cast(WorkingCopy, Copy()),
        )
        return approve(plan, "demo")

    def run(self, *roles: str) -> None:
        for role in roles:
            run_machine(self.session, cluster="demo", role=role)

    def try_it(self, known: Sequence[str] = (), *, backs_up: bool = True, **options: Any) -> FinalBackup:
        approved = self.approved(known, backs_up=backs_up)
        return make_final_backup(self.workspace, approved, report=Reporter(note=self.notes.append), **options)


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with surrounding_world(tmp_path, monkeypatch) as world:
        yield Ground(world)


@pytest.mark.parametrize(
    ("there", "known", "reason"),
    [
        ((), (), "it has no master on AWS"),
        ((), (*THREE, "bastion"), "it has no master on AWS"),
        (("master", "bastion"), ("master", "bastion"), "it has 1 of its 3 masters, and Terraform's state knows"),
        (THREE, THREE, "nothing leads to its members: it has no bastion"),
    ],
    ids=["never deployed", "gone by itself", "cut off in the middle", "cut off before the bastion"],
)
def test_an_etcd_that_is_gone_or_never_was_holds_nothing_up_and_what_is_known_is_said(
    ground: Ground, there: Sequence[str], known: Sequence[str], reason: str
) -> None:
    ground.run(*there)
    last = ground.try_it(known)
    assert last.reason.startswith(reason)
    assert "There is no backup of it in" in last.text
    name = BackupName(taken=parse_utc("2026-11-26T07:00:00Z"), revision=7, cluster="demo")
    file = ground.workspace.folder / "file"
    file.touch()
    open_backup_place("demo", folder=ground.workspace.folder).keep_file(name, file)
    assert f"The newest of 1 in {ground.workspace.folder}/backups/demo is {name}: taken" in ground.try_it(known).text
    assert "unproven" in ground.try_it(known).text


def test_an_etcd_that_lost_its_data_before_is_backed_up_and_what_holds_more_is_named(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = "etcd lost its data and began anew; what was backed up is put back with: fleetkit etcd restore demo --from x"
    name = BackupName(taken=parse_utc("2026-11-26T07:00:00Z"), revision=7, cluster="demo")
    taken = SimpleNamespace(address="backups/demo/one", setback=lost, kept=SimpleNamespace(name=name))
    drilled = SimpleNamespace(rto="2 s", proof=SimpleNamespace(findings=(), rto_s=2))
    monkeypatch.setattr(final_backup, "find_scratch_programs", lambda: None)
    monkeypatch.setattr(final_backup, "back_up_etcd", lambda *_given, **_more: taken)
    monkeypatch.setattr(final_backup, "drill_backup", lambda *_given, **_more: drilled)
    ground.run(*THREE, "bastion")
    last = ground.try_it((*THREE, "bastion"))
    assert last.text.splitlines() == ["Backed up and proven (RTO 2 s): backups/demo/one", f"! {lost}"]


@pytest.mark.parametrize(
    ("there", "known"),
    [
        ((*THREE, "bastion"), (*THREE, "bastion")),
        ((*THREE, "bastion"), ()),
        (("master", "bastion"), (*THREE, "bastion")),
        (THREE, (*THREE, "bastion")),
    ],
    ids=["it stands", "its state was lost", "its quorum was lost", "its bastion was lost"],
)
def test_an_etcd_that_may_be_there_and_cannot_be_backed_up_is_not_destroyed(
    ground: Ground, there: Sequence[str], known: Sequence[str]
) -> None:
    ground.run(*there)
    write_mark(ground.workspace.paths.folder, MARK)
    with pytest.raises(PreconditionError, match=r"nothing of it was removed: [^\n]+\n.*--no-backup\): .* lost"):
        ground.try_it(known)
    assert not (ground.workspace.folder / "backups").exists()


def test_a_destroy_that_was_cut_off_goes_on_with_the_backup_that_it_made(ground: Ground) -> None:
    folder = ground.workspace.paths.folder
    ground.run(*THREE, "bastion")
    write_mark(folder, MARK)
    mark_removal(folder)
    last = ground.try_it((*THREE, "bastion"))
    assert (last.address, last.drilled) == ("", None)
    assert "a destroy that was cut off made it at 2026-11-26T07:00:00Z, in /kept/demo/last.etcd.tar" in last.text
    drop_mark(folder)
    assert read_mark(folder) is None
    with pytest.raises(PreconditionError):
        ground.try_it((*THREE, "bastion"))


def test_none_is_made_where_that_was_approved(ground: Ground) -> None:
    ground.run(*THREE, "bastion")
    assert ground.try_it(backs_up=False).reason == "the plan that was approved makes none"
    texts = [ground.approved((), backs_up=backs_up).plan for backs_up in (True, False)]
    assert [one.text.splitlines()[0].rpartition("; ")[2] for one in texts] == [
        "a final backup is made and proven first.",
        "no final backup is made.",
    ]
    assert texts[0].sha256 != texts[1].sha256


@pytest.mark.parametrize("place", ["s3://{bucket}/etcd", "clusters/demo/kept"], ids=["its bucket", "its folder"])
def test_it_is_not_kept_where_the_cluster_goes(ground: Ground, place: str) -> None:
    place = place.format(bucket=ground.workspace.bucket)
    last = ground.try_it(place=place)
    elsewhere = f"{ground.workspace.folder}/backups/demo"
    assert ground.notes == [f"{place} goes with the cluster: its final backup is kept in {elsewhere}"]
    assert elsewhere in last.text
    assert "in s3://elsewhere/etcd/demo cannot be told" in ground.try_it(place="s3://elsewhere/etcd").text


def test_one_that_nothing_opens_is_refused_before_it_is_made(ground: Ground) -> None:
    ground.run(*THREE, "bastion")
    with pytest.raises(SettingsError, match=r"cannot be proven .*\n.*--identity"):
        ground.try_it(seal_for=["age1any"])
