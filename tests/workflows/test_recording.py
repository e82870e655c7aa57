"""What workflows tell the record: each change as it is done, whoever else listens; and what preflight saw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.runs_kernels import start_kernel_by_hand

from fleetkit.core import Quorum, judge_quorum
from fleetkit.runs import EventKind
from fleetkit.terraform import ApplyResult, Event, parse_event
from fleetkit.workflows import Reporter
from fleetkit.workflows._check_lines import CheckLine, CheckStatus
from fleetkit.workflows._recording import record_applied, record_checks, record_sections, recorded
from fleetkit.workflows.inspecting import Section

HOOK = (
    '{{"@level":"info","@message":"m","@timestamp":"2026-01-01T00:00:00Z","type":"{kind}","hook":{{"resource":{{'
    '"addr":"aws_vpc.this","module":"","resource":"aws_vpc.this","implied_provider":"aws","resource_type":"aws_vpc",'
    '"resource_name":"this","resource_key":null}},"action":"create","id_key":"id","id_value":"vpc-1",'
    '"elapsed_seconds":3}}}}'
)


@pytest.fixture
def told() -> list[tuple[EventKind, Mapping[str, Any]]]:
    return []


@pytest.fixture
def reporter(told: list[tuple[EventKind, Mapping[str, Any]]]) -> Reporter:
    return Reporter(record=lambda kind, data: told.append((kind, data)))


def test_each_change_is_recorded_as_it_is_done_and_passed_on(told: list[Any]) -> None:
    seen: list[Event] = []
    tell = recorded(Reporter(event=seen.append, record=lambda kind, data: told.append((kind, data))))
    events = [parse_event(HOOK.format(kind=kind)) for kind in ("apply_start", "apply_complete", "apply_errored")]
    for event in events:
        tell(event)
    assert seen == events
    done = {"address": "aws_vpc.this", "action": "create", "took_s": 3.0}
    assert told == [(EventKind.CHANGE, {**done, "id": "vpc-1"}), (EventKind.FAILED, done)]


def test_what_is_done_beside_terraform_is_recorded_with_its_counts(reporter: Reporter, told: list[Any]) -> None:
    record_applied(reporter, ApplyResult(added=1, changed=2, removed=0, imported=3, took_s=1.23456), put=("a", "b"))
    record_applied(reporter, None)
    counts = {"added": 1, "changed": 2, "removed": 0, "imported": 3, "took_s": 1.235}
    assert told == [
        (EventKind.CHANGE, {"terraform": counts, "put": ["a", "b"]}),
        (EventKind.CHANGE, {"terraform": {}}),
    ]


def test_what_preflight_saw_is_recorded_line_by_line(reporter: Reporter, told: list[Any]) -> None:
    record_checks(reporter, (CheckLine(check_id="region", status=CheckStatus.WARNING, seen="far", mend="go"),))
    lines = [{"check": "region", "status": "warning", "seen": "far"}]
    assert told == [(EventKind.FACT, {"about": "preflight", "lines": lines})]


def test_a_part_that_could_not_be_read_is_recorded_as_unknown_and_not_as_empty(
    reporter: Reporter, told: list[Any]
) -> None:
    quorum: Quorum = judge_quorum(voters=3, healthy=3)
    read = Section(title="Quorum", frame=None, findings=("odd",), facts={"tolerates": quorum.tolerates})
    unread = Section(title="Members", frame=None, unknown="no answer")
    record_sections(reporter, {"quorum": read, "members": unread})
    assert told == [
        (EventKind.FACT, {"about": "quorum", "tolerates": 1}),
        (EventKind.FACT, {"about": "findings", "findings": ["odd"]}),
        (EventKind.FACT, {"about": "unknown", "unknown": [{"name": "members", "why": "no answer"}]}),
    ]


def test_a_run_that_is_told_no_cluster_lies_under_the_one_that_the_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETKIT_CLUSTER", "fresh")
    begin = "from fleetkit import workflows\nrun = workflows.begin_run(notebook='10-try', cluster='', parameters={})"
    with start_kernel_by_hand(tmp_path) as kernel:
        kernel.run(begin)
        assert [folder.name for folder in (tmp_path / "runs").iterdir()] == ["fresh"]
