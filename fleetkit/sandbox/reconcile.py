"""The loop that makes the network and its machines what the emulated AWS says they are.

Level-triggered: each turn looks at everything there is, compares it with what was made, and acts on the difference, so
a turn that failed is made good by the next one.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from fleetkit.core import FleetkitError
from fleetkit.sandbox.aws.identity import ACCOUNT_ID
from fleetkit.sandbox.aws.observe import observe
from fleetkit.sandbox.hall import Allow, MachineKind, MachineSpec, MachineState, Protocol
from fleetkit.sandbox.halls import AnyHall
from fleetkit.sandbox.services.balancers import Balancers, balancer_machine_id
from fleetkit.sandbox.services.public import PublicPorts
from fleetkit.sandbox.world import (
    INTERNET_ADDRESS,
    OPERATOR_ADDRESS,
    VPN_ADDRESS,
    Instance,
    Observation,
    derive_rules,
    private_names,
)

__all__ = ["OUTSIDE", "MachineReport", "Reconciler", "add_outside"]

OUTSIDE = {"operator": OPERATOR_ADDRESS, "internet": INTERNET_ADDRESS, "vpn": VPN_ADDRESS}
"""Places outside of every VPC from which the network is visited."""

_IDLE_S = 1.0
_GATHER_S = 0.05
"""Seconds for which changes are gathered before a turn, as one call of a program is rarely its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineReport:
    """One machine as ``sandbox machines`` shows it; ``failure`` says why it failed."""

    instance_id: str
    name: str
    kind: str
    zone: str
    address: str
    public_address: str | None
    state: str
    failure: str | None
    log: str


def add_outside(hall: AnyHall) -> None:
    """Put the places from which the network is visited into the hall."""
    for machine_id, address in OUTSIDE.items():
        hall.add_machine(MachineSpec(machine_id=machine_id, hostname=machine_id, address=address, kind="plain"))


