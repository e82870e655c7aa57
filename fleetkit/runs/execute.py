"""Running a notebook from a command: checked first, recorded from its first moment to its end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import utc_now
from fleetkit.runs._facts import current_actor, current_versions
from fleetkit.runs._handover import environment_for
from fleetkit.runs._redacting import secrets_of_environment
from fleetkit.runs._session import RunSession
from fleetkit.runs._stopping import RunStopped, Stopper, stop_on_signals
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.events import OnEvent, RunEvent, RunEventKind
from fleetkit.runs.notebook_files import NotebookFile
from fleetkit.runs.parameters import check_parameters, read_parameters
from fleetkit.runs.record import RunError, RunRecord, Way
from fleetkit.runs.store import StoredRun, make_record_folder, read_run

__all__ = ["RunLimits", "execute_notebook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """How long a run may take.

    Attributes
    ----------
    run_s
        Seconds for the whole run; None for no limit.
    start_s
        Seconds for the kernel to start.
    grace_s
        Seconds that a cell has to end after it was interrupted, before its kernel is killed.
    """

    run_s: float | None = None
    start_s: int = 60
    grace_s: float = 300.0


def execute_notebook(
    notebook: NotebookFile,
    *,
    cluster: str,
    folder: Path,
    parameters: Mapping[str, Any] | None = None,
    limits: RunLimits = RunLimits(),
    secrets: Iterable[str] = (),
    aws_caller: str = "",
    on_event: OnEvent | None = None,
) -> StoredRun:
    """Run a notebook through papermill and leave its record under ``folder``.

    A cell that fails is no error here: the record says so, with the exit code that the command ends with.

    Parameters
    ----------
    cluster
        Name of the cluster, under which the record lies.
    folder
        Folder that holds ``clusters/`` and ``runs/``; the kernel works in it.
    parameters
        Values for the notebook's parameters.
    secrets
        Values to keep out of the record, beside those of variables whose names say that they are secret.
    aws_caller
        Who AWS says that we are, where that is known.
    on_event
        Told of the run's progress.

    Raises
    ------
    NotFoundError
        When a parameter is unknown.
    SettingsError
        When a parameter has the wrong type or looks like a secret, or no record can be written.
    """
    node = notebook.read()
    known = read_parameters(node)
    values = check_parameters(parameters or {}, known=known)
    tell = on_event or _ignore
    started = utc_now()
    place = make_record_folder(folder / "runs", cluster=cluster, notebook=notebook.name, started=started)
    record = RunRecord(
        id=place.name,
        cluster=cluster,
        notebook=notebook.name,
        way=Way.COMMAND,
        parameters={parameter.name: parameter.default for parameter in known} | values,
        actor=current_actor(aws=aws_caller),
        versions=current_versions(),
        started=started,
    )
    stopper = Stopper(
        grace_s=limits.grace_s, on_stop=lambda text: tell(RunEvent(kind=RunEventKind.STOPPING, text=text))
    )
    writer = RecordWriter(place, secrets={*secrets, *secrets_of_environment()})
    session = RunSession(
        record=record,
        writer=writer,
        stopper=stopper,
        environ=environment_for(place, os.environ),
        folder=folder,
        on_event=tell,
    )
    try:
        with stop_on_signals(stopper):
            session.begin(node)
            stopper.start_clock(limits.run_s)
            session.end(_drive(notebook, session, values, limits))
    finally:
        stopper.close()
        writer.close()
    return read_run(place)


def _ignore(_event: RunEvent) -> None:
    pass


def _drive(
    notebook: NotebookFile, session: RunSession, values: Mapping[str, Any], limits: RunLimits
) -> RunError | None:
    """Let papermill run the notebook; return the error that ended it, if one did."""
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from fleetkit.runs._engine import ENGINE

    try:
        papermill.execute_notebook(
            str(notebook.path),
            None,
            parameters=dict(values),
            engine_name=ENGINE,
            language="python",
            progress_bar=False,
            start_timeout=limits.start_s,
            session=session,
        )
    except PapermillExecutionError as error:
        return session.cell_error(kind=error.ename, message=error.evalue)
    except RunStopped:
        return None
    except DeadKernelError:
        return session.cell_error(
            kind="KernelDied", message=f"the kernel died in the middle of the cell{_said(session)}"
        )
    except (NoSuchKernel, RuntimeError, TimeoutError) as error:
        return RunError(kind="KernelUnusable", message=f"no kernel can be used: {error}{_said(session)}")
    return None


def _said(session: RunSession) -> str:
    return f"; it said last:\n{session.kernel_said}" if session.kernel_said else ""
