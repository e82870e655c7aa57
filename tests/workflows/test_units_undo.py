"""Units become again what they were before a change, however often that change, or the way back, was broken off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.fleet_told import ToldFleet
from support.fleet_ways import put_way

from fleetkit.core import Patience, SshError
from fleetkit.fleet import read_unit_files
from fleetkit.workflows import (
    AppliedUnits,
    UnitGate,
    UnitsPlan,
    Workspace,
    apply_units,
    approve,
    open_workspace,
    plan_unit_deploy,
    plan_units_undo,
)

GATE = UnitGate(patience=Patience(deadline_s=2, interval_s=0.01), steady_s=0.02)
NAMES = ("a", "b", "c")
"""Each waits for the one before, so that they are sent one by one."""


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with emulated_aws():
        yield


@pytest.fixture
def fleet() -> ToldFleet:
    return ToldFleet()


@pytest.fixture
def workspace(tmp_path: Path, fleet: ToldFleet, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    write_cluster(tmp_path)
    opened = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
    put_way(monkeypatch, opened, [fleet] * len(opened.cluster.masters))
    return opened


def plan_version(workspace: Workspace, version: str, names: tuple[str, ...] = NAMES) -> UnitsPlan:
    folder = workspace.folder / f"units-{version}"
    folder.mkdir(exist_ok=True)
    for before, name in zip(("", *names), names, strict=False):
        text = f"[Unit]\nAfter={before}.service\n[Service]\nExecStart=/bin/{version}\n"
        (folder / f"{name}.service").write_text(text)
    return plan_unit_deploy(workspace, read_unit_files([folder]))


def carry(workspace: Workspace, plan: UnitsPlan, *, roll_back: bool = False) -> AppliedUnits:
    return apply_units(workspace, approve(plan, "demo"), gate=GATE, roll_back=roll_back)


def cut_off(workspace: Workspace, plan: UnitsPlan, fleet: ToldFleet, *, after: int) -> None:
    fleet.cut_after = len(fleet.told) + after
    with pytest.raises(SshError):
        carry(workspace, plan)
    fleet.cut_after = None


def versions(fleet: ToldFleet) -> str:
    """Return which version each unit has, one word."""
    return "".join(fleet.text(f"{name}.service").rpartition("/bin/")[2].strip() for name in NAMES)


def names(plan: UnitsPlan) -> list[str]:
    return [one.name.removesuffix(".service") for one in plan.changes]


def test_an_undo_that_was_cut_off_is_gone_on_with_and_can_be_undone_as_a_whole(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    for version in "12":
        assert carry(workspace, plan_version(workspace, version)).failed == {}
    cut_off(workspace, plan_units_undo(workspace), fleet, after=1)
    assert versions(fleet) == "122"
    rest = plan_units_undo(workspace)
    assert (names(rest), rest.unchanged) == (["b", "c"], 1)
    assert carry(workspace, rest).failed == {}
    assert versions(fleet) == "111"
    assert carry(workspace, plan_units_undo(workspace)).failed == {}
    assert versions(fleet) == "222"


def test_an_undo_that_was_cut_off_behind_its_last_unit_has_come_to_its_end_once_it_is_given_again(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    for version in "12":
        carry(workspace, plan_version(workspace, version))
    cut_off(workspace, plan_units_undo(workspace), fleet, after=3)
    again = plan_units_undo(workspace)
    assert again.is_empty
    carry(workspace, again)
    assert names(plan_units_undo(workspace)) == ["a", "b", "c"], "now the undo itself is what can be undone"


def test_a_deploy_that_was_cut_off_and_gone_on_with_is_undone_as_a_whole(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    carry(workspace, plan_version(workspace, "1"))
    cut_off(workspace, plan_version(workspace, "2"), fleet, after=1)
    rest = plan_version(workspace, "2")
    assert names(rest) == ["b", "c"]
    carry(workspace, rest)
    carry(workspace, plan_units_undo(workspace))
    assert versions(fleet) == "111"


def test_another_change_behind_an_undo_that_was_cut_off_leads_back_to_before_both(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    for version in "12":
        carry(workspace, plan_version(workspace, version))
    cut_off(workspace, plan_units_undo(workspace), fleet, after=1)
    carry(workspace, plan_version(workspace, "3"))
    carry(workspace, plan_units_undo(workspace))
    assert versions(fleet) == "111"


def test_a_change_that_came_to_its_end_forgets_the_one_before(workspace: Workspace, fleet: ToldFleet) -> None:
    for version in "123":
        carry(workspace, plan_version(workspace, version))
    carry(workspace, plan_units_undo(workspace))
    assert versions(fleet) == "222"


def test_a_change_that_was_put_back_leaves_the_way_back_of_the_one_before(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    for version in "12":
        carry(workspace, plan_version(workspace, version))
    fleet.failing.add("/bin/3")
    applied = carry(workspace, plan_version(workspace, "3"), roll_back=True)
    assert (applied.put_back, applied.not_put_back) == (True, {})
    assert versions(fleet) == "222"
    carry(workspace, plan_units_undo(workspace))
    assert versions(fleet) == "111"