class Reconciler:
    """Keeps a hall in step with a region of the emulated AWS, in a thread of its own."""

    def __init__(self, hall: AnyHall, balancers: Balancers, ports: PublicPorts, *, region: str) -> None:
        self._hall = hall
        self._balancers = balancers
        self._ports = ports
        self._region = region
        self._made: dict[str, MachineSpec] = {}
        self._halted: set[str] = set()
        self._reboots: dict[str, int] = {}
        self._rules: tuple[Any, ...] | None = None
        self._names: dict[str, str] | None = None
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="reconcile", daemon=True)
        self.seen = Observation(region=region)
        self.problems: tuple[str, ...] = ()

    def start(self) -> None:
        """Begin to keep step."""
        self._thread.start()

    def wake(self) -> None:
        """Look again soon; called whenever something may have changed."""
        self._wake.set()

    def stop(self) -> None:
        """End the loop; machines stay as they are."""
        self._ended = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def instance_at(self, address: str) -> Instance | None:
        """Return the running instance that has a private address."""
        running = (one for one in self.seen.instances if one.state == "running")
        return next((one for one in running if one.address == address), None)

    def machines(self) -> list[MachineReport]:
        """Return all machines that instances have, and how they do."""
        return [self._report(one) for one in self.seen.instances]

    def _run(self) -> None:
        while not self._ended:
            # A dictionary of moto's that changes while it is read is no fault of ours; the next look is whole.
            with contextlib.suppress(RuntimeError):
                self.turn()
            self._wake.wait(_IDLE_S)
            threading.Event().wait(_GATHER_S)
            self._wake.clear()

    def turn(self) -> None:
        """Look once, and act on every difference."""
        seen = observe(self._region)
        self.seen = seen
        problems: list[str] = []
        wanted = dict(_wanted_machines(seen))
        self._remove(wanted, problems)
        self._apply_network(seen)
        self._add(wanted, problems)
        self._follow_power(seen, problems)
        self._ports.apply(seen)
        problems += self._balancers.apply(seen)
        self.problems = tuple(problems)

    def _remove(self, wanted: dict[str, MachineSpec], problems: list[str]) -> None:
        for machine_id in [one for one, spec in self._made.items() if wanted.get(one) != spec]:
            with _noting(problems, machine_id):
                self._hall.remove_machine(machine_id)
                del self._made[machine_id]
                self._halted.discard(machine_id)
                self._reboots.pop(machine_id, None)

    def _apply_network(self, seen: Observation) -> None:
        """Set rules and names before machines come, so that a boot never meets the network of a moment ago."""
        rules = derive_rules(seen)
        if rules != self._rules:
            self._hall.set_rules(
                Allow(
                    source=one.source,
                    destination=one.destination,
                    protocol=cast("Protocol", one.protocol),
                    ports=one.ports,
                )
                for one in rules
            )
            self._rules = rules
        names = private_names(seen)
        if names != self._names:
            self._hall.set_hosts(names)
            self._names = names

    def _add(self, wanted: dict[str, MachineSpec], problems: list[str]) -> None:
        stopped = {one.instance_id for one in self.seen.instances if one.state != "running"}
        for machine_id, spec in wanted.items():
            if machine_id in self._made or machine_id in stopped:
                continue
            with _noting(problems, machine_id):
                self._hall.add_machine(spec)
                self._made[machine_id] = spec

    def _follow_power(self, seen: Observation, problems: list[str]) -> None:
        """Stop and start machines as their instances are; end instances whose machine switched itself off."""
        for instance in seen.instances:
            machine_id = instance.instance_id
            if machine_id not in self._made or instance.kind == "plain":
                continue
            with _noting(problems, machine_id):
                if instance.state == "stopped" and machine_id not in self._halted:
                    self._halted.add(machine_id)
                    self._hall.stop_machine(machine_id)
                elif instance.state == "running" and machine_id in self._halted:
                    self._hall.start_machine(machine_id)
                    self._halted.discard(machine_id)
                elif instance.state == "running":
                    self._follow_poweroff(machine_id)
                    self._follow_reboot(instance)

    def _follow_poweroff(self, machine_id: str) -> None:
        if self._hall.machine(machine_id).state is not MachineState.STOPPED:
            return
        from moto.autoscaling.models import autoscaling_backends
        from moto.ec2.models import ec2_backends

        ec2 = ec2_backends[ACCOUNT_ID][self._region]
        instance = ec2.get_instance(machine_id)
        if instance.instance_initiated_shutdown_behavior == "terminate":
            instance.terminate()
            autoscaling_backends[ACCOUNT_ID][self._region].notify_terminate_instances([machine_id])
        else:
            self._halted.add(machine_id)
            instance.stop()

    def _follow_reboot(self, instance: Instance) -> None:
        machine_id = instance.instance_id
        if instance.reboots > self._reboots.setdefault(machine_id, instance.reboots):
            self._hall.reboot_machine(machine_id)
            self._reboots[machine_id] = instance.reboots

    def _report(self, instance: Instance) -> MachineReport:
        machine_id = instance.instance_id
        state, failure, log = "pending", None, ""
        if machine_id in self._made:
            machine = self._hall.machine(machine_id)
            state, failure, log = str(machine.state), machine.failure, str(machine.log_path)
        elif instance.state == "stopped":
            state = "stopped"
        return MachineReport(
            instance_id=machine_id,
            name=instance.name,
            kind=instance.kind,
            zone=instance.zone,
            address=instance.address,
            public_address=instance.public_address,
            state=state,
            failure=failure,
            log=log,
        )


@contextlib.contextmanager
def _noting(problems: list[str], machine_id: str) -> Iterator[None]:
    """Keep a failure with one machine from the others; it is shown by ``status`` and tried again in the next turn."""
    try:
        yield
    except (FleetkitError, OSError) as error:
        problems.append(f"{machine_id}: {error}")


def _wanted_machines(seen: Observation) -> Iterator[tuple[str, MachineSpec]]:
    for instance in seen.instances:
        yield (
            instance.instance_id,
            MachineSpec(
                machine_id=instance.instance_id,
                hostname=instance.hostname.partition(".")[0],
                address=instance.address,
                kind=cast("MachineKind", instance.kind),
            ),
        )
    for balancer in seen.balancers:
        for index, address in enumerate(balancer.addresses):
            machine_id = balancer_machine_id(balancer, index)
            yield (
                machine_id,
                MachineSpec(machine_id=machine_id, hostname=machine_id, address=address, kind="plain"),
            )
