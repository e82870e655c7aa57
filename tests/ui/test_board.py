"""The board reads again and again in its thread, shows what it read and what it could not, and ends when closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.runs_records import inspected, member, write_events, write_record
from support.ui_bench import SilentSink

from fleetkit.core import NotYet, Patience, judge_quorum, wait_until
from fleetkit.runs import Run, Way
from fleetkit.ui import BoardCard, open_board
from fleetkit.views import members_frame, quorum_frame
from fleetkit.workflows import PastMembers, Section

SOON = Patience(deadline_s=30, interval_s=0.02)


class Cluster:
    """Stands where the watch of a cluster does: what it reads is set by the test."""

    def __init__(self) -> None:
        self.workspace = SimpleNamespace(cluster=SimpleNamespace(name="demo"))
        self.readings = self.drifts = 0
        self.closed = threading.Event()
        self.down: tuple[str, ...] = ()
        self.error: Exception | None = None

    def read(self) -> dict[str, Section]:
        if self.error is not None:
            raise self.error
        self.readings += 1
        names = ("etcd1", "etcd2", "etcd3")
        rows = [member(name, healthy=name not in self.down, raft_index=100 + self.readings) for name in names]
        quorum = judge_quorum(voters=3, healthy=3 - len(self.down))
        findings = tuple(f"{name} is not healthy" for name in self.down)
        return {
            "members": Section(title="etcd members", frame=members_frame(rows), findings=findings, data=rows),
            "quorum": Section(title="Quorum", frame=quorum_frame(quorum), data=quorum),
            "pools": Section(title="Pools", frame=None, unknown="AWS did not answer"),
        }

    def read_drift(self) -> dict[str, Section]:
        self.drifts += 1
        return {"drift": Section(title="Drift", frame=None, unknown="no state yet")}

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def board(cluster: Cluster) -> Iterator[BoardCard]:
    card = BoardCard(cluster, every_s=3600)  # type: ignore[arg-type]
    yield card
    card.close()
    assert card.join(30)
    assert cluster.closed.is_set()


def wait(what: str, look: Callable[[], bool]) -> None:
    wait_until(lambda: True if look() else NotYet("not yet"), what=what, patience=SOON)


def shown(card: BoardCard) -> str:
    """Return all markup that a card shows."""

    def walk(widget: Any) -> Iterator[str]:
        yield str(getattr(widget, "value", ""))
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    return "\n".join(walk(card.widget))


def test_it_shows_each_part_what_is_amiss_and_what_is_unknown(cluster: Cluster, board: BoardCard) -> None:
    wait("the first reading", lambda: "1 of 3 parts unknown" in shown(board))
    text = shown(board)
    assert "AWS did not answer" in text
    assert "How many may fail, by the size of the cluster" in text
    assert "this session, 1 reading" in text


def test_a_member_that_fails_is_seen_at_the_next_reading(cluster: Cluster, board: BoardCard) -> None:
    wait("the first reading", lambda: cluster.readings == 1)
    cluster.down = ("etcd2",)
    board.refresh()
    wait("the second reading", lambda: "1 finding" in shown(board))
    for text in ("etcd2 is not healthy", "1 to look at", "this session, 2 readings"):
        assert text in shown(board)


def test_a_paused_board_reads_only_when_asked(cluster: Cluster, board: BoardCard) -> None:
    wait("the first reading", lambda: cluster.readings == 1)
    board.pause()
    wait("the head to say so", lambda: "paused" in shown(board))
    board.refresh()
    wait("the reading that was asked for", lambda: cluster.readings == 2)
    board.pause()
    wait("the head to say so", lambda: "every 3600 s" in shown(board))
    assert cluster.readings == 2


def test_drift_is_read_when_asked_for_and_not_before(cluster: Cluster, board: BoardCard) -> None:
    wait("the first reading", lambda: cluster.readings == 1)
    assert cluster.drifts == 0
    board.check_drift()
    wait("the drift", lambda: "no state yet" in shown(board))
    assert cluster.drifts == 1


def test_an_error_that_nobody_expected_is_shown_and_ends_the_board(cluster: Cluster, board: BoardCard) -> None:
    wait("the first reading", lambda: cluster.readings == 1)
    cluster.error = ZeroDivisionError("by nought")
    board.refresh()
    assert board.join(30)
    assert "by nought" in shown(board)
    assert "closed" in shown(board)


def test_without_a_person_the_notebook_shows_what_earlier_runs_saw(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for day in (1, 2):
        write_events(write_record(runs, day=day), *inspected([member("etcd1"), member("etcd2")]))
    broken = write_record(runs, day=3)
    (broken / "journal.jsonl").write_text("{}\n")
    place = SimpleNamespace(cluster=SimpleNamespace(name="demo"), paths=SimpleNamespace(runs=runs / "demo"))
    record = runs / "demo" / "20260401T000000Z-20-look"
    past = open_board(Run(folder=record, way=Way.UNATTENDED, sink=SilentSink()), place)  # type: ignore[arg-type]
    assert isinstance(past, PastMembers)
    assert len(past.history) == 2
    first, *rest = str(past).splitlines()
    assert first == "2 earlier looks at the members of demo"
    assert broken.name in "\n".join(rest)
    assert "past runs" in past._repr_html_()
