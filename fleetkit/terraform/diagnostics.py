"""Terraform's errors and warnings, and what the known ones mean for the person who reads them."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import TerraformError

__all__ = ["Diagnostic", "LockInfo", "Severity", "parse_text_diagnostics"]


class Severity(enum.StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One error or warning.

    Attributes
    ----------
    severity
        Whether it stopped the work.
    summary, detail
        What happened, in a few words and at length.
    address
        The resource that it is about, empty when about none.
    place
        File and line of the configuration, as ``main.tf:12``; empty when unknown.
    """

    severity: Severity
    summary: str
    detail: str = ""
    address: str = ""
    place: str = ""

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Diagnostic:
        """Read the ``diagnostic`` object of Terraform's JSON; its snippet is left out, which quotes values."""
        place = ""
        if fields.get("range"):
            place = f"{fields['range']['filename']}:{fields['range']['start']['line']}"
        return cls(
            severity=Severity.WARNING if fields.get("severity") == "warning" else Severity.ERROR,
            summary=str(fields["summary"]),
            detail=str(fields.get("detail") or ""),
            address=str(fields.get("address") or ""),
            place=place,
        )

    @property
    def text(self) -> str:
        """Summary and detail, for searching in."""
        return f"{self.summary}\n{self.detail}"

    def __str__(self) -> str:
        where = self.address or self.place
        lines = self.detail.strip().splitlines()
        shown = self.summary if not lines or lines[0] in self.summary else f"{self.summary}: {lines[0]}"
        return f"{where}: {shown}" if where else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """Who holds the lock on a state.

    Attributes
    ----------
    lock_id
        What ``force-unlock`` asks for.
    who
        User and computer.
    operation
        ``OperationTypeApply`` and the like.
    created
        When it was taken, as Terraform wrote it.
    path
        The state that is locked.
    """

    lock_id: str
    who: str = ""
    operation: str = ""
    created: str = ""
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> LockInfo | None:
        """Find the lines ``ID: …``, ``Who: …`` of a lock error in ``text``; None when it has none."""
        found = dict(re.findall(r"^\s*(ID|Path|Operation|Who|Created):[ \t]*(\S.*?)\s*$", text, re.MULTILINE))
        if "ID" not in found:
            return None
        return cls(
            lock_id=found["ID"],
            who=found.get("Who", ""),
            operation=found.get("Operation", ""),
            created=found.get("Created", ""),
            path=found.get("Path", ""),
        )

    @classmethod
    def parse_json(cls, content: bytes) -> LockInfo:
        """Read what Terraform keeps of a lock, in a file beside the state or in an object beside it in S3.

        Raises
        ------
        TerraformError
            When it is not that.
        """
        try:
            fields = json.loads(content)
            lock_id = str(fields["ID"])
        except (KeyError, TypeError, ValueError) as error:
            raise TerraformError("what lies beside the state is no lock of Terraform's", seen=repr(error)) from error
        words = {name.lower(): str(fields.get(name, "")) for name in ("Who", "Operation", "Created", "Path")}
        return cls(lock_id=lock_id, **words)

    def to_json(self) -> bytes:
        """Write it as Terraform does, whose own commands then understand it."""
        fields = {"ID": self.lock_id, "Operation": self.operation, "Info": "", "Who": self.who, "Version": ""}
        return json.dumps({**fields, "Created": self.created, "Path": self.path}).encode()

    @property
    def is_local(self) -> bool:
        """Whether the state is a file on this computer, whose lock ends with the process that holds it."""
        return "/" not in self.path

    def __str__(self) -> str:
        return f"{self.operation.removeprefix('OperationType').lower() or 'work'} by {self.who} since {self.created}"


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_START = re.compile(r"^(Error|Warning): (.*)$")


def parse_text_diagnostics(text: str) -> list[Diagnostic]:
    """Read diagnostics out of what Terraform writes for people, for commands that know no ``-json``."""
    lines = [_COLOUR.sub("", line).lstrip("│╷╵ ").rstrip() for line in text.splitlines()]
    found: list[Diagnostic] = []
    block: list[str] = []
    for line in [*lines, "Error: "]:
        if _START.match(line):
            if block:
                found.append(_from_block(block))
            block = [line]
        elif block:
            block.append(line)
    if not found and any(lines):
        found = [Diagnostic(severity=Severity.ERROR, summary=" ".join(line for line in lines if line))]
    return found


def _from_block(block: Sequence[str]) -> Diagnostic:
    start = _START.match(block[0])
    severity, summary = start.groups() if start else ("Error", block[0])
    address = next((line.removeprefix("with ").rstrip(",") for line in block[1:] if line.startswith("with ")), "")
    detail = "\n".join(line for line in block[1:] if not line.startswith(("with ", "on "))).strip()
    return Diagnostic(severity=Severity(severity.lower()), summary=summary, detail=detail, address=address)
