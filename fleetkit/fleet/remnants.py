"""What fleet has left behind among its keys in etcd: what is certain to be of no use to anybody, and what is in doubt.

fleet v1.0.0 takes no unit file away when the last unit that is made of it goes, and its own threads race: a unit that
is destroyed while the engine places it keeps a target, of which the next unit of that name knows nothing. Its layout
is that of `fleetkit.fleet.keys`. Nothing is read or deleted here.

Whatever expires is left to do so: fleet gives a time to live to all that machines say, and says it again for as long as
they live. What fleet needs one of its jobs for cannot be told where a job cannot be read: then no unit file is certain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fleetkit.fleet.keys import FLEET_KEY

__all__ = ["FleetKey", "Remnants", "find_remnants"]

_HASH = re.compile(r"[0-9a-f]{40}")
_JOB_FIELDS = ("target-state", "target", "job-state")
_DESCRIPTION = re.compile(r"^Description=(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetKey:
    """A key or directory below fleet's prefix.

    Attributes
    ----------
    key
        All of it, from the root on.
    value
        What it holds; None for a directory.
    expires
        Whether it goes by itself.
    """

    key: str
    value: str | None
    expires: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """Its parts below fleet's prefix."""
        return tuple(self.key.removeprefix(FLEET_KEY).strip("/").split("/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remnants:
    """What was found.

    Attributes
    ----------
    garbage
        Each key that is of no use any more, to why.
    doubtful
        Each key of which that cannot be said, to what it is and what to do about it.
    missing
        Keys of unit files that are not there, and that jobs name.
    expiring
        How many keys there are of what is gone that go by themselves.
    """

    garbage: Mapping[str, str] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    expiring: int = 0


def find_remnants(keys: Iterable[FleetKey]) -> Remnants:
    """Tell what of fleet's keys is garbage; they have to be of one reading, of all that is below fleet's prefix.

    A unit whose name begins with ``_`` is in no listing of etcd's v2 store, so that fleet's engine never sees it, and
    nor does this.
    """
    held = {one.path: one for one in keys if one.key.strip("/") != FLEET_KEY.strip("/")}
    search = _Search(held=held)
    for path, one in sorted(held.items(), key=lambda item: (item[1].value is None, -len(item[0]), item[0])):
        # Directories come last and the deepest first: one is empty then where all that it held is garbage.
        (search.judge_directory if one.value is None else search.judge_key)(path, one)
    return Remnants(
        garbage=search.garbage,
        doubtful=search.doubtful,
        missing=frozenset(search.missing),
        expiring=search.expiring,
    )


@dataclass(slots=True)
class _Search:
    held: Mapping[tuple[str, ...], FleetKey]
    garbage: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    expiring: int = 0
    _units: set[str] = field(init=False)
    _machines: set[str] = field(init=False)
    _hashes: dict[str, str] = field(init=False)
    _used: set[str] = field(init=False)
    _unread: list[str] = field(init=False)
    _children: dict[tuple[str, ...], list[str]] = field(init=False)

    def __post_init__(self) -> None:
        objects = {path[1]: one for path, one in self.held.items() if _fits(path, "job", None, "object")}
        self._units = set(objects)
        self._machines = {path[1] for path in self.held if _fits(path, "machines", None, "object")}
        self._hashes = {name: _read_hash(one.value or "") for name, one in objects.items()}
        self._used = set(self._hashes.values())
        self._unread = sorted(name for name, found in self._hashes.items() if not found)
        self._children = {}
        for path, one in self.held.items():
            self._children.setdefault(path[:-1], []).append(one.key)

    def judge_key(self, path: tuple[str, ...], one: FleetKey) -> None:
        match path:
            case ("unit", unit_hash):
                self._judge_unit_file(unit_hash, one)
            case ("job", name, "object"):
                self._judge_job(name, one)
            case ("job", name, field_) if field_ in _JOB_FIELDS:
                if name not in self._units:
                    self._take(one, f"fleet has no unit {name}")
            case ("states", name, machine_id):
                self._judge_state(name, machine_id, one)
            case ("state", name):
                self._judge_state(name, _read_machine(one.value or ""), one)
            case ("machines", machine_id, "metadata", _):
                if machine_id not in self._machines:
                    told = f"the machine {machine_id[:8]} is not there, and finds it again when it comes back"
                    self.doubtful[one.key] = f"{told}; where it never will, fleetkit kv delete"
            case ("machines", _, "object") | ("lease", _) | ("engine", "version"):
                pass
            case _:
                self.doubtful[one.key] = "fleet v1.0.0 writes no such key"

    def judge_directory(self, path: tuple[str, ...], one: FleetKey) -> None:
        owners = {"job": self._units, "states": self._units, "machines": self._machines}
        is_owned = len(path) < 2 or path[0] not in owners or path[1] in owners[path[0]]
        if not is_owned and all(key in self.garbage for key in self._children.get(path, ())):
            self.garbage[one.key] = "nothing is left in it"

    def _judge_unit_file(self, unit_hash: str, one: FleetKey) -> None:
        if unit_hash in self._used:
            return
        if not _HASH.fullmatch(unit_hash):
            self.doubtful[one.key] = "this is no hash of a unit file"
        elif self._unread:
            self.doubtful[one.key] = f"which unit file {', '.join(self._unread)} has cannot be read"
        else:
            self._take(one, f"no unit is made of it{_describe(one.value or '')}")

    def _judge_job(self, name: str, one: FleetKey) -> None:
        if name in self._unread:
            self.doubtful[one.key] = "it names no unit file that can be read; deploy its unit file again"
            return
        unit_hash = self._hashes[name]
        if ("unit", unit_hash) not in self.held:
            self.missing.add(f"{FLEET_KEY}/unit/{unit_hash}")
            why = f"its unit file {unit_hash[:8]} is not there, and fleet passes it over; deploy its unit file again"
            self.doubtful[one.key] = why

    def _judge_state(self, name: str, machine_id: str, one: FleetKey) -> None:
        if machine_id and self._machines and machine_id not in self._machines:
            self._take(one, f"the machine {machine_id[:8]} that said it is not there, and it never expires")
        elif name not in self._units:
            self._take(one, f"fleet has no unit {name}, and it never expires")
        elif machine_id not in self._machines and not one.expires:
            self.doubtful[one.key] = (
                "no machine is in fleet that could say it" if machine_id else "nobody knows which machine said it"
            )

    def _take(self, one: FleetKey, why: str) -> None:
        if one.expires:
            self.expiring += 1
        else:
            self.garbage[one.key] = why


def _fits(path: tuple[str, ...], *parts: str | None) -> bool:
    return len(path) == len(parts) and all(its in (None, one) for its, one in zip(parts, path, strict=True))


def _read_hash(value: str) -> str:
    """Return the hash that a job's object names; empty where it names none."""
    try:
        found = json.loads(value)["UnitHash"]
        # A whole number would make so many zero bytes.
        read = bytes(found).hex() if isinstance(found, list) else ""
    except (KeyError, TypeError, ValueError):
        return ""
    return read if _HASH.fullmatch(read) else ""


def _read_machine(value: str) -> str:
    """Return the machine that said a state; empty where it does not say."""
    try:
        return str(json.loads(value)["machineState"]["ID"])
    except (KeyError, TypeError, ValueError):
        return ""


def _describe(value: str) -> str:
    try:
        found = _DESCRIPTION.search(str(json.loads(value)["Raw"]))
    except (KeyError, TypeError, ValueError):
        return ""
    return f": {found.group(1).strip()}" if found else ""
