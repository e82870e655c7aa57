"""A machine that was to leave and stays, since its plan was refused, has its protection again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from support.aws_moto import run_machine
from support.aws_world import surrounding_world

from fleetkit.core import PreconditionError
from fleetkit.terraform import StateResource, WorkingCopy
from fleetkit.workflows import Reporter, _resize_machine
from fleetkit.workflows._resize_machine import MasterMachines


class Copy:
    """Stands for Terraform's state, which knows one instance."""

    def __init__(self, instance_id: str, *, protected: bool) -> None:
        self._known = StateResource(
            address='module.etcd.aws_instance.member["etcd3"]',
            module="module.etcd",
            type="aws_instance",
            name="member",
            resource_id=instance_id,
            attributes={"disable_api_termination": protected},
        )

    def state(self) -> tuple[StateResource, ...]:
        return (self._known,)

    def refresh(self) -> None:
        """Nothing else is there."""


@pytest.mark.parametrize("protected", [True, False])
def test_a_machine_whose_plan_is_refused_is_as_protected_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protected: bool
) -> None:
    def refuse(*_given: Any, **_more: Any) -> Any:
        raise PreconditionError("it cannot be changed alone")

    monkeypatch.setattr(_resize_machine, "plan_with_leftovers", refuse)
    with surrounding_world(tmp_path, monkeypatch) as world:
        world.write()
        workspace = world.open()
        one = run_machine(world.session, cluster="demo", role="master")
        ec2 = world.session.ec2
        ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": protected})
        copy = cast(WorkingCopy, Copy(one, protected=protected))
        machines = MasterMachines(workspace, copy, members=["etcd3"], told=Reporter())
        with pytest.raises(PreconditionError, match="cannot be changed alone"):
            machines.apply_instance("etcd3", old=one, approved=())
        seen = ec2.describe_instance_attribute(InstanceId=one, Attribute="disableApiTermination")
        assert seen["DisableApiTermination"]["Value"] is protected
