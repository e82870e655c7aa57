"""What changed since it last worked: compared by meaning, whatever else the files say."""

from __future__ import annotations

import datetime as dt

import pytest
from support.runs_records import STARTED, inspected, member, write_events, write_record

from fleetkit.runs import EventKind, Outcome, RunError, diff_runs, read_digest, read_run

HEALTHY = inspected([member("etcd1"), member("etcd2"), member("etcd3")])


def differences(runs, before, after, **changes) -> list[tuple[str, str, str, str]]:
    """Return how two runs differ that recorded these events."""
    folders = [
        write_events(write_record(runs, day=1), *before),
        write_events(write_record(runs, day=2, **changes), *after),
    ]
    found = diff_runs(*(read_run(folder) for folder in folders))
    assert found.remarks == ()
    return [(one.topic, one.name, one.before, one.after) for one in found.differences]


def fact(about: str, **data):
    return (EventKind.FACT, {"about": about, **data})


def test_runs_that_mean_the_same_do_not_differ_whatever_their_numbers_and_order(tmp_path):
    again = inspected(
        [member("etcd3", took_ms=9.0), member("etcd1", raft_index=9000), member("etcd2", db_size_bytes=30000)]
    )
    assert differences(tmp_path, HEALTHY, again) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (
            inspected([member("etcd1"), member("etcd2", healthy=False), member("etcd3")], state="degraded", healthy=2),
            [
                ("members", "etcd2 healthy", "yes", "no"),
                ("quorum", "state", "whole", "degraded"),
                ("quorum", "healthy", "3", "2"),
            ],
        ),
        (
            inspected([member("etcd1", alarms=["NOSPACE"]), member("etcd2", took_ms=80), member("etcd3")]),
            [("members", "etcd1 alarms NOSPACE", "-", "NOSPACE"), ("members", "etcd2 took_ms", "3.1", "80")],
        ),
        (
            inspected([member("etcd1"), member("etcd2"), member("etcd3", db_size_bytes=50_000)]),
            [("members", "etcd3 db_size_bytes", "20480", "50000")],
        ),
        (
            inspected([member("etcd1"), member("etcd2")], healthy=2),
            [
                ("members", "etcd3", "there", "-"),
                ("quorum", "healthy", "3", "2"),
            ],
        ),
        ([], [("members", "", "seen", "not seen"), ("quorum", "", "seen", "not seen")]),
    ],
)
def test_health_is_told_member_by_member(tmp_path, after, expected):
    assert differences(tmp_path, HEALTHY, after) == expected


def test_the_last_look_of_a_run_counts(tmp_path):
    ill = inspected([member("etcd1", healthy=False), member("etcd2"), member("etcd3")])
    assert differences(tmp_path, HEALTHY, [*ill, *HEALTHY]) == []


def test_findings_are_new_or_mended_and_not_compared_word_by_word(tmp_path):
    before = [
        fact("findings", findings=[{"check": "open-ssh", "seen": "0.0.0.0/0"}, {"check": "old-ca", "seen": "9 d"}])
    ]
    after = [fact("findings", findings=[{"check": "old-ca", "seen": "8 d"}, {"check": "no-backup", "seen": "none"}])]
    assert differences(tmp_path, before, after) == [
        ("findings", "no-backup", "-", "new"),
        ("findings", "open-ssh", "found", "mended"),
    ]


def test_plans_are_compared_by_what_they_do(tmp_path):
    def plan(sha256, counts, **more):
        return (
            EventKind.PLAN,
            {"operation": "deploy", "sha256": sha256, "empty": not counts, "counts": counts, **more},
        )

    def change(address, action):
        return (EventKind.CHANGE, {"address": address, "action": action, "id": "i-1"})

    before = [plan("a" * 64, {"create": 3, "update": 0}), change("module.etcd.aws_instance.this", "create")]
    after = [
        plan("b" * 64, {"create": 2, "replace": 1}, alarms=["replaces a master"]),
        change("module.etcd.aws_instance.this", "replace"),
        (EventKind.CHANGE, {"added": 1, "changed": 0, "removed": 1}),
    ]
    assert differences(tmp_path, before, after) == [
        ("plan", "create", "3", "2"),
        ("plan", "replace", "-", "1"),
        ("plan", "alarms", "-", "replaces a master"),
        ("changes", "module.etcd.aws_instance.this", "create", "replace"),
    ]


def test_what_the_run_was_given_and_how_it_ended_is_compared(tmp_path):
    error = RunError(kind="EtcdError", message="no leader\n  next: wait", cell=4, title="Verify")
    found = differences(
        tmp_path,
        [(EventKind.VERIFIED, {"what": "quorum", "ok": True})],
        [(EventKind.VERIFIED, {"what": "quorum", "ok": False})],
        outcome=Outcome.FAILED,
        error=error,
        parameters={"count": 4, "deep": True},
        versions={"fleetkit": "0.2.0"},
        ended=STARTED + dt.timedelta(days=1, minutes=10),
    )
    assert found == [
        ("outcome", "", "done", "failed"),
        ("error", "", "-", "EtcdError in “Verify”: no leader"),
        ("parameters", "count", "3", "4"),
        ("parameters", "deep", "-", "yes"),
        ("versions", "fleetkit", "0.1.0", "0.2.0"),
        ("duration", "", "1 min 30 s", "10 min 00 s"),
        ("verified", "quorum", "yes", "no"),
    ]


def test_a_journal_that_is_not_there_or_damaged_is_a_remark_and_looks_like_no_change(tmp_path):
    whole = write_events(write_record(tmp_path, day=1), *HEALTHY)
    without = write_record(tmp_path, day=2)
    damaged = write_events(write_record(tmp_path, day=3), *HEALTHY)
    text = (damaged / "journal.jsonl").read_text().splitlines()
    (damaged / "journal.jsonl").write_text(f"{text[0]}\n{text[1]}\n{{\n")
    for other, remark in ((without, "has no journal"), (damaged, "line 3 of")):
        found = diff_runs(read_run(whole), read_run(other))
        assert found.differences == ()
        assert remark in found.remarks[0]
    assert set(read_digest(damaged).facts) == {"members"}, "what stands before the damage is known"


def test_a_difference_reads_as_a_sentence_and_as_json(tmp_path):
    folders = write_record(tmp_path, day=1), write_record(tmp_path, day=2, outcome=Outcome.FINDINGS)
    for folder in folders:
        write_events(folder, *HEALTHY)
    found = diff_runs(*(read_run(folder) for folder in folders))
    before, after = (folder.name for folder in folders)
    assert str(found).splitlines() == [
        f"{after} (findings) differs from {before} (done) in one thing:",
        "  outcome: done → findings",
    ]
    assert found.to_json() == {
        "before": before,
        "after": after,
        "differences": [{"topic": "outcome", "name": "", "before": "done", "after": "findings"}],
        "remarks": [],
    }
