"""Schedules as job definitions of a JupyterLab that has jupyter-scheduler.

What it runs is a notebook of one cell, which calls fleetkit as any other scheduler does. Its own way to run a notebook
would need a class of ours in every server's configuration, hands parameters over as text, and would know neither
lock nor record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import FleetkitError, SettingsError
from fleetkit.schedule._jupyter_api import JupyterApi
from fleetkit.schedule.cron_line import require_plain
from fleetkit.schedule.entry import Entry, Order
from fleetkit.schedule.scheduler import Placement

__all__ = ["JobDefinitions"]

_DEFINITION = "job definition"
_CELL = """\
# Written by fleetkit schedule add; fleetkit schedule remove {name} takes it away.
import subprocess

ended = subprocess.run({command!r}, cwd={folder!r}, capture_output=True, text=True, check=False)
print(ended.stdout + ended.stderr)
assert ended.returncode == 0, f"fleetkit ended with exit code {{ended.returncode}}; the record says why"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinitions:
    """The job definitions of one server.

    Attributes
    ----------
    api
        Speaks to the server.
    """

    api: JupyterApi

    def plan(self, order: Order) -> Placement:
        """Return the notebook and the definition; the server is not asked."""
        require_plain(order.entry.line, of="jupyter-scheduler")
        texts = {
            f"{self.api.address} {_file(order.entry)}": json.dumps(_notebook(order), indent=1),
            f"{self.api.address} {_DEFINITION}": json.dumps(_definition(order.entry), indent=1),
        }
        return Placement(texts=texts)

    def install(self, order: Order, placement: Placement) -> Mapping[str, str]:  # noqa: ARG002 -- the server names it
        """Hand notebook and definition over; the server keeps a copy of the notebook of its own."""
        if self._find(order.entry) is not None:
            raise SettingsError(
                f"{self.api.address} has a job definition {_title(order.entry)} already", hint="choose another --name"
            )
        environments = self.api.ask("GET", "scheduler/runtime_environments")
        if not environments:
            raise FleetkitError(f"{self.api.address} has no environment to run a notebook in")
        content = f"api/contents/{_file(order.entry)}"
        if self.api.exists(content):
            raise SettingsError(
                f"{self.api.address} has a file {_file(order.entry)} already", hint="choose another --name"
            )
        self.api.ask("PUT", content, {"type": "notebook", "format": "json", "content": _notebook(order)})
        try:
            name = environments[0]["name"]
            definition = {**_definition(order.entry), "runtime_environment_name": name}
            made = self.api.ask("POST", "scheduler/job_definitions", definition)
        finally:
            self.api.ask("DELETE", content)
        return {_DEFINITION: str(made["job_definition_id"])}

    def withdraw(self, entry: Entry) -> tuple[str, ...]:
        """Remove the definition; the server takes the jobs that came of it along."""
        found = self._find(entry)
        if found is None:
            return ()
        self.api.ask("DELETE", f"scheduler/job_definitions/{found['job_definition_id']}")
        return (f"{self.api.address} {_DEFINITION} {found['job_definition_id']}",)

    def find_missing(self, entry: Entry) -> tuple[str, ...]:
        """Return the definition, where the server has none that is active and due at the same times."""
        found, wanted = self._find(entry), _definition(entry)
        if (
            found is not None
            and found.get("active")
            and all(found[key] == wanted[key] for key in ("schedule", "timezone"))
        ):
            return ()
        return (f"{self.api.address} {_DEFINITION} {_title(entry)}",)

    def next_steps(self, order: Order) -> tuple[str, ...]:  # noqa: ARG002 -- the server needs nothing more
        """Return what to know of it: the server itself keeps the times."""
        return (f"keep {self.api.address} running: without it no time comes",)

    def _find(self, entry: Entry) -> dict[str, Any] | None:
        """Return the server's definition of an entry: by its id where that is known, else by its name."""
        known = entry.wrote.get(_DEFINITION)
        for found in self.api.ask("GET", "scheduler/job_definitions?max_items=10000")["job_definitions"]:
            if found["job_definition_id"] == known or (known is None and found["name"] == _title(entry)):
                return dict(found)
        return None


def _file(entry: Entry) -> str:
    return f"fleetkit-{entry.name}.ipynb"


def _title(entry: Entry) -> str:
    return f"fleetkit {entry.name}"


def _definition(entry: Entry) -> dict[str, Any]:
    return {
        "name": _title(entry),
        "input_uri": _file(entry),
        "schedule": entry.line.text,
        "timezone": entry.line.timezone,
        "output_formats": ["ipynb"],
        "tags": ["fleetkit"],
    }


def _notebook(order: Order) -> dict[str, Any]:
    source = _CELL.format(name=order.entry.name, command=list(order.command), folder=str(order.folder))
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "run",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
