"""What ``run.json`` says of one run, as a value.

Reading is strict: a record that lacks a field or carries a wrong one is an error that names the field.
Only what most runs do without may be missing: a link to another record, a schedule, the word that an error may pass.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_utc, parse_utc
from fleetkit.runs._field_reader import FieldReader
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.scheduling import Scheduling

__all__ = ["FORMAT", "Actor", "Closing", "RunError", "RunRecord", "Way"]

FORMAT = 2
"""Version of the layout of ``run.json``."""

_HINT = "the record was damaged or written by another version; notebook.ipynb beside it may still be read"


class Way(enum.StrEnum):
    """Who drove the kernel."""

    COMMAND = "fleetkit run"
    UNATTENDED = "unattended"
    """A program that nobody can answer questions through, as papermill is."""
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who ran it: the account on the computer, and where known, the caller that AWS saw."""

    user: str
    host: str
    aws: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """The error that ended a run.

    Attributes
    ----------
    kind
        Class of the error, ``TerraformError`` for one.
    message
        What the error says, its hint included.
    cell
        Number of the code cell, from 1, as its prompt shows it; 0 where no cell is to blame.
    title
        Heading of the step that the cell belongs to.
    transient
        Whether the error itself says that the same may well succeed when it is tried again.
    """

    kind: str
    message: str
    cell: int = 0
    title: str = ""
    transient: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the error as plain values for JSON."""
        told = {"kind": self.kind, "message": self.message, "cell": self.cell, "title": self.title}
        return {**told, "transient": self.transient}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What a record closes over once its run has ended: whatever is changed later differs from it.

    Attributes
    ----------
    lines
        Number of lines of the journal.
    sha256
        Hash of the journal's last line.
    files
        SHA-256 of each other file of the record, by its name.
    plans
        SHA-256 of each saved plan that was made, in their order.
    """

    lines: int
    sha256: str
    files: Mapping[str, str]
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One execution of a notebook.

    Attributes
    ----------
    id
        Name of the record's folder: the UTC time of the start, and the notebook.
    exit
        Exit code of the run; None while it is under way.
    summary
        One sentence by the notebook itself about what came of it.
    resumes
        Id of the run that this one goes on for; empty for a run of its own.
    schedule
        The schedule that it belongs to; None for a run that somebody began.
    closing
        What the record closes over; None while the run goes on, and for ever where it was killed.
    """

    id: str
    cluster: str
    notebook: str
    way: Way
    parameters: Mapping[str, Any]
    actor: Actor
    versions: Mapping[str, str]
    started: dt.datetime
    ended: dt.datetime | None = None
    outcome: Outcome = Outcome.RUNNING
    exit: int | None = None
    summary: str = ""
    error: RunError | None = None
    resumes: str = ""
    schedule: Scheduling | None = None
    closing: Closing | None = None

    @property
    def took_s(self) -> float | None:
        """Seconds from start to end; None where the run has not ended."""
        return None if self.ended is None else (self.ended - self.started).total_seconds()

    def to_start(self, *, notebook_sha256: str) -> dict[str, Any]:
        """Return what the first line of the journal says.

        Parameters
        ----------
        notebook_sha256
            SHA-256 of the notebook's file as it was before the run; empty where there is none.
        """
        document = self.to_json()
        told = ("cluster", "notebook", "way", "parameters", "actor", "versions", "resumes", "schedule")
        return {"run": self.id, **{key: document[key] for key in told}, "notebook_sha256": notebook_sha256}

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain values for JSON."""
        error, closing = self.error, self.closing
        return {
            "format": FORMAT,
            "id": self.id,
            "cluster": self.cluster,
            "notebook": self.notebook,
            "way": self.way.value,
            "parameters": dict(self.parameters),
            "actor": {"user": self.actor.user, "host": self.actor.host, "aws": self.actor.aws},
            "versions": dict(self.versions),
            "started": format_utc(self.started),
            "ended": None if self.ended is None else format_utc(self.ended),
            "outcome": self.outcome.value,
            "exit": self.exit,
            "summary": self.summary,
            "error": error and error.to_json(),
            "resumes": self.resumes,
            "schedule": self.schedule and self.schedule.to_json(),
            "closing": closing
            and {
                "lines": closing.lines,
                "sha256": closing.sha256,
                "files": dict(closing.files),
                "plans": list(closing.plans),
            },
        }

    @classmethod
    def from_json(cls, document: object, *, where: str) -> RunRecord:
        """Read what `to_json` wrote.

        Parameters
        ----------
        where
            File that the document came from, for the error.

        Raises
        ------
        FleetkitError
            When a field is missing or not legal; the message names it.
        """
        reader = FieldReader(document, where, hint=_HINT)
        if (seen := reader.get("format", int)) != FORMAT:
            raise reader.refuse("format", f"{seen}, and this version reads {FORMAT}")
        actor, error, closing = reader.inner("actor"), reader.optional_inner("error"), reader.optional_inner("closing")
        return cls(
            id=reader.get("id", str),
            cluster=reader.get("cluster", str),
            notebook=reader.get("notebook", str),
            way=reader.convert("way", Way),
            parameters=reader.get("parameters", dict),
            actor=Actor(user=actor.get("user", str), host=actor.get("host", str), aws=actor.get("aws", str)),
            versions=reader.get("versions", dict),
            started=reader.convert("started", parse_utc),
            ended=reader.convert("ended", parse_utc) if reader.get("ended", str, None) is not None else None,
            outcome=reader.convert("outcome", Outcome),
            exit=reader.get("exit", int, None),
            summary=reader.get("summary", str),
            error=None if error is None else _read_error(error),
            resumes=reader.get_or("resumes", str, default=""),
            schedule=_read_schedule(reader)
            if reader.get_or("schedule", dict, None, default=None) is not None
            else None,
            closing=None if closing is None else _read_closing(closing),
        )


def _read_error(reader: FieldReader) -> RunError:
    return RunError(
        kind=reader.get("kind", str),
        message=reader.get("message", str),
        cell=reader.get("cell", int),
        title=reader.get("title", str),
        transient=reader.get_or("transient", bool, default=False),
    )


def _read_schedule(record: FieldReader) -> Scheduling:
    reader = record.inner("schedule")
    return Scheduling(
        name=reader.get("name", str),
        due=None if reader.get("due", str, None) is None else reader.convert("due", parse_utc),
        attempt=reader.get("attempt", int),
        missed=reader.get("missed", int),
        note=reader.get("note", str),
    )


def _read_closing(reader: FieldReader) -> Closing:
    return Closing(
        lines=reader.get("lines", int),
        sha256=reader.get("sha256", str),
        files=reader.get("files", dict),
        plans=tuple(reader.get("plans", list)),
    )
