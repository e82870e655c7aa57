"""fleet's keys in etcd: units and what is wanted of them, where they were put, what machines say, and the machines."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import FleetError
from fleetkit.sandbox.fleetd.etcd import EtcdClient, Key
from fleetkit.sandbox.fleetd.units import Unit, Wanted, Wish, read_wish

__all__ = ["Job", "KnownMachine", "PoisonedError", "PublishedState", "Registry"]


class PoisonedError(FleetError):
    """A unit's desired state is none: fleet reads it never again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A unit as it is stored.

    Attributes
    ----------
    desired
        The desired state; None where its key is gone.
    machine_id, heartbeat
        Where it was put, and which machine says that it was started there; empty where none.
    """

    name: str
    unit: Unit
    desired: Wanted | None
    machine_id: str
    heartbeat: str

    @property
    def wish(self) -> Wish:
        """What it asks of its machine."""
        return read_wish(self.unit, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedState:
    """What a machine says of a unit; the three states are systemd's."""

    name: str
    machine_id: str
    unit_hash: str
    load: str
    active: str
    sub: str

    @classmethod
    def parse(cls, name: str, value: str) -> PublishedState:
        """Read a state's key."""
        found = json.loads(value)
        return cls(
            name=name,
            machine_id=found["machineState"]["ID"],
            unit_hash=found["unitHash"],
            load=found["loadState"],
            active=found["activeState"],
            sub=found["subState"],
        )

    def render(self) -> str:
        """Write it as fleet does."""
        return json.dumps(
            {
                "loadState": self.load,
                "activeState": self.active,
                "subState": self.sub,
                "machineState": {"ID": self.machine_id, "PublicIP": "", "Metadata": None, "Version": ""},
                "unitHash": self.unit_hash,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMachine:
    """A machine that is there; its metadata as it is after what was changed in them."""

    id: str
    public_ip: str
    metadata: Mapping[str, str]


class Registry:
    """Reads and writes fleet's keys.

    Parameters
    ----------
    ttl_s
        How long a machine's word on a unit stands without being renewed.
    """

    def __init__(self, etcd: EtcdClient, *, ttl_s: float) -> None:
        self._etcd = etcd
        self._ttl_s = ttl_s
        self._lock = threading.Lock()
        # Stored under their own hash, units never change.
        self._units: dict[str, Unit] = {}

    def read_jobs(self) -> list[Job]:
        """Return all units, by name, as the cluster agrees on them; poisoned ones are left out, as fleet does."""
        fields: dict[str, dict[str, str]] = {}
        for key in self._etcd.list_keys("job", quorum=True):
            _, name, field = key.name.split("/", 2)
            fields.setdefault(name, {})[field] = key.value
        found = []
        for name in sorted(fields):
            try:
                job = self._read(name, fields[name], quorum=True)
            except PoisonedError:
                continue
            found += [] if job is None else [job]
        return found

    def read_job(self, name: str) -> Job | None:
        """Return one unit, as the etcd member at hand knows it; None where there is none.

        Raises
        ------
        PoisonedError
            When its desired state is none.
        """
        keys = self._etcd.list_keys(f"job/{name}", quorum=False)
        return self._read(name, {key.name.split("/", 2)[2]: key.value for key in keys}, quorum=False)

    def _read(self, name: str, fields: Mapping[str, str], *, quorum: bool) -> Job | None:
        if "object" not in fields:
            return None
        try:
            desired = Wanted(fields["target-state"]) if "target-state" in fields else None
        except ValueError as error:
            raise PoisonedError(f"{name} is poisoned", seen=fields["target-state"]) from error
        unit = self._read_unit(bytes(json.loads(fields["object"])["UnitHash"]).hex(), quorum=quorum)
        if unit is None:
            return None
        heartbeat = fields.get("job-state", "")
        return Job(name=name, unit=unit, desired=desired, machine_id=fields.get("target", ""), heartbeat=heartbeat)

    def _read_unit(self, unit_hash: str, *, quorum: bool) -> Unit | None:
        with self._lock:
            known = self._units.get(unit_hash)
        if known is None:
            value = self._etcd.get(f"unit/{unit_hash}", quorum=quorum)
            if value is None:
                return None
            known = Unit(raw=json.loads(value)["Raw"])
            with self._lock:
                self._units[unit_hash] = known
        return known

    def create(self, name: str, unit: Unit, desired: Wanted) -> None:
        """Store a unit, over one of that name where there is one."""
        self._etcd.put(f"unit/{unit.unit_hash}", json.dumps({"Raw": unit.raw}))
        made = {"Name": name, "UnitHash": list(bytes.fromhex(unit.unit_hash))}
        self._etcd.put(f"job/{name}/object", json.dumps(made))
        self.want(name, desired)

    def want(self, name: str, desired: str) -> None:
        """Write down the state that is wanted of a unit, whatever it is."""
        self._etcd.put(f"job/{name}/target-state", desired)

    def destroy(self, name: str) -> None:
        """Forget a unit; its text stays, as fleet leaves it."""
        self._etcd.delete(f"job/{name}", condition={"recursive": "true", "dir": "true"})

    def place(self, name: str, machine_id: str) -> bool:
        """Put a unit on a machine; False where it is on one."""
        return self._etcd.put(f"job/{name}/target", machine_id, condition={"prevExist": "false"})

    def displace(self, name: str, machine_id: str) -> None:
        """Take a unit off a machine, if it is still on that one."""
        self._etcd.delete(f"job/{name}/target", condition={"prevValue": machine_id})

    def beat(self, name: str, machine_id: str) -> None:
        """Say that a machine has started a unit."""
        self._etcd.put(f"job/{name}/job-state", machine_id, ttl_s=self._ttl_s)

    def end_beat(self, name: str, machine_id: str) -> None:
        """Take that back."""
        self._etcd.delete(f"job/{name}/job-state", condition={"prevValue": machine_id})

    def publish(self, state: PublishedState) -> None:
        """Say what systemd makes of a unit, by the two keys that fleet keeps of it."""
        value = state.render()
        self._etcd.put(f"states/{state.name}/{state.machine_id}", value, ttl_s=self._ttl_s)
        self._etcd.put(f"state/{state.name}", value, ttl_s=self._ttl_s)

    def withdraw(self, name: str, machine_id: str) -> None:
        """Say nothing more of a unit on a machine."""
        # The older of the two keys is one for all machines, and fleetd asks not whose it is.
        self._etcd.delete(f"state/{name}")
        self._etcd.delete(f"states/{name}/{machine_id}")

    def read_states(self) -> list[PublishedState]:
        """Return what all machines say, by unit and machine."""
        keys = self._etcd.list_keys("states", quorum=False)
        found = [PublishedState.parse(key.name.split("/")[1], key.value) for key in keys]
        return sorted(found, key=lambda one: (one.name, one.machine_id))

    def read_state(self, name: str) -> PublishedState | None:
        """Return what the machine that spoke last says of a unit."""
        value = self._etcd.get(f"state/{name}", quorum=False)
        return None if value is None else PublishedState.parse(name, value)

    def read_machines(self) -> list[KnownMachine]:
        """Return the machines that are there, by id."""
        return list(_read_machines(self._etcd.list_keys("machines", quorum=False)))

    def set_metadata(self, machine_id: str, name: str, value: str) -> None:
        """Change a machine's metadata; an empty value is how fleet remembers that a pair was removed."""
        self._etcd.put(f"machines/{machine_id}/metadata/{name}", value)


def _read_machines(keys: Sequence[Key]) -> list[KnownMachine]:
    objects: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, str]] = {}
    for key in keys:
        match key.name.split("/"):
            case [_, machine_id, "object"]:
                objects[machine_id] = json.loads(key.value)
            case [_, machine_id, "metadata", name]:
                changed.setdefault(machine_id, {})[name] = key.value
    found = []
    for machine_id in sorted(objects):
        metadata = {**(objects[machine_id].get("Metadata") or {}), **changed.get(machine_id, {})}
        kept = {name: value for name, value in sorted(metadata.items()) if value}
        found.append(KnownMachine(id=machine_id, public_ip=objects[machine_id].get("PublicIP", ""), metadata=kept))
    return found
