"""What a unit says of the service that it offers: the section [X-Service], which fleet and systemd pass over.

The section is fleetkit's own, so that nobody but its check would ever tell what is wrong with it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fleetkit.fleet.unit_text import UnitOption, UnitText

__all__ = [
    "LISTENING_TYPES",
    "SERVICE_SECTION",
    "Probe",
    "ProbeKind",
    "ServiceFlaw",
    "ServiceOptions",
    "find_service_flaws",
    "find_service_name",
    "is_port",
]

SERVICE_SECTION = "X-Service"

LISTENING_TYPES = ("service", "socket")
"""Types of units that can offer a service."""

_OPTIONS = ("Name", "Port", "Probe")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?")
"""A DNS label has 63 characters at most, and an SRV record puts an underscore before this one (RFC 2782)."""

_PORT = re.compile(r"[0-9]{1,5}")
_HIGHEST_PORT = 65535
_PATH = re.compile(r"/[!-~]*")

_LEGAL = {
    "Name": "lower-case letters, digits and hyphens between them, 62 at most, such as web",
    "Port": f"a port of its machine, 1 to {_HIGHEST_PORT}",
    "Probe": "http:/path, tcp, or none",
}


class ProbeKind(enum.StrEnum):
    """How a service is asked whether it serves."""

    HTTP = "http"
    """It answers a GET with a status below 400."""
    TCP = "tcp"
    """It takes a connection."""
    NONE = "none"
    """It is not asked: that its unit runs is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How a service is asked.

    Attributes
    ----------
    kind
        By which means.
    path
        What is asked for by HTTP; empty otherwise.
    """

    kind: ProbeKind = ProbeKind.NONE
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Probe | None:
        """Read one as a unit file has it; None where it is none."""
        word, colon, path = text.partition(":")
        if word == ProbeKind.HTTP and colon and _PATH.fullmatch(path):
            return cls(kind=ProbeKind.HTTP, path=path)
        return cls(kind=ProbeKind(text)) if text in (ProbeKind.TCP, ProbeKind.NONE) else None

    def __str__(self) -> str:
        return f"{self.kind}:{self.path}" if self.path else str(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFlaw:
    """What is wrong with an option of [X-Service].

    Attributes
    ----------
    option
        Where; the section's first one, where what is wrong is that something is missing.
    seen, legal
        What is there, and what may be.
    is_fatal
        Whether the service could not be found by its name.
    """

    option: UnitOption
    seen: str
    legal: str
    is_fatal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """The service that a unit offers; all instances of a template offer the same.

    Attributes
    ----------
    name
        The name by which it is found.
    port
        The port on which it listens, on its machine.
    probe
        How it is asked whether it serves.
    """

    name: str
    port: int
    probe: Probe

    @classmethod
    def of(cls, unit: UnitText) -> ServiceOptions | None:
        """Read it out of a unit; None where it offers none, or says so in a way that its check refuses."""
        found = {one.name: one.value for one in _options(unit)}
        if not found or any(flaw.is_fatal for flaw in find_service_flaws(unit)):
            return None
        probe = Probe.parse(found["Probe"]) if "Probe" in found else None
        return cls(name=found["Name"], port=int(found["Port"]), probe=probe or Probe())


def find_service_flaws(unit: UnitText) -> Iterator[ServiceFlaw]:
    """Yield what is wrong with a unit's [X-Service], in no order; nothing where it has none."""
    options = _options(unit)
    given: set[str] = set()
    for one in options:
        if one.name not in _OPTIONS:
            seen = f"{one.name!r} means nothing in [{SERVICE_SECTION}]"
            yield ServiceFlaw(option=one, seen=seen, legal=", ".join(_OPTIONS), is_fatal=False)
        elif one.name in given:
            yield ServiceFlaw(option=one, seen=f"{one.name} is given twice", legal=f"one {one.name}")
        elif not _is_legal(one):
            yield ServiceFlaw(option=one, seen=f"{one.name} is {one.value!r}", legal=_LEGAL[one.name])
        given.add(one.name)
    for name in ("Name", "Port"):
        if options and name not in given:
            seen = f"[{SERVICE_SECTION}] has no {name}"
            yield ServiceFlaw(option=options[0], seen=seen, legal=f"{name}=, {_LEGAL[name]}")


def find_service_name(unit: UnitText) -> str:
    """Return the name that a unit gives to its service, whatever else it says of it; empty where it gives none."""
    names = [one for one in _options(unit) if one.name == "Name"]
    return names[0].value if len(names) == 1 and _is_legal(names[0]) else ""


def is_port(text: str) -> bool:
    """Whether it is the number of a port."""
    return _PORT.fullmatch(text) is not None and 1 <= int(text) <= _HIGHEST_PORT


def _options(unit: UnitText) -> list[UnitOption]:
    return [one for one in unit.options if one.section == SERVICE_SECTION]


def _is_legal(option: UnitOption) -> bool:
    if option.name == "Name":
        return _NAME.fullmatch(option.value) is not None
    if option.name == "Port":
        return is_port(option.value)
    return Probe.parse(option.value) is not None
