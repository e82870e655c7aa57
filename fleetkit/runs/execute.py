"""Running a notebook in a process of ours: checked first, recorded from its first moment to its end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleetkit.core import Signer, utc_now
from fleetkit.runs._facts import current_actor, current_versions
from fleetkit.runs._handover import environment_for
from fleetkit.runs._loading import rare_parts_on_demand
from fleetkit.runs._redacting import secrets_of_environment
from fleetkit.runs._session import RunSession
from fleetkit.runs._stopping import RunStopped, Stopper, stop_on_signals
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.events import OnEvent, RunEvent, RunEventKind
from fleetkit.runs.following import Follow, no_follower
from fleetkit.runs.notebook_files import NotebookFile
from fleetkit.runs.parameters import check_parameters, read_parameters
from fleetkit.runs.record import RunError, RunRecord, Way
from fleetkit.runs.resuming import Resumption
from fleetkit.runs.scheduling import Scheduling
from fleetkit.runs.store import StoredRun, make_record_folder, read_run

if TYPE_CHECKING:
    from fleetkit.runs._kernel import RunKernel

__all__ = ["RunLimits", "drive_kernel", "execute_notebook", "open_session"]

_KERNEL = "python3"
"""The kernel of a notebook that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """How long a run may take.

    Attributes
    ----------
    run_s
        Seconds for the whole run; None for no limit.
    cell_s
        Seconds for each cell; None for no limit.
    start_s
        Seconds for the kernel to start.
    grace_s
        Seconds that a cell has to end after it was interrupted, before its kernel is killed.
    threads_s
        Seconds that the end of the run waits for threads which still update a widget.
    """

    run_s: float | None = None
    cell_s: float | None = None
    start_s: int = 60
    grace_s: float = 300.0
    threads_s: float = 30.0


