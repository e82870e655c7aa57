"""One unit, read: what it needs, when it comes, what it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.sandbox.machine.systemd.commands import UnitSyntaxError, expand_specifiers
from fleetkit.sandbox.machine.systemd.text import Settings

__all__ = ["ACTED_ON", "Unit", "name_unknown", "parse_bool", "parse_time", "split_name"]

_UNITS_S = {
    "us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hours": 3600, "d": 86400, "days": 86400,
}  # fmt: skip

_UNIT = frozenset((
    "After", "AssertPathExists", "Before", "BindsTo", "ConditionFileIsExecutable", "ConditionPathExists",
    "ConditionPathIsDirectory", "Conflicts", "DefaultDependencies", "Description", "Documentation", "PartOf",
    "Requires", "StartLimitBurst", "StartLimitIntervalSec", "Wants",
))  # fmt: skip
_INSTALL = frozenset(("Alias", "Also", "DefaultInstance", "RequiredBy", "WantedBy"))
_SERVICE = frozenset((
    "Environment", "EnvironmentFile", "ExecReload", "ExecStart", "ExecStartPost", "ExecStartPre", "ExecStop",
    "ExecStopPost", "KillMode", "KillSignal", "RemainAfterExit", "Restart", "RestartSec", "StandardError",
    "StandardInput", "StandardOutput", "SuccessExitStatus", "SyslogIdentifier", "TimeoutSec", "TimeoutStartSec",
    "TimeoutStopSec", "Type", "WorkingDirectory",
))  # fmt: skip
_SOCKET = frozenset(("Accept", "ListenStream", "Service", "SocketGroup", "SocketMode", "SocketUser"))
ACTED_ON: Mapping[str, frozenset[str]] = {
    "Unit": _UNIT, "Install": _INSTALL, "Service": _SERVICE, "Socket": _SOCKET,
}  # fmt: skip
"""The settings that the stand-in acts on, by section; every other one is named in the unit's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit as its files describe it.

    Attributes
    ----------
    name
        Full name, with the instance of a template: ``sshd@1.service``.
    path
        The file it was read from, as seen in the machine.
    settings
        All assignments, drop-ins included.
    warnings
        What could not be read or is not acted on, one line each.
    """

    name: str
    path: str
    settings: Settings
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The part of the name after the last dot: ``service``, ``socket``, ``target``, …."""
        return self.name.rpartition(".")[2]

    @property
    def description(self) -> str:
        """What it is, in its own words; its name where it says nothing."""
        return self._expand(self.settings.last("Unit", "Description", self.name))

    @property
    def section(self) -> str:
        """Name of the section of its kind."""
        return self.kind.capitalize()

    def names(self, key: str) -> tuple[str, ...]:
        """Return the unit names that a setting of ``[Unit]`` lists, in order, of an instance those of its own.

        One with a specifier that is not known is left as it is: no unit has that name, and that is said of it then.
        """
        return tuple(self._expand(word) for word in self.settings.words("Unit", key))

    @property
    def default_dependencies(self) -> bool:
        """True where the unit comes after the base of the system, as ordinary ones do."""
        return parse_bool(self.settings.last("Unit", "DefaultDependencies", "yes"))

    @property
    def specifiers(self) -> dict[str, str]:
        """What ``%n`` and the like stand for; those of the machine are added by whoever runs it."""
        prefix, instance = split_name(self.name)
        return {"n": self.name, "N": self.name.rpartition(".")[0], "p": prefix, "i": instance, "I": instance}

    def _expand(self, text: str) -> str:
        try:
            return expand_specifiers(text, self.specifiers)
        except UnitSyntaxError:
            return text


def split_name(name: str) -> tuple[str, str]:
    """Return prefix and instance: ``sshd`` and ``1`` for ``sshd@1.service``; the instance may be empty."""
    stem = name.rpartition(".")[0]
    prefix, _, instance = stem.partition("@")
    return prefix, instance


def parse_bool(text: str) -> bool:
    """Read a boolean as systemd does; what is none counts as false."""
    return text.lower() in ("1", "yes", "y", "true", "t", "on")


def parse_time(text: str) -> float:
    """Read a time span in seconds; ``infinity`` and 0 are returned as such.

    Raises
    ------
    UnitSyntaxError
        When it is no time span.
    """
    if text == "infinity":
        return float("inf")
    total = 0.0
    if not re.fullmatch(r"(\s*\d+(\.\d+)?\s*[a-z]*)+\s*", text):
        raise UnitSyntaxError(f"no time span: {text!r}")
    for number, unit in re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text):
        if unit and unit not in _UNITS_S:
            raise UnitSyntaxError(f"unknown unit of time {unit!r} in {text!r}")
        total += float(number) * _UNITS_S.get(unit, 1)
    return total


def name_unknown(settings: Settings, *, source: str) -> list[str]:
    """Return a line for each section and setting that the stand-in does not act on."""
    lines: list[str] = []
    for one in settings.assignments:
        if one.section.startswith("X-") or one.key.startswith("X-"):
            continue
        known = ACTED_ON.get(one.section)
        if known is None:
            lines.append(f"{source}: section [{one.section}] is not known to the stand-in, ignoring.")
        elif one.key not in known:
            lines.append(f"{source}: {one.key}= in section [{one.section}] is not acted on by the stand-in.")
    return list(dict.fromkeys(lines))
