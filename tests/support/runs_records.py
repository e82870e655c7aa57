"""A record of a run, for tests of what is written and shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

from fleetkit.runs import Actor, Outcome, RunRecord, Way
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.store import make_record_folder

STARTED = dt.datetime(2026, 3, 1, 4, 5, 6, tzinfo=dt.UTC)


def make_record(**changes) -> RunRecord:
    record = RunRecord(
        id="20260301T040506Z-10-try",
        cluster="demo",
        notebook="10-try",
        way=Way.COMMAND,
        parameters={"count": 3},
        actor=Actor(user="ann", host="desk"),
        versions={"fleetkit": "0.1.0"},
        started=STARTED,
        ended=STARTED + dt.timedelta(seconds=90),
        outcome=Outcome.DONE,
        exit=0,
    )
    return dataclasses.replace(record, **changes)


def write_record(runs: Path, *, day: int = 1, cluster: str = "demo", notebook: str = "10-try", **changes) -> Path:
    """Write the record of a run that began on a day of March, and return its folder."""
    started = STARTED.replace(day=day)
    folder = make_record_folder(runs, cluster=cluster, notebook=notebook, started=started)
    ended = started + dt.timedelta(seconds=90)
    about = {"cluster": cluster, "notebook": notebook, "started": started, "ended": ended}
    writer = RecordWriter(folder)
    writer.write_run(make_record(id=folder.name, **about, **changes))
    writer.close()
    return folder