def execute_notebook(
    notebook: NotebookFile,
    *,
    cluster: str,
    folder: Path,
    parameters: Mapping[str, Any] | None = None,
    limits: RunLimits = RunLimits(),
    secrets: Iterable[str] = (),
    aws_caller: str = "",
    signer: Signer | None = None,
    on_event: OnEvent | None = None,
    resumption: Resumption | None = None,
    schedule: Scheduling | None = None,
    follow: Follow = no_follower,
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
    signer
        Signs the run's journal; where there is none it stays unsigned.
    on_event
        Told of the run's progress.
    resumption
        What `resume_run` read of an earlier run, for this one to go on for; ``parameters`` override those of that run.
    schedule
        The schedule that it belongs to, for the record.
    follow
        Entered with the record's folder, and left when the last word of the record is written.

    Raises
    ------
    NotFoundError
        When a parameter is unknown.
    SettingsError
        When a parameter has the wrong type or looks like a secret, or no record can be written.
    """
    node = notebook.read()
    known = read_parameters(node)
    earlier = {} if resumption is None else resumption.parameters
    values = check_parameters({**earlier, **(parameters or {})}, known=known)
    kernel_name = node.metadata.get("kernelspec", {}).get("name") or _KERNEL

    def execute(session: RunSession, kernel: RunKernel) -> None:
        with rare_parts_on_demand():
            import papermill

            from fleetkit.runs._engine import ENGINE

        papermill.execute_notebook(
            str(notebook.path),
            None,
            parameters=dict(values),
            engine_name=ENGINE,
            kernel_name=kernel_name,
            language="python",
            progress_bar=False,
            start_timeout=limits.start_s,
            session=session,
            kernel=kernel,
        )

    with open_session(
        notebook.name,
        cluster=cluster,
        home=folder,
        way=Way.COMMAND,
        parameters={parameter.name: parameter.default for parameter in known} | values,
        limits=limits,
        secrets=secrets,
        aws_caller=aws_caller,
        signer=signer,
        on_event=on_event or _ignore,
        resumption=resumption,
        schedule=schedule,
        follow=follow,
    ) as session:
        session.begin(node, sha256=notebook.sha256())
        session.end(drive_kernel(session, kernel_name, execute))
    return read_run(session.writer.folder)


def _ignore(_event: RunEvent) -> None:
    pass


@contextlib.contextmanager
def open_session(
    notebook: str,
    *,
    cluster: str,
    home: Path,
    way: Way,
    parameters: Mapping[str, Any],
    limits: RunLimits,
    on_event: OnEvent,
    folder: Path | None = None,
    secrets: Iterable[str] = (),
    aws_caller: str = "",
    signer: Signer | None = None,
    resumption: Resumption | None = None,
    schedule: Scheduling | None = None,
    follow: Follow = no_follower,
) -> Iterator[RunSession]:
    """Make the record of a run that this process drives, and let signals and clocks stop the run.

    Parameters
    ----------
    notebook
        The notebook's name.
    home
        Folder that holds ``clusters/`` and ``runs/``.
    parameters
        All of them, for the record.
    folder
        Folder that the kernel works in; ``home`` where not given.
    follow
        Entered with the record's folder, and left when the last word of the record is written.
    """
    started = utc_now()
    earlier = "" if resumption is None else resumption.run
    place = make_record_folder(home / "runs", cluster=cluster, notebook=notebook, started=started, elsewhere=earlier)
    record = RunRecord(
        id=place.name,
        cluster=cluster,
        notebook=notebook,
        way=way,
        parameters=dict(parameters),
        actor=current_actor(aws=aws_caller),
        versions=current_versions(),
        started=started,
        resumes=earlier,
        schedule=schedule,
    )
    stopper = Stopper(
        grace_s=limits.grace_s,
        cell_s=limits.cell_s,
        on_stop=lambda text: on_event(RunEvent(kind=RunEventKind.STOPPING, text=text)),
    )
    writer = RecordWriter(place, secrets={*secrets, *secrets_of_environment()}, signer=signer)
    session = RunSession(
        record=record,
        writer=writer,
        stopper=stopper,
        environ=environment_for(place, os.environ),
        folder=folder or home,
        threads_s=limits.threads_s,
        on_event=on_event,
        resumption=resumption,
    )
    try:
        with follow(place), stop_on_signals(stopper):
            stopper.start_clock(limits.run_s)
            yield session
    finally:
        stopper.close()
        writer.close()


def drive_kernel(
    session: RunSession, kernel_name: str, execute: Callable[[RunSession, RunKernel], None]
) -> RunError | None:
    """Start a kernel and let ``execute`` run the notebook in it; return the error that ended the run, if one did.

    The kernel gets ready while ``execute`` still loads what it needs.
    """
    from jupyter_client.kernelspec import NoSuchKernel

    from fleetkit.runs._kernel import start_kernel

    try:
        with start_kernel(kernel_name, environ=session.environ, folder=session.folder) as kernel:
            # Known before the kernel answers, so that a stop reaches one that never does.
            session.stopper.kernel_started(kernel.pid)
            try:
                session.save()
                return _run(session, kernel, execute)
            finally:
                session.stopper.kernel_started(None)
    except NoSuchKernel as error:
        return RunError(kind="KernelUnusable", message=f"no kernel can be used: {error}")


def _run(session: RunSession, kernel: RunKernel, execute: Callable[[RunSession, RunKernel], None]) -> RunError | None:
    try:
        execute(session, kernel)
    except RunStopped:
        return None
    except Exception as error:
        # Named here and not above: what runs a notebook loads these, while the kernel gets ready.
        from nbclient.exceptions import DeadKernelError
        from papermill.exceptions import PapermillExecutionError

        said = kernel.said_last()
        last_words = f"; it said last:\n{said}" if said else ""
        if isinstance(error, PapermillExecutionError):
            return session.cell_error(kind=error.ename, message=error.evalue)
        if isinstance(error, DeadKernelError):
            message = f"the kernel died in the middle of the cell{last_words}"
            return session.cell_error(kind="KernelDied", message=message)
        if isinstance(error, (RuntimeError, TimeoutError)):
            return RunError(kind="KernelUnusable", message=f"no kernel can be used: {error}{last_words}")
        raise
    return None
