"""Faults that machines are given on purpose, to see what is said of them and what mends it.

They are silent, as real ones are: no end of a connection is told. What else a shell in a machine can do (stop a unit,
change a file) needs nothing here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import NotFoundError, PreconditionError, format_utc, utc_now
from fleetkit.sandbox._fault_commands import COMMANDS, SPEED_UP
from fleetkit.sandbox.hall import Hall
from fleetkit.sandbox.halls import AnyHall

__all__ = ["HIT_S", "Fault", "FaultBook", "FaultKind"]

HIT_S = 60.0
"""How long it may take to hit one machine."""


class FaultKind(enum.StrEnum):
    """What can be done to machines."""

    FREEZE = "freeze"
    """No process of them goes on; what waits for them waits."""
    CUT = "cut"
    """Nothing comes or goes by one TCP port, be it theirs or the other end's."""
    PART = "part"
    """Nothing passes between them and others."""
    UNPLUG = "unplug"
    """They are cut off from everything, the metadata service too."""
    SLOW = "slow"
    """Their etcd waits at each sync of its disk; where strace is there and may follow it."""
    KILL = "kill"
    """Their etcd ends at once, in the middle of whatever it did; its unit starts it again."""
    WIPE = "wipe"
    """Their etcd is killed and all its data are gone; its unit starts it on the empty disk."""
    FILL = "fill"
    """Their etcd starts anew with a quota of 16 MiB, and takes writes until that is met."""
    EXPIRE = "expire"
    """Their etcd starts anew with certificates whose time has run out."""
    SWAP = "swap"
    """Their etcd starts anew with a certificate that was made for another."""

    @property
    def stands(self) -> bool:
        """Whether it goes on until it is healed; what is over in a moment cannot be undone either."""
        return self in (FaultKind.FREEZE, FaultKind.CUT, FaultKind.PART, FaultKind.UNPLUG, FaultKind.SLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault that was given; it stands until it is healed, unless its kind is over in a moment.

    Attributes
    ----------
    machines, others
        Instance ids of those that it hits; the others are those that they are parted from.
    port
        The TCP port that is cut.
    delay_ms
        How long each sync waits.
    since
        When it was given, in UTC.
    """

    kind: FaultKind
    machines: tuple[str, ...]
    others: tuple[str, ...] = ()
    port: int | None = None
    delay_ms: int | None = None
    since: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return dataclasses.asdict(self)


class FaultBook:
    """Gives faults to the machines of a hall, and knows which stand.

    Parameters
    ----------
    hall
        The machines.
    find
        Returns the instance id of a machine that is named in any way.
    """

    def __init__(self, hall: AnyHall, find: Callable[[str], str]) -> None:
        self._hall, self._find = hall, find
        self._standing: list[Fault] = []
        self._lock = threading.Lock()

    def answer(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Do what a command asks for, and return the faults that it is about.

        Raises
        ------
        NotFoundError
            When no machine is meant by a name; nothing is done then.
        PreconditionError
            When the sandbox has no network and no machines that could be broken.
        """
        with self._lock:
            if message["do"] == "give":
                return [self._give(message).to_json()]
            if message["do"] == "heal":
                return [one.to_json() for one in self._heal()]
            return [one.to_json() for one in self._standing]

    def _give(self, message: Mapping[str, Any]) -> Fault:
        hall = self._breakable()
        fault = Fault(
            kind=FaultKind(message["kind"]),
            machines=tuple(map(self._find, message["machines"])),
            others=tuple(map(self._find, message["others"])),
            port=message["port"],
            delay_ms=message["delay_ms"],
            since=format_utc(utc_now()),
        )
        match fault.kind:
            case kind if kind in COMMANDS:
                self._run_in(hall, fault.machines, COMMANDS[kind], *message["words"])
            case FaultKind.PART:
                hall.faults.partition(fault.machines, fault.others)
            case FaultKind.CUT if fault.port is not None:
                for machine in fault.machines:
                    hall.faults.cut_port(machine, fault.port)
            case FaultKind.UNPLUG:
                for machine in fault.machines:
                    hall.faults.unplug(machine)
            case FaultKind.FREEZE:
                for machine in fault.machines:
                    hall.freeze_machine(machine)
            case _:
                raise PreconditionError("a port is cut, and none was named")
        if fault.kind.stands:
            self._standing.append(fault)
        return fault

    @staticmethod
    def _run_in(hall: Hall, machines: Sequence[str], command: str, *argv: str) -> None:
        failed = []
        for machine in machines:
            done = hall.machine(machine).run(["bash", "-c", command, "fault", *argv], timeout_s=HIT_S)
            if done.returncode != 0:
                failed.append(f"{machine}: {done.stderr.decode(errors='replace').strip()}")
        if failed:
            raise PreconditionError(
                "not every machine could be hit",
                seen="; ".join(failed),
                hint="these faults are for masters whose etcd runs: fleetkit etcd health",
            )

    def _heal(self) -> tuple[Fault, ...]:
        hall = self._breakable()
        hall.faults.heal()
        for fault in self._standing:
            for machine in fault.machines:
                # A machine that was terminated meanwhile took its fault along.
                with contextlib.suppress(NotFoundError):
                    if fault.kind is FaultKind.FREEZE:
                        hall.thaw_machine(machine)
                    elif fault.kind is FaultKind.SLOW:
                        self._run_in(hall, [machine], SPEED_UP)
        healed, self._standing = tuple(self._standing), []
        return healed

    def _breakable(self) -> Hall:
        if not isinstance(self._hall, Hall):
            raise PreconditionError(
                "machines cannot be broken here",
                seen="this sandbox is in loopback mode, where they are plain processes with no network of their own",
                hint="fleetkit sandbox status says why it is; what a process can bear, signals do: kill -STOP",
            )
        return self._hall
