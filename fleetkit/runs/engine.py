"""The engine behind ``papermill --engine fleetkit in.ipynb out.ipynb``.

The run leaves the same record as ``fleetkit run`` does, and papermill is handed a notebook without secrets.
Papermill finds it whenever it is imported itself, so this module brings in nothing; what the engine cannot keep
from writing a secret, because papermill does it by itself, is in ``docs/secrets.md``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fleetkit.core import Signer
    from fleetkit.runs._kernel import RunKernel
    from fleetkit.runs._session import RunSession
    from fleetkit.runs.events import OnEvent, RunEvent
    from fleetkit.runs.following import Follow

__all__ = ["Engine"]

_LOG = logging.getLogger("papermill")


class Engine:
    """An engine as papermill asks for one."""

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel that the notebook asks for."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language that the notebook is written in."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))

    @classmethod
    def find_signer(cls) -> Signer | None:
        """Return who signs the record; nobody does, where nobody is found."""
        return None

    @classmethod
    def find_follower(cls) -> Follow:
        """Return what goes on beside the run; nothing does, where nothing is found."""
        from fleetkit.runs.following import no_follower

        return no_follower

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run the notebook, keep its record, and return it as it ended, without secrets.

        Parameters
        ----------
        nb
            The notebook, with papermill's parameters injected.
        **options
            Those of papermill: ``input_path start_timeout execution_timeout log_output stdout_file stderr_file``.
            What a cell prints is passed on by whole lines, redacted.

        Raises
        ------
        NotFoundError
            When a parameter is unknown.
        SettingsError
            When a parameter has the wrong type or looks like a secret, or no record can be written.
        """
        from fleetkit.runs.execute import RunLimits, drive_kernel, open_session
        from fleetkit.runs.labels import MANY_CLUSTERS, cluster_label, find_workspace_folder, is_over_many
        from fleetkit.runs.parameters import check_parameters, read_parameters
        from fleetkit.runs.record import Way

        known = read_parameters(nb)
        values = check_parameters(nb.metadata.papermill.get("parameters", {}), known=known)
        parameters = {parameter.name: parameter.default for parameter in known} | values
        home = find_workspace_folder()
        limits = RunLimits(cell_s=options.get("execution_timeout"), start_s=int(options.get("start_timeout") or 60))
        label = MANY_CLUSTERS if is_over_many(parameters) else cluster_label(str(parameters.get("cluster", "")), home)
        with open_session(
            Path(options.get("input_path") or "notebook").stem,
            cluster=label,
            home=home,
            folder=Path.cwd(),
            way=Way.UNATTENDED,
            parameters=parameters,
            limits=limits,
            on_event=_listener(options),
            signer=cls.find_signer(),
            follow=cls.find_follower(),
        ) as session:
            session.begin(nb, sha256=_hash_source(options.get("input_path")))
            session.end(drive_kernel(session, kernel_name, _executor(nb, kernel_name, limits.start_s)))
        return _clean_copy(session)


def _hash_source(path: object) -> str:
    """Return the SHA-256 of the notebook's file; empty where it is none on this computer, which papermill allows."""
    from fleetkit.runs.notebook_files import NotebookFile

    source = Path(str(path or ""))
    return NotebookFile(path=source).sha256() if source.is_file() else ""


def _executor(nb: Any, kernel_name: str, start_s: int) -> Callable[[RunSession, RunKernel], None]:
    def execute(session: RunSession, kernel: RunKernel) -> None:
        import copy

        from papermill.execute import raise_for_execution_errors

        from fleetkit.runs._engine import RecordEngine

        RecordEngine.execute_notebook(nb, kernel_name, session=session, kernel=kernel, start_timeout=start_s)
        # Papermill's own judgement of what a failed cell is; it adds marks to what it is given.
        raise_for_execution_errors(copy.deepcopy(session.notebook), None)

    return execute


def _clean_copy(session: RunSession) -> Any:
    """Return the notebook without secrets, and with an error in it wherever the run did not end well.

    Papermill fails for what it sees in the notebook, and a kernel that died or a limit that passed left nothing there.
    """
    from nbformat import from_dict
    from nbformat.v4 import new_output

    notebook = from_dict(session.writer.clean_notebook(session.notebook))  # type: ignore[no-untyped-call]
    error = session.record.error
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    if error is not None and not any(output.output_type == "error" for output in outputs):
        message = session.writer.redact(error.message)
        story = [f"{error.kind}: {message}"]
        failed = new_output("error", ename=error.kind, evalue=message, traceback=story)  # type: ignore[no-untyped-call]
        session.cell_under_way(notebook).outputs.append(failed)
    return notebook


def _listener(options: Mapping[str, Any]) -> OnEvent:
    from fleetkit.runs.events import RunEventKind

    files: dict[str, IO[str] | None] = {"stdout": options.get("stdout_file"), "stderr": options.get("stderr_file")}

    def tell(event: RunEvent) -> None:
        if event.kind in {RunEventKind.STOPPING, RunEventKind.UNSIGNED, RunEventKind.WAITING}:
            _LOG.warning("%s", event.text)
        elif event.kind is RunEventKind.OUTPUT:
            if options.get("log_output"):
                _LOG.info("%s", event.text)
            if (file := files[event.stream]) is not None:
                file.write(event.text + "\n")
                file.flush()

    return tell
