"""Where a notice goes: a URL that apprise understands, a program of this computer, or whatever a caller can call.

A destination has a name, by which it is told of; its URL is never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fleetkit.notice._commanding import run_command
from fleetkit.notice._ordering import send_by_url
from fleetkit.notice.message import Message

__all__ = ["CallDestination", "CommandDestination", "Destination", "HandOver", "NoticeLimits", "UrlDestination"]

HandOver = Callable[[Callable[[bytes], object]], object]
"""Calls what it is given with a URL, once: `fleetkit.secrets.Secret.deliver`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLimits:
    """How long sending may take.

    Attributes
    ----------
    timeout_s
        Seconds for each destination, connecting and answering together.
    at_once
        The most destinations that are sent to at one time.
    """

    timeout_s: float = 15.0
    at_once: int = 4


class Destination(Protocol):
    """Somebody who can be told."""

    @property
    def name(self) -> str:
        """By which it is spoken of."""

    def send(self, message: Message, *, timeout_s: float) -> None:
        """Hand the message over, or raise an error of fleetkit's that says why it was not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlDestination:
    """A service that apprise reaches by a URL.

    Attributes
    ----------
    hand_over
        Gives the URL, as late as can be, to the process that sends.
    """

    name: str
    hand_over: HandOver = field(repr=False)

    def send(self, message: Message, *, timeout_s: float) -> None:
        """Send through apprise, in a process of its own."""
        self.hand_over(lambda content: send_by_url(self.name, content, message, timeout_s=timeout_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDestination:
    """A program of this computer.

    Attributes
    ----------
    command
        The program and its arguments; no shell reads them.
    folder
        The folder that it works in.
    """

    name: str
    command: tuple[str, ...] = field(repr=False)
    folder: Path

    def send(self, message: Message, *, timeout_s: float) -> None:
        """Run the program, with the message on its standard input."""
        run_command(self.name, self.command, message, folder=self.folder, timeout_s=timeout_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDestination:
    """Whatever else can take a message, such as a topic of SNS.

    Attributes
    ----------
    call
        Takes the message, keeps to a time limit of its own, and raises an error of fleetkit's where it fails.
    """

    name: str
    call: Callable[[Message], object] = field(repr=False)

    def send(self, message: Message, *, timeout_s: float) -> None:  # noqa: ARG002 -- the call brings its own limit
        """Call it."""
        self.call(message)
