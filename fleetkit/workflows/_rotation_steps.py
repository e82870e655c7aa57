"""What each machine does in a rotation: it fetches, and the next one has its turn when it shows what it fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleetkit.core import FleetkitError, NotYet, Patience, WorkflowError, wait_until
from fleetkit.pki import ClusterPki
from fleetkit.runs import EventKind
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import FleetMachine, fetch_files
from fleetkit.workflows._rotation_proof import find_flaw
from fleetkit.workflows.way_in import WayIn

__all__ = ["attempt", "take_over", "visit_each"]


def attempt(
    cluster: str, machine: FleetMachine, done: Sequence[str], act: Callable[[FleetMachine], None], *, again: str = ""
) -> None:
    """Do something to a machine, and say where a rotation stopped when that fails.

    Parameters
    ----------
    done
        Names of the machines that did it before.
    again
        What is added to the command that goes on, such as ``--ca``.

    Raises
    ------
    WorkflowError
        When it fails.
    """
    try:
        act(machine)
    except FleetkitError as error:
        raise WorkflowError(
            f"the rotation of certificates of {cluster} stopped before the end",
            step=machine.name,
            completed=tuple(done),
            seen=f"at {machine.name}: {error.without_hint}",
            hint=f"mend that, then go on with {' '.join(('fleetkit certificates rotate', cluster, again)).strip()}",
        ) from error


def visit_each(
    cluster: str,
    machines: Sequence[FleetMachine],
    act: Callable[[FleetMachine], None],
    *,
    doing: str,
    what: str,
    done: list[str],
    told: Reporter,
) -> list[WorkflowError]:
    """Do something to one machine after the other; a worker on which it fails keeps no other machine from it.

    Parameters
    ----------
    doing, what
        What it does, as is told; and what was done then, as the record has it.
    done
        Names of the machines that did it; grows.

    Returns
    -------
    list
        Why it failed on workers.

    Raises
    ------
    WorkflowError
        When it fails on a master: no other is touched while one may be ill.
    """
    failed = []
    for machine in machines:
        told.note(f"{machine.name} {doing}")
        try:
            attempt(cluster, machine, done, act)
        except WorkflowError as error:
            if not machine.role:
                raise
            told.note(str(error))
            failed.append(error)
            continue
        done.append(machine.name)
        told.record(EventKind.CHANGE, {"what": what, "machine": machine.name})
    return failed


def take_over(way: WayIn, machine: FleetMachine, pki: ClusterPki, *, patience: Patience) -> None:
    """Have a machine fetch; a master's member shows the certificates that were made for it when this returns.

    Raises
    ------
    SshError
        When the machine cannot be reached, or its fetch fails.
    WaitTimeoutError
        When the member shows others still.
    """
    fetch_files(way, machine)
    if machine.role:
        return

    def served() -> bool | NotYet[bool]:
        flaws = [find_flaw(way, machine, f"members/{machine.name}/{kind}", pki) for kind in ("server", "peer")]
        return NotYet("; ".join(filter(None, flaws))) if any(flaws) else True

    wait_until(served, what=f"{machine.name} to serve what it fetched", patience=patience)
