"""What a change of units would do is planned from what is there, and what fleet stumbles over is told by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fleet_told import ToldFleet

from fleetkit.core import NotFoundError, Patience, PreconditionError
from fleetkit.fleet import FleetEndpoint, read_unit_files
from fleetkit.workflows import UnitAction, UnitGate, apply_units, approve, plan_unit_deploy, plan_units

GATE = UnitGate(patience=Patience(deadline_s=0.5, interval_s=0.01), steady_s=0.02)


@pytest.fixture
def folder(endpoint: FleetEndpoint, tmp_path: Path) -> Path:
    """Give a folder with a template, three instances of which run."""
    (tmp_path / "w@.service").write_text("[Service]\nExecStart=/bin/w 1\n")
    plan = plan_unit_deploy(endpoint, read_unit_files([tmp_path]), instances=["w@{1..3}.service"])
    assert apply_units(endpoint, approve(plan, plan.cluster), gate=GATE).failed == {}
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("action", [UnitAction.START, UnitAction.STOP, UnitAction.UNLOAD, UnitAction.DESTROY])
def test_a_poisoned_unit_that_is_named_is_refused_with_what_frees_it(
    fleet: ToldFleet, endpoint: FleetEndpoint, action: UnitAction
) -> None:
    fleet.spoiled.add("w@2.service")
    with pytest.raises(PreconditionError, match=r"w@2.service cannot be changed: it is poisoned") as refused:
        plan_units(endpoint, ["w@1.service", "w@2.service"], action)
    assert "fleetkit units status w@2.service" in str(refused.value)
    with pytest.raises(NotFoundError, match=r"knows no unit 'other.service'"):
        plan_units(endpoint, ["other.service"], action)


def test_a_poisoned_instance_of_a_template_that_is_deployed_is_refused_and_not_passed_over(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    fleet.spoiled.add("w@2.service")
    (folder / "w@.service").write_text("[Service]\nExecStart=/bin/w 2\n")
    with pytest.raises(PreconditionError, match=r"w@2.service: fleet answers 500"):
        plan_unit_deploy(endpoint, read_unit_files([folder]), at_once=1).check()
    (folder / "w@.service").rename(folder / "v@.service")
    plan_unit_deploy(endpoint, read_unit_files([folder])).check()
