"""Writing a record: whole files or none, and never with a secret in them."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fleetkit.core import Redactor
from fleetkit.runs._redacting import redact_notebook, redact_value
from fleetkit.runs.record import RunRecord
from fleetkit.runs.report import add_twins, render_report
from fleetkit.runs.store import NOTEBOOK_FILE, REPORT_FILE, RUN_FILE, hold_folder

__all__ = ["RecordWriter"]


class RecordWriter:
    """Writes the files of one record, and holds its folder until it is closed.

    Parameters
    ----------
    folder
        The record's folder, which is there already.
    secrets
        Values that must stand in none of the files.
    """

    def __init__(self, folder: Path, *, secrets: Iterable[str] = ()) -> None:
        self.folder = folder
        self._secrets = set(secrets)
        self._redactor = Redactor(self._secrets)
        self._lock = threading.RLock()
        self._held = contextlib.ExitStack()
        self._held.enter_context(hold_folder(folder))

    def protect(self, secrets: Iterable[str]) -> None:
        """Keep further values out of whatever is written from now on."""
        with self._lock:
            self._secrets.update(secrets)
            self._redactor = Redactor(self._secrets)

    def redact(self, text: str) -> str:
        """Return ``text`` without secrets."""
        return self._redactor.redact(text)

    def clean_notebook(self, notebook: Any) -> Any:
        """Return a copy of ``notebook`` without secrets."""
        with self._lock:
            return redact_notebook(notebook, self._redactor)

    def write_run(self, record: RunRecord) -> None:
        """Write ``run.json``."""
        with self._lock:
            document = redact_value(record.to_json(), self._redactor)
            _replace(self.folder / RUN_FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def write_notebook(self, notebook: Any) -> None:
        """Write ``notebook.ipynb``."""
        with self._lock:
            document = self.clean_notebook(notebook)
            # After the redaction: HTML writes a secret's quotes and brackets in another way.
            add_twins(document)
            _replace(self.folder / NOTEBOOK_FILE, json.dumps(document, indent=1, ensure_ascii=False) + "\n")

    def write_report(self, notebook: Any, record: RunRecord) -> None:
        """Write ``report.html``."""
        with self._lock:
            clean = RunRecord.from_json(redact_value(record.to_json(), self._redactor), where=str(self.folder))
            _replace(self.folder / REPORT_FILE, render_report(self.clean_notebook(notebook), clean))

    def close(self) -> None:
        """Let go of the folder: from now on the record says of itself how the run ended."""
        self._held.close()


def _replace(path: Path, text: str) -> None:
    """Write a whole file or none, so that a reader or a crash never meets half of one."""
    half = path.with_name(f".{path.name}.part")
    with half.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
