"""What every hall and every machine of one does the same: states, names, guards, and the order of steps.

How a machine gets its place, its processes and their end is each hall's own.
"""

from __future__ import annotations

import abc
import json
import shutil
import threading
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.sandbox.hall.model import METADATA_ADDRESS, MachineSpec, MachineState

__all__ = ["BaseHall", "BaseMachine"]


class BaseMachine(abc.ABC):
    """A machine of any hall.

    Attributes
    ----------
    spec
        What was asked for.
    folder
        Its folder on the host: ``root``, the log and the events.
    log_path
        What its init says.
    """

    def __init__(self, spec: MachineSpec, *, folder: Path) -> None:
        self.spec = spec
        self.folder = folder
        self.log_path = folder / "console.log"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec.machine_id}, {self.spec.kind}, {self.spec.address}, {self.state})"

    @property
    def state(self) -> MachineState:
        """Where it is in its life; a plain machine, which boots nothing, is always running."""
        return self._read_state()[0]

    @property
    def failure(self) -> str | None:
        """Why it failed, or None where it did not."""
        state, why = self._read_state()
        return why if state is MachineState.FAILED else None

    def ask_to_reboot(self) -> bool:
        """Have init begin anew; False where there is none that could."""
        return False

    @abc.abstractmethod
    def _has_ended(self) -> bool | None:
        """Say whether its init has ended; None where it was given none, or it was taken away."""

    def _read_state(self) -> tuple[MachineState, str | None]:
        if self.spec.kind == "plain":
            return MachineState.RUNNING, None
        has_ended = self._has_ended()
        if has_ended is None:
            return MachineState.STOPPED, None
        events = (self.folder / "events.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        # A line without its end is still being written.
        last = next((json.loads(line) for line in reversed(events) if line.endswith("\n")), {"state": "booting"})
        state = MachineState(last["state"])
        # An end is a failure unless it was announced.
        if has_ended and state is not MachineState.STOPPED:
            return MachineState.FAILED, last.get("why") or f"its init ended; {self.log_path} says more"
        return state, last.get("why")


M = TypeVar("M", bound=BaseMachine)


class BaseHall(abc.ABC, Generic[M]):
    """A hall of any kind; use it as a context manager, or call `stop`.

    All methods may be called from any thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._machines: dict[str, M] = {}

    @property
    def machines(self) -> tuple[M, ...]:
        """All machines, in the order in which they were added."""
        with self._lock:
            return tuple(self._machines.values())

    def machine(self, machine_id: str) -> M:
        """Return the machine of that id.

        Raises
        ------
        NotFoundError
            When there is none; lists those there are.
        """
        with self._lock:
            if machine_id not in self._machines:
                raise NotFoundError(f"no machine {machine_id!r} in the hall", known=self._machines)
            return self._machines[machine_id]

    def add_machine(self, spec: MachineSpec) -> M:
        """Give a machine its place in the network and, unless it is plain, boot it.

        It returns while the machine boots; `BaseMachine.state` tells when it is done.

        Raises
        ------
        PreconditionError
            When the id or the address is taken.
        HallError
            When the kernel refuses.
        """
        with self._lock:
            if spec.machine_id in self._machines:
                raise PreconditionError(f"the hall has a machine {spec.machine_id!r} already")
            holders = {METADATA_ADDRESS: "the router"} | {
                one.spec.address: repr(one) for one in self._machines.values()
            }
            if spec.address in holders:
                raise PreconditionError(
                    f"address {spec.address} of machine {spec.machine_id!r} is taken", seen=holders[spec.address]
                )
            folder = self.folder / "machines" / spec.machine_id
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            machine = self._place(spec, folder)
            self._machines[spec.machine_id] = machine
            try:
                if spec.kind != "plain":
                    self._build_root(machine)
                    self._boot(machine)
            except BaseException:
                self.remove_machine(spec.machine_id)
                raise
            return machine

    def remove_machine(self, machine_id: str) -> None:
        """Kill all of a machine's processes and take away its place, its root and its logs."""
        with self._lock:
            machine = self.machine(machine_id)
            self._displace(machine)
            del self._machines[machine_id]
            shutil.rmtree(machine.folder)

    def stop_machine(self, machine_id: str) -> None:
        """Kill all of a machine's processes; its root, its place and its address stay."""
        with self._lock:
            self._end(self.machine(machine_id))

    def start_machine(self, machine_id: str) -> None:
        """Boot a stopped machine from the root that it has.

        Raises
        ------
        PreconditionError
            When it was not stopped.
        """
        with self._lock:
            machine = self.machine(machine_id)
            if machine.state is not MachineState.STOPPED:
                raise PreconditionError(f"machine {machine_id} is not stopped", seen=machine.state)
            # One that powered itself off is stopped, and what was its own may still be held.
            self._end(machine)
            self._boot(machine)

    def reboot_machine(self, machine_id: str) -> None:
        """Have a machine end and boot again from the root that it has: by itself, or hard where its init cannot.

        Raises
        ------
        PreconditionError
            When it is stopped.
        """
        with self._lock:
            machine = self.machine(machine_id)
            if machine.state is MachineState.STOPPED:
                raise PreconditionError(f"machine {machine_id} is stopped", hint="start it instead")
            if not machine.ask_to_reboot():
                self._end(machine)
                self._boot(machine)

    @abc.abstractmethod
    def stop(self) -> None:
        """End the hall with all its processes; the files of its machines stay in its folder."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abc.abstractmethod
    def _place(self, spec: MachineSpec, folder: Path) -> M:
        """Make a machine and give it its place; nothing of it runs yet."""

    @abc.abstractmethod
    def _displace(self, machine: M) -> None:
        """Kill all of a machine's processes, and take away its place."""

    def _build_root(self, machine: M) -> None:
        """Make the root that a machine boots from for the first time."""

    @abc.abstractmethod
    def _boot(self, machine: M) -> None:
        """Start the init of a machine that has none."""

    @abc.abstractmethod
    def _end(self, machine: M) -> None:
        """Kill all of a machine's processes, where it has any."""
