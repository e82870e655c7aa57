"""Starting what somebody stopped: masters and the bastion, which no scaling group and no plan of Terraform's starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.aws import Instance
from fleetkit.core import NotYet, Patience, StalePlanError, wait_until
from fleetkit.terraform import Plan
from fleetkit.workflows._adoptable import read_path
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace

__all__ = ["Start", "find_stopped", "start_machines"]

_ROLES = frozenset({"bastion", "master"})
_STOPPED = frozenset({"stopped", "stopping"})
_GONE = frozenset({"gone", "shutting-down", "terminated"})
_PATIENCE = Patience(deadline_s=600, interval_s=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a machine that is stopped.

    Attributes
    ----------
    instance_id, role, name
        Which one.
    state
        EC2's word for how it was seen: ``stopped`` or ``stopping``.
    """

    instance_id: str
    role: str
    name: str
    state: str

    def __str__(self) -> str:
        return f"{self.role} {self.instance_id} ({self.name}): it is {self.state}"


def find_stopped(machines: Iterable[Instance], *, plan: Plan, removed: Iterable[str] = ()) -> tuple[Start, ...]:
    """Return the masters and bastions that are stopped and are to stay.

    Parameters
    ----------
    machines
        The cluster's machines.
    plan
        What Terraform would change; what it destroys or replaces needs no start.
    removed
        Ids of machines that are removed before the plan is applied.
    """
    going = {*removed, *(read_path(one.before, "id") for one in plan.destroys_or_replaces(types=("aws_instance",)))}
    return tuple(
        Start(instance_id=one.instance_id, role=one.role, name=one.name, state=one.state)
        for one in machines
        if one.role in _ROLES and one.state in _STOPPED and one.instance_id not in going
    )


def start_machines(
    workspace: Workspace, starts: Sequence[Start], *, told: Reporter, patience: Patience = _PATIENCE
) -> tuple[str, ...]:
    """Start what was approved to be started, and wait until EC2 says that it runs.

    Raises
    ------
    StalePlanError
        When one of them is gone since.
    AwsError, WaitTimeoutError
        When one will not start; names it.
    """
    if not starts:
        return ()

    def look() -> NotYet[bool] | bool:
        listed = {one.instance_id: one.state for one in aws.list_instances(workspace.session, workspace.cluster.name)}
        states = {one.instance_id: listed.get(one.instance_id, "gone") for one in starts}
        gone = [str(one) for one in starts if states[one.instance_id] in _GONE]
        if gone:
            raise StalePlanError(
                "what was to be started is gone since the plan was made",
                seen="; ".join(gone),
                hint=f"fleetkit deploy {workspace.cluster.name} plans anew",
            )
        # One that is stopping can be asked only once it has stopped.
        aws.start_instances(workspace.session, [name for name, state in states.items() if state == "stopped"])
        waiting = [f"{name} is {state}" for name, state in states.items() if state != "running"]
        return NotYet(", ".join(waiting)) if waiting else True

    wait_until(look, what="the machines that were stopped to run", patience=patience, on_wait=told.note)
    for one in starts:
        told.note(f"started {one.role} {one.instance_id} ({one.name})")
    return tuple(map(str, starts))
