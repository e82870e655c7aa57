"""What a journal costs: whether an event stays as cheap as the first ones, and how a proof compares with a checksum."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.judging import judge, take_turns
from fleetkit.pki import verify_signature
from fleetkit.runs import EventKind
from fleetkit.runs.journal import JOURNAL_FILE, JournalWriter, check_journal

__all__ = ["GOAL_GROWTH", "GOAL_VERIFY", "measure_journal"]

GOAL_GROWTH = 1.3
"""The cost of an event late in a long journal over that of an early one: constant, but for the scatter of a disk."""

GOAL_VERIFY = 20.0
"""At most this many times as long as ``sha256sum`` of the same file, its start included."""

_EVENTS = 100_000
_BATCH = 1_000
_ENDS = 10
_FACT = {"about": "members", "members": [{"name": "etcd1", "healthy": True, "took_ms": 3.1, "raft_index": 17}]}


def measure_journal(*, runs: int = 5) -> Iterator[dict[str, Any]]:
    """Write 100,000 events, timed in batches of a thousand, and prove them."""
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        folder = Path(name)
        batches = list(_write(folder))
        # Ten batches at each end: one alone says more of the disk than of the journal.
        first, last = batches[:_ENDS], batches[-_ENDS:]
        many = f"{_ENDS * _BATCH:,}"
        title = f"a journal's event among the last {many} of {_EVENTS:,} over one among the first {many}"
        yield judge("journal-event-late-over-early", title, GOAL_GROWTH, last, first, unit="ms")

        def prove() -> None:
            checked = check_journal(folder, verify=verify_signature)
            if checked.flaws or checked.lines != _EVENTS:
                raise RuntimeError("measured something else than meant: the journal is not whole")

        def add_up() -> None:
            subprocess.run(["sha256sum", str(folder / JOURNAL_FILE)], stdout=subprocess.DEVNULL, check=True)  # noqa: S607 - as a person has it

        ours, theirs = take_turns((prove, add_up), runs=runs)
        title = f"proving a journal of {_EVENTS:,} events over `sha256sum` of it"
        yield judge(
            "journal-proof-over-sha256sum",
            title,
            GOAL_VERIFY,
            [one * 1000 for one in ours],
            [one * 1000 for one in theirs],
            unit="ms",
        )


def _write(folder: Path) -> Iterator[float]:
    """Yield for each batch of events the milliseconds that one of them took."""
    journal = JournalWriter(folder)
    for batch in range(_EVENTS // _BATCH):
        started = time.perf_counter()
        for number in range(_BATCH):
            kind = EventKind.RUN_STARTED if batch == number == 0 else EventKind.FACT
            journal.append(kind, {**_FACT, "number": batch * _BATCH + number})
        yield (time.perf_counter() - started) / _BATCH * 1000
    journal.close()
