"""A record of a run, for tests of what is written and shown."""

from __future__ import annotations

import dataclasses
import datetime as dt

from fleetkit.runs import Actor, Outcome, RunRecord, Way

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
