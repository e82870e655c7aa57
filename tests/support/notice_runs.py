"""Runs that end one after another, and a program that is told of them."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.cluster_files import make_cluster
from support.runs_records import make_record, write_events

from fleetkit.config import Cluster
from fleetkit.core import utc_now
from fleetkit.runs import EventKind, Outcome, StoredRun, read_run
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.store import make_record_folder
from fleetkit.schedule import Telling, tell_outcome

_HEAR = (
    "import json, os, pathlib, sys\n"
    "if pathlib.Path('deaf').exists(): sys.exit('it is deaf')\n"
    "said = sys.stdin.read().partition('\\n\\n')\n"
    "with open('heard', 'a') as file:\n"
    "    print(json.dumps({'title': said[0], 'body': said[2], 'severity': os.environ['NOTICE_SEVERITY']}), file=file)\n"
)


class Watched:
    """A cluster whose runs end as a test says, with a program that hears of them.

    Parameters
    ----------
    folder
        The folder that commands work in.
    notice
        What the table ``[notice]`` says beside that program, which is called ``page``.
    """

    def __init__(self, folder: Path, **notice: Any) -> None:
        self.folder, self.runs = folder, folder / "runs"
        commands = {"page": [sys.executable, "-c", _HEAR], **notice.pop("commands", {})}
        self.cluster: Cluster = make_cluster(notice={"commands": commands, **notice})
        self._begun = utc_now() - dt.timedelta(hours=1)

    def end(
        self,
        outcome: Outcome = Outcome.DONE,
        *,
        found: list[str] | None = None,
        facts: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> StoredRun:
        """Leave the record of one run more, a minute after the one before."""
        self._begun += dt.timedelta(minutes=1)
        about = {"cluster": "demo", "notebook": "50-audit-cluster", "started": self._begun}
        folder = make_record_folder(self.runs, **about)
        ended = {"ended": self._begun + dt.timedelta(seconds=30), "outcome": outcome, "exit": outcome.exit}
        writer = RecordWriter(folder)
        writer.write_run(make_record(id=folder.name, **{**about, **ended, **changes}))
        writer.close()
        seen = {} if found is None and facts is None else {"findings": {"findings": found or []}, **(facts or {})}
        write_events(folder, *((EventKind.FACT, {"about": name, **fact}) for name, fact in seen.items()))
        return read_run(folder)

    def tell(self, stored: StoredRun, **environ: str) -> Telling:
        return tell_outcome(stored, self.cluster, runs=self.runs, environ=environ)

    def run(self, outcome: Outcome = Outcome.DONE, **how: Any) -> Telling:
        """Let one run more end, and tell of it."""
        return self.tell(self.end(outcome, **how))

    @property
    def heard(self) -> list[dict[str, str]]:
        """What the program heard so far."""
        file = self.folder / "heard"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def titles(self) -> list[str]:
        """Its titles, without what they all begin with."""
        return [one["title"].removeprefix("[demo] 50-audit-cluster: ") for one in self.heard]

    def deafen(self) -> None:
        """Let the program fail from now on."""
        (self.folder / "deaf").touch()

    def heal(self) -> None:
        """Let it hear again."""
        (self.folder / "deaf").unlink()

    def files(self) -> list[Path]:
        """Return every file that is kept of notices, but for locks."""
        return sorted(path for path in (self.runs / ".notices").rglob("*.json"))
