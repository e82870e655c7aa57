"""What a unit is doing: its states, and the conditions under which it may start."""

from __future__ import annotations

import abc
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fleetkit.sandbox.machine.spawn import Children
from fleetkit.sandbox.machine.systemd.journal import Journal
from fleetkit.sandbox.machine.systemd.unit import Unit

__all__ = ["JobFailedError", "Live", "Surroundings", "Target", "failed_condition"]


class JobFailedError(Exception):
    """A unit could not be started; the text says why."""


class Surroundings(Protocol):
    """What a unit asks of the manager that runs it."""

    @property
    def children(self) -> Children:
        """Starts programs."""

    @property
    def journal(self) -> Journal:
        """Takes what is to be said."""

    def start_later(self, name: str, *, delay_s: float) -> None:
        """Start a unit after a while, by a job of its own."""

    def is_loaded(self, name: str) -> bool:
        """Say whether there is a unit of that name, which is not masked."""

    def triggered_by(self, name: str) -> list[int]:
        """Return the descriptors that the sockets of a service hold for it."""

    def serve_connection(self, name: str, connection: socket.socket) -> None:
        """Start the service ``name`` for one connection, which is handed to it."""

    def connection_of(self, name: str) -> socket.socket | None:
        """Return the connection that a service was made for, once; the caller closes it."""

    def state_changed(self, name: str) -> None:
        """Take notice of a unit's new state."""


class Live(abc.ABC):
    """A unit and its state.

    Attributes
    ----------
    active, sub
        systemd's active state and sub state.
    result
        Why it failed, in systemd's words; ``success`` where it did not.
    """

    def __init__(self, unit: Unit, manager: Surroundings) -> None:
        self.unit = unit
        self.manager = manager
        self.active = "inactive"
        self.sub = "dead"
        self.result = "success"
        self.main_pid = 0
        self.since = time.time()

    @property
    def name(self) -> str:
        """The unit's name."""
        return self.unit.name

    def say(self, text: str) -> None:
        """Write a line about the unit to the journal."""
        self.manager.journal.say(self.name, text)

    def set_state(self, active: str, sub: str) -> None:
        """Enter a state, and tell the manager."""
        if (active, sub) != (self.active, self.sub):
            self.active, self.sub, self.since = active, sub, time.time()
            self.manager.state_changed(self.name)

    @abc.abstractmethod
    async def start(self) -> None:
        """Start it; return when its start job is done.

        Raises
        ------
        JobFailedError
            When it failed.
        """

    async def stop(self) -> None:
        """Stop it; return when nothing of it is left."""
        self.set_state("inactive", "dead")

    def reset_failed(self) -> None:
        """Forget a failure."""
        if self.active == "failed":
            self.result = "success"
            self.set_state("inactive", "dead")


class Target(Live):
    """A unit that only groups others."""

    async def start(self) -> None:
        """Be reached; what it groups was ordered before it."""
        self.set_state("active", "active")
        self.say(f"Reached target {self.unit.description}.")


def failed_condition(unit: Unit, kind: str) -> str | None:
    """Return the first ``Condition…=`` (or ``Assert…=``) that does not hold, or None.

    Parameters
    ----------
    kind
        ``Condition`` or ``Assert``.
    """
    tests: dict[str, Callable[[str], bool]] = {
        "PathExists": os.path.exists,
        "PathIsDirectory": os.path.isdir,
        "FileIsExecutable": lambda path: Path(path).is_file() and os.access(path, os.X_OK),
    }
    for name, test in tests.items():
        for value in unit.settings.all("Unit", f"{kind}{name}"):
            path = value.lstrip("|!")
            if test(path) is value.startswith("!"):
                return f"{kind}{name}={value}"
    return None
