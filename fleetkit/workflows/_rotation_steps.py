"""What each machine does in a rotation: it fetches, and the next one has its turn when it shows what it fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleetkit.core import FleetkitError, NotYet, Patience, WorkflowError, wait_until
from fleetkit.pki import ClusterPki
from fleetkit.workflows._rotation_machines import FleetMachine, fetch_files
from fleetkit.workflows._rotation_proof import find_flaw
from fleetkit.workflows.way_in import WayIn

__all__ = ["attempt", "take_over"]


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
