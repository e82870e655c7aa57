"""Writing a record: whole files or none, one journal, and never a secret in any of them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, Redactor, Signer
from fleetkit.runs._redacting import redact_notebook, redact_value
from fleetkit.runs.digest import read_digest
from fleetkit.runs.folders import hold_folder
from fleetkit.runs.journal import BatchSigner, EventKind, JournalWriter, read_journal
from fleetkit.runs.record import Closing, RunRecord
from fleetkit.runs.report import add_twins, forget_unrecorded, render_report
from fleetkit.runs.store import NOTEBOOK_FILE, REPORT_FILE, RUN_FILE

__all__ = ["RecordWriter", "hash_file", "hash_run", "render_run", "replace_file"]


class RecordWriter:
    """Writes the files of one record, and holds its folder until it is closed.

    Parameters
    ----------
    folder
        The record's folder, which is there already.
    secrets
        Values that must stand in none of the files.
    signer
        Signs the journal while it grows, and at its end; where there is none it stays unsigned.
    """

    def __init__(self, folder: Path, *, secrets: Iterable[str] = (), signer: Signer | None = None) -> None:
        self.folder = folder
        self._secrets = set(secrets)
        self._redactor = Redactor(self._secrets)
        self._lock = threading.RLock()
        self._held = contextlib.ExitStack()
        self._held.enter_context(hold_folder(folder))
        self._signer = signer
        self._journal = JournalWriter(folder)
        self._held.callback(self._journal.close)
        if signer is not None:
            self._held.callback(BatchSigner(self._journal, signer).close)

    def protect(self, secrets: Iterable[str]) -> None:
        """Keep further values out of whatever is written from now on."""
        with self._lock:
            self._secrets.update(secrets)
            self._redactor = Redactor(self._secrets)

    def redact(self, text: str) -> str:
        """Return ``text`` without secrets."""
        return self._redactor.redact(text)

    def clean_notebook(self, notebook: Any) -> Any:
        """Return a copy of ``notebook`` without secrets, and without what widgets showed to the person alone."""
        with self._lock:
            document = redact_notebook(notebook, self._redactor)
        forget_unrecorded(document)
        return document

    def record(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Write an event into the journal."""
        self._journal.append(kind, redact_value(data, self._redactor))

    def write_run(self, record: RunRecord) -> None:
        """Write ``run.json``."""
        with self._lock:
            document = redact_value(record.to_json(), self._redactor)
            replace_file(self.folder / RUN_FILE, render_run(document))

    def write_notebook(self, notebook: Any) -> None:
        """Write ``notebook.ipynb``."""
        with self._lock:
            document = self.clean_notebook(notebook)
            # After the redaction: HTML writes a secret's quotes and brackets in another way.
            add_twins(document)
            replace_file(
                self.folder / NOTEBOOK_FILE, _encode(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
            )

    def write_report(self, notebook: Any, record: RunRecord) -> None:
        """Write ``report.html``."""
        with self._lock:
            clean = RunRecord.from_json(redact_value(record.to_json(), self._redactor), where=str(self.folder))
            page = render_report(self.clean_notebook(notebook), clean, read_digest(self.folder))
            replace_file(self.folder / REPORT_FILE, _encode(page))

    def write_closed(self, notebook: Any, record: RunRecord) -> RunRecord:
        """Write all files for the last time, close the record over them, and return what it says.

        The journal's last event names the files, and ``run.json``, which is written after all others,
        names the journal's last line.
        """
        with self._lock:
            self.write_notebook(notebook)
            self.write_report(notebook, record)
            files = {name: hash_file(self.folder / name) for name in (NOTEBOOK_FILE, REPORT_FILE)}
            clean = redact_value(record.to_json(), self._redactor)
            events = read_journal(self.folder)
            plans = [str(event.data.get("sha256", "")) for event in events if event.kind is EventKind.PLAN]
            told = {key: clean[key] for key in ("outcome", "exit", "summary")}
            end = self._journal.finish(
                {**told, "files": files, "plans": plans, "run_sha256": hash_run(clean)}, signer=self._signer
            )
            closing = Closing(lines=end.lines, sha256=end.sha256, files=files, plans=tuple(plans))
            closed = dataclasses.replace(record, closing=closing)
            self.write_run(closed)
        return closed

    @property
    def unsigned(self) -> str:
        """Why the journal's last lines could not be signed; empty where they were, or nobody was to sign them."""
        return self._journal.unsigned

    def close(self) -> None:
        """Let go of the folder: from now on the record says of itself how the run ended."""
        self._held.close()


def render_run(document: Mapping[str, Any]) -> bytes:
    """Return what ``run.json`` holds."""
    return _encode(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def hash_run(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what ``run.json`` says apart from what it closes over."""
    said = {key: value for key, value in document.items() if key != "closing"}
    return hashlib.sha256(render_run(said)).hexdigest()


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encode(text: str) -> bytes:
    # A name that is not UTF-8 leaves halves of characters in a text; escaped, they read in JSON as what they are.
    return text.encode("utf-8", "backslashreplace")


def replace_file(path: Path, content: bytes) -> None:
    """Write a whole file or none, so that a reader or a crash never meets half of one."""
    half = path.with_name(f".{path.name}.part")
    try:
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            half.unlink(missing_ok=True)
        raise FleetkitError(
            f"{path.name} of the record {path.parent} cannot be written",
            seen=str(error),
            hint="make room, or keep runs/ where you may write; what was written before is kept",
        ) from error
