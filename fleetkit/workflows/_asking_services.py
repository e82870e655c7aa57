"""Asking instances of services whether they serve.

In a cluster an instance is asked by its own machine, over SSH: no security group lets the bastion to any port but that
of SSH, and machines forward no connections.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import SshError, call_each
from fleetkit.fleet import (
    Health,
    ProbeResult,
    ServiceInstance,
    judge_probe_command,
    probe_command,
    probe_service,
)
from fleetkit.ssh import Connection, run_command
from fleetkit.workflows.delivery import FLEET_MACHINE_ROLES
from fleetkit.workflows.way_in import WayIn

__all__ = ["ask_services"]

_PROBE_S = 3.0
"""Seconds in which a service has to answer; the original's own sidekicks asked each 20."""

_COMMAND_S = 10.0
"""Seconds for the command that asks, with all that SSH takes."""

_MACHINES_AT_ONCE = 8
"""OpenSSH lets ten logins begin at a time (MaxStartups), and others log in as well."""


def ask_services(instances: Sequence[ServiceInstance], *, way: WayIn | None) -> dict[ServiceInstance, ProbeResult]:
    """Ask instances through a cluster's way in, or directly where there is none; who cannot be asked is unknown."""
    return _ask_directly(instances) if way is None else _ask_over(way, instances)


def _ask_directly(instances: Sequence[ServiceInstance]) -> dict[ServiceInstance, ProbeResult]:
    def ask(one: ServiceInstance) -> ProbeResult:
        return probe_service(one.address, one.port, one.probe, limit_s=_PROBE_S)

    answers = call_each(instances, ask)
    failed = {one: ProbeResult(health=Health.UNKNOWN, reason=str(error)) for one, error in answers.failed.items()}
    return answers.ok | failed


def _ask_over(way: WayIn, instances: Sequence[ServiceInstance]) -> dict[ServiceInstance, ProbeResult]:
    by_machine: dict[tuple[str, str], list[ServiceInstance]] = {}
    for one in instances:
        by_machine.setdefault((one.address, one.role), []).append(one)

    def ask(machine: tuple[str, str]) -> dict[ServiceInstance, ProbeResult]:
        address, role = machine
        with way.connect(address, role=role if role in FLEET_MACHINE_ROLES else "") as connection:
            return {one: _ask_on(connection, one) for one in by_machine[machine]}

    answers = call_each(list(by_machine), ask, catch=SshError, at_once=_MACHINES_AT_ONCE)
    found = {one: result for results in answers.ok.values() for one, result in results.items()}
    for machine, error in answers.failed.items():
        # A machine that cannot be asked says nothing of its services: it may be the way there that fails.
        reason = error.without_hint if isinstance(error, SshError) else str(error)
        found |= dict.fromkeys(by_machine[machine], ProbeResult(health=Health.UNKNOWN, reason=reason))
    return found


def _ask_on(connection: Connection, instance: ServiceInstance) -> ProbeResult:
    command = probe_command(instance.address, instance.port, instance.probe, limit_s=_PROBE_S)
    result = run_command(connection, command, limit_s=_COMMAND_S, check=False)
    return judge_probe_command(result.exit_status, result.stdout, instance.probe, limit_s=_PROBE_S)
