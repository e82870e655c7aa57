"""A schedule: which notebook is run, for which cluster, when, by whom, and how long it may take.

It is one file, ``schedules/<name>.toml``, meant to be read; `fleetkit.schedule.entries` reads and writes it.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetkit.core import SettingsError
from fleetkit.schedule.cron_line import CronLine

__all__ = ["Entry", "Order", "SchedulerKind", "grace_s", "require_name"]


class SchedulerKind(enum.StrEnum):
    """Who begins the runs."""

    SYSTEMD = "systemd"
    """A timer of the user's own systemd."""
    CRON = "cron"
    """A line of the user's own crontab."""
    JUPYTER = "jupyter-scheduler"
    """A job definition of a running JupyterLab."""
    AIRFLOW = "airflow"
    """A DAG file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One schedule.

    Attributes
    ----------
    name
        Its name: the file's, and what units, lines and DAGs are named after.
    notebook
        Name of a packaged notebook, or the path of another, seen from the folder that is worked in.
    cluster
        Name or file of the cluster; empty where the notebook needs none.
    line
        When it is due.
    on
        Who begins the runs.
    added
        When it was added; times before are not missed.
    parameters
        Values for the notebook's parameters, beside cluster and approval.
    approve
        The approval that its runs have; empty where they change nothing.
    timeout_s
        Seconds for a whole run, with all its attempts.
    retries, backoff_s
        How many more attempts a failure that may pass is given, and the seconds before the first of them; each
        wait is twice the one before.
    environment
        Variables that its runs are given beside those of whoever begins them; none is a secret.
    place
        What the scheduler itself needs to know, such as a server's address.
    wrote
        What was put in place for it: a file, with its SHA-256; or a line, or a thing of a server, with its name there.
    """

    name: str
    notebook: str
    cluster: str
    line: CronLine
    on: SchedulerKind
    added: dt.datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    approve: str = ""
    timeout_s: float = 3600.0
    retries: int = 2
    backoff_s: float = 30.0
    environment: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, str] = field(default_factory=dict)
    wrote: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it does, in a few words on one line: units and files have it in a line of theirs."""
        name = Path(self.notebook).stem
        words = f"{name} for {self.cluster}" if self.cluster else name
        return "".join(one if one.isprintable() else "?" for one in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a scheduler is to do: begin the runs of an entry.

    Attributes
    ----------
    folder
        The folder that is worked in, absolute: it holds ``schedules``, ``clusters`` and ``runs``.
    program
        The words that start fleetkit, the first one absolute.
    """

    entry: Entry
    folder: Path
    program: tuple[str, ...]

    @property
    def command(self) -> tuple[str, ...]:
        """The words that run the entry once, in ``folder``."""
        return (*self.program, "schedule", "run", self.entry.name)

    @property
    def hard_limit_s(self) -> float:
        """Seconds after which a run that is still there can only hang: its own limit, and the time to end well."""
        return self.entry.timeout_s + grace_s(self.entry) + _MARGIN_S

    @property
    def stop_limit_s(self) -> float:
        """Seconds that a run which was asked to end may take for that."""
        return grace_s(self.entry) + _STOP_MARGIN_S


_MARGIN_S = 120.0
"""For the kernel's start, the last words of the record and its way to a bucket."""


_STOP_MARGIN_S = 30.0
"""For what is left to write once the cell has ended."""


def grace_s(entry: Entry) -> float:
    """Return the seconds that a cell has to end after the time limit: longer where it changes something."""
    return 300.0 if entry.approve else 60.0


def require_name(name: str) -> str:
    """Return ``name`` where a schedule may be called so.

    Raises
    ------
    SettingsError
        When it may not.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", name):
        raise SettingsError(
            f"a schedule cannot be called {name!r}", hint="use small letters, digits and dashes, 60 at most"
        )
    return name
