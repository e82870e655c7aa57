"""What a notebook calls: begin its run in the set-up cell, finish it in the last.

The same two calls leave the same record whoever drives the kernel.
Under ``fleetkit run`` the process that runs the notebook writes the record, and is told the rest from here.
Under papermill, or by hand in JupyterLab, the kernel writes it itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Protocol

from fleetkit.core import Redactor, SettingsError, Signer, is_transient, utc_now
from fleetkit.runs._facts import current_actor, current_versions
from fleetkit.runs._handover import MESSAGE, handed_over_folder
from fleetkit.runs._redacting import redact_value, secrets_of_environment
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.following import Follow, no_follower
from fleetkit.runs.journal import EventKind, JournalWriter
from fleetkit.runs.labels import MANY_CLUSTERS, cluster_label, find_workspace_folder, is_over_many
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.parameters import refuse_secrets
from fleetkit.runs.record import RunRecord, Way
from fleetkit.runs.store import make_record_folder

__all__ = ["FinishedRun", "Run", "RunResult", "begin_run"]

_ENDINGS = (Outcome.DONE, Outcome.FINDINGS, Outcome.REFUSED, Outcome.FAILED)


class RunResult(Protocol):
    """What a workflow's result tells of a run; a result without these two counts as done."""

    @property
    def outcome(self) -> str:
        """``done``, ``findings``, ``refused`` or ``failed``."""

    @property
    def summary(self) -> str:
        """One sentence about what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FinishedRun:
    """The run's outcome, for the last cell to show.

    Attributes
    ----------
    folder
        Folder of the record.
    caveat
        Why the record cannot be sent to where it is to be kept as well, or be signed; empty where it can.
    """

    outcome: Outcome
    summary: str
    folder: Path
    caveat: str = ""

    def __repr__(self) -> str:
        said = f"{self.outcome.value}: {self.summary or 'the notebook ran to its end'}\nrecord: {self.folder}"
        return f"{said}\n{self.caveat}" if self.caveat else said

    def _repr_html_(self) -> str:
        caveat = f"<p>{escape(self.caveat)}</p>" if self.caveat else ""
        return (
            f"<p><strong>{escape(self.outcome.value)}</strong>: "
            f"{escape(self.summary or 'the notebook ran to its end')}</p>"
            f"<p>Record: <code>{escape(str(self.folder))}</code></p>{caveat}"
        )


class _Sink(Protocol):
    """Where a run's own words go."""

    def protect(self, values: list[str]) -> None: ...

    def record(self, kind: EventKind, data: Mapping[str, Any]) -> None: ...

    def finish(self, outcome: Outcome, summary: str) -> str: ...


