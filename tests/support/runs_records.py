"""A record of a run, for tests of what is written and shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fleetkit.runs import Actor, EventKind, Outcome, RunRecord, Way
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.journal import JournalWriter
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
    writer.write_run(make_record(id=folder.name, **{**about, **changes}))
    writer.close()
    return folder


def write_events(folder: Path, *events: tuple[EventKind, Mapping[str, Any]]) -> Path:
    """Write the journal of a run that begins and tells this into the folder of its record; return the folder."""
    journal = JournalWriter(folder)
    for kind, data in ((EventKind.RUN_STARTED, {}), *events):
        journal.append(kind, data)
    journal.close()
    return folder


def member(name: str, **changes) -> dict[str, Any]:
    """Return what an inspection records of an etcd member."""
    healthy = {"healthy": True, "is_leader": name == "etcd1", "took_ms": 3.1, "db_size_bytes": 20480}
    return {
        "name": name,
        "id": f"8e9e05c5216{name}",
        **healthy,
        "raft_index": 17,
        "raft_term": 2,
        "alarms": [],
        **changes,
    }


def inspected(members: Sequence[Mapping[str, Any]], **quorum) -> list[tuple[EventKind, Mapping[str, Any]]]:
    """Return what an inspection records of members and quorum."""
    seen = {"state": "whole", "healthy": 3, "voters": 3, "required": 2, "tolerates": 1, **quorum}
    return [
        (EventKind.FACT, {"about": "members", "members": list(members)}),
        (EventKind.FACT, {"about": "quorum", **seen}),
    ]