class Run:
    """The run that this notebook is part of.

    Attributes
    ----------
    folder
        Folder of the record.
    home
        Folder that holds ``clusters/`` and ``runs/``.
    way
        Who drives the kernel.
    """

    def __init__(self, *, folder: Path, way: Way, sink: _Sink) -> None:
        self.folder, self.way = folder, way
        self.home = folder.parents[2]
        self._sink = sink

    def __repr__(self) -> str:
        return f"Run({self.way.value}, record in {self.folder})"

    def _repr_html_(self) -> str:
        return f"<p>Recorded in <code>{escape(str(self.folder))}</code></p>"

    def protect(self, values: Iterable[str]) -> None:
        """Keep secret values out of the record, wherever they may be printed from now on.

        Raises
        ------
        SettingsError
            When one is too short to be told from ordinary text; the message does not show it.
        """
        secrets = list(values)
        try:
            Redactor(secrets)
        except ValueError as error:
            raise SettingsError("a value cannot be kept out of the record", seen=str(error)) from error
        self._sink.protect(secrets)

    def record(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Write an event into the run's journal; it is on disk when this returns.

        Parameters
        ----------
        data
            What an auditor is to find, as plain JSON values; redacted before it is written.

        Raises
        ------
        FleetkitError
            When the journal cannot be written.
        """
        self._sink.record(kind, data)

    def finish(self, result: RunResult | object = None) -> FinishedRun:
        """Say how the run ended; the last cell shows what this returns.

        Parameters
        ----------
        result
            What the last step returned. Its ``outcome`` and ``summary`` become the run's;
            a result without an outcome counts as done.

        Raises
        ------
        SettingsError
            When the result's outcome is none of ``done``, ``findings``, ``refused``, ``failed``.
        """
        name = str(getattr(result, "outcome", Outcome.DONE))
        if name not in set(_ENDINGS):
            raise SettingsError(f"a run cannot end with the outcome {name!r}", seen=f"legal: {', '.join(_ENDINGS)}")
        outcome, summary = Outcome(name), str(getattr(result, "summary", ""))
        caveat = self._sink.finish(outcome, summary)
        return FinishedRun(outcome=outcome, summary=summary, folder=self.folder, caveat=caveat)


def begin_run(
    *,
    notebook: str,
    cluster: str,
    parameters: Mapping[str, Any],
    folder: Path | None = None,
    aws_caller: str = "",
    find_signer: Callable[[], Signer] | None = None,
    follow: Follow = no_follower,
) -> Run:
    """Begin the run of this notebook, and its record.

    Parameters
    ----------
    notebook
        Name of the notebook, or its path.
    cluster
        Name or file of the cluster; empty where there is only one.
    parameters
        The notebook's parameters, for the record.
    folder
        Folder that holds ``clusters/`` and ``runs/``; found by `find_workspace_folder` where not given.
    aws_caller
        Who AWS says that we are, where that is known.
    find_signer
        Finds who signs the journal, asked where the kernel writes the record; where there is none it stays unsigned.
    follow
        Where the kernel writes the record: entered with its folder, and left when its last word is written.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, a parameter looks like a secret, or no record can be written.
    """
    shell = _kernel_shell()
    given = handed_over_folder(os.environ)
    if given is not None:
        return Run(folder=given, way=Way.COMMAND, sink=_RunnerSink(shell, given))
    refuse_secrets(parameters)
    from fleetkit.runs._recorder import KernelRecorder

    home = folder or find_workspace_folder()
    # Only a front end with a person before it lets the kernel ask questions.
    asks = shell.kernel.get_parent("shell").get("content", {}).get("allow_stdin", False)
    way = Way.BY_HAND if asks else Way.UNATTENDED
    started, name = utc_now(), Path(notebook).stem
    label = MANY_CLUSTERS if is_over_many(parameters) else cluster_label(cluster, home)
    # Before anything is written: a run that nobody signs for does not begin.
    signer = None if find_signer is None else find_signer()
    place = make_record_folder(home / "runs", cluster=label, notebook=name, started=started)
    record = RunRecord(
        id=place.name,
        cluster=label,
        notebook=name,
        way=way,
        parameters=dict(parameters),
        actor=current_actor(aws=aws_caller),
        versions=current_versions(),
        started=started,
    )
    writer = RecordWriter(place, secrets=secrets_of_environment(), signer=signer)
    return Run(
        folder=place, way=way, sink=KernelRecorder.start(shell, record, writer, notebook=notebook, follow=follow)
    )


def _kernel_shell() -> Any:
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if getattr(shell, "kernel", None) is None:
        raise SettingsError(
            "a run is begun by a notebook", seen="no kernel here", hint="run a notebook: fleetkit run NOTEBOOK"
        )
    return shell


class _RunnerSink:
    """Tells the process that runs the notebook and writes its record.

    The journal is written from here as well: what has happened is to outlive that process.
    """

    def __init__(self, shell: Any, folder: Path) -> None:
        self._publish = shell.display_pub.publish
        self._journal = JournalWriter(folder)
        self._secrets = secrets_of_environment()
        shell.events.register("post_run_cell", self._tell_of_error)

    def _tell_of_error(self, result: Any) -> None:
        """Say of an error what its name and its message do not: whether it may pass."""
        if isinstance(result.error_in_exec, Exception):
            self._publish({MESSAGE: {"transient": is_transient(result.error_in_exec)}})

    def record(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        self._journal.append(kind, redact_value(data, Redactor(self._secrets)))

    def protect(self, values: list[str]) -> None:
        self._secrets.update(values)
        self._publish({MESSAGE: {"protect": values}})

    def finish(self, outcome: Outcome, summary: str) -> str:
        self._publish({MESSAGE: {"finish": {"outcome": outcome.value, "summary": summary}}})
        return ""
