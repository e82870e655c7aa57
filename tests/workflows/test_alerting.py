"""Alerts over runs: each scrape is recorded, later runs draw on it, and what cannot be read is named."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster
from support.etcd_metrics import NOW, member, scrape
from support.pki_made import LONG_AGO, MEMBERS, ZONE, make_demo_pki
from support.runs_records import write_events, write_record

from fleetkit.etcd import AlertState, EtcdLimits, Scrape
from fleetkit.pki import renew_leaf
from fleetkit.runs import EventKind
from fleetkit.workflows import PastScrapes, Reporter, alerting, check_alerts, judge_scrapes, read_scrape_history


def fact(of: Scrape) -> tuple[EventKind, dict[str, Any]]:
    return EventKind.FACT, {"about": "metrics", "scrape": of.facts()}


def place(runs: Path) -> Any:
    masters = {name: SimpleNamespace(address=address) for name, address in MEMBERS.items()}
    return SimpleNamespace(
        cluster=SimpleNamespace(name="demo", masters=masters),
        paths=SimpleNamespace(runs=runs / "demo", pki=runs.parent / "pki"),
    )


def leaderless(age_s: float) -> Scrape:
    return scrape(age_s, first=member(has_leader=False))


def test_the_scrapes_of_past_runs_come_back_in_their_order(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    write_events(write_record(runs, day=2), fact(scrape(10)), fact(scrape(5)))
    write_events(write_record(runs, day=1), fact(scrape(300)), (EventKind.FACT, {"about": "members", "members": []}))
    past = read_scrape_history(place(runs))
    assert [(NOW - one.at).total_seconds() for one in past.scrapes] == [300, 10, 5]
    assert past.unread == ()
    assert "3 earlier scrapes, from 2026-11-26T11:55:00Z to 2026-11-26T11:59:55Z" in str(past)


def test_a_record_that_cannot_be_read_is_named_and_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    write_events(write_record(runs, day=1), fact(scrape(10)))
    write_events(write_record(runs, day=2), (EventKind.FACT, {"about": "metrics", "scrape": {"at": "soon"}}))
    (write_record(runs, day=3) / "journal.jsonl").write_text("{}\n")
    past = read_scrape_history(place(runs))
    assert len(past.scrapes) == 1
    assert len(past.unread) == 2
    assert any("at: expected a moment" in one for one in past.unread)


def test_an_alert_that_seconds_cannot_tell_fires_with_what_past_runs_saw() -> None:
    now = (leaderless(5), leaderless(0))
    past = PastScrapes(cluster="demo", scrapes=(leaderless(280), leaderless(275)))
    alone, together = judge_scrapes(now), judge_scrapes(now, past=past)
    assert (alone.count(AlertState.FIRING), together.count(AlertState.FIRING)) == (0, 1)
    assert alone.outcome == "findings", "that nobody leads at this moment is ill health all the same"
    assert alone.summary.startswith(
        "0 of 15 alerts of etcd fire; 1 holding, and not watched for long enough to fire; "
    )  # fmt: skip
    assert together.summary.startswith("1 of 15 alerts of etcd fire (etcdNoLeader); ")
    assert (together.scrapes, together.earlier) == (2, 2)
    assert "etcdNoLeader" in str(together)
    assert "<table" in together._repr_html_()


def test_a_member_of_the_same_name_in_a_cluster_made_anew_is_another_one() -> None:
    """Its database did not grow by what the other's had been smaller."""
    of_old = [scrape(age, first=member(member_id="old", db_size=1024)) for age in range(300, 14401, 300)]
    past = PastScrapes(cluster="demo", scrapes=tuple(of_old))
    checked = judge_scrapes((scrape(5), scrape(0)), past=past)
    (growth,) = [one for one in checked.alerts if one.name == "etcdExcessiveDatabaseGrowth"]
    assert (growth.state, growth.who) == (AlertState.TOO_SHORT, ("etcd1",))


def test_certificates_that_soon_expire_are_told_with_the_alerts_and_are_none_of_them() -> None:
    words = "certificates: 1 of 12 ask for something, ca first: expires soon (fleetkit certificates rotate demo --ca)"
    checked = judge_scrapes((scrape(5), scrape(0)), certificates=words)
    assert words in str(checked)
    assert words in checked._repr_html_()
    assert (checked.outcome, checked.summary) == ("done", judge_scrapes((scrape(5), scrape(0))).summary)


@pytest.mark.sandbox
def test_what_is_recorded_of_real_members_is_what_the_next_run_draws_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[EventKind, Any]] = []
    with EtcdCluster(tmp_path / "etcd") as cluster:

        @contextlib.contextmanager
        def open_way(_workspace: Any) -> Iterator[Any]:
            yield SimpleNamespace(endpoints=cluster.endpoints(), tls=cluster.tls)

        # The members stand on loopback, where no tunnel leads.
        monkeypatch.setattr(alerting, "open_way_in", open_way)
        cluster.pause("etcd3")
        report = Reporter(record=lambda kind, data: told.append((kind, json.loads(json.dumps(data)))))
        make_demo_pki(tmp_path / "pki")
        renew_leaf(tmp_path / "pki", "members/etcd2/server", members=MEMBERS, dns_zone=ZONE, now=LONG_AGO)
        workspace = place(tmp_path / "runs")
        checked = check_alerts(workspace, scrapes=2, every_s=0.2, limits=EtcdLimits(total_s=1), report=report)
    (down,) = [one for one in checked.alerts if one.name == "etcdMembersDown"]
    assert (down.state, down.value, down.who) == (AlertState.TOO_SHORT, 1, ("etcd3",))
    assert [data["about"] for _, data in told] == ["metrics", "metrics", "alerts"]
    write_events(write_record(tmp_path / "runs"), *told)
    past = read_scrape_history(workspace)
    assert [set(one.members) for one in past.scrapes] == [{"etcd1", "etcd2"}] * 2
    assert "members/etcd2/server first: expired" in checked.certificates
    assert told[-1][1]["certificates"] == checked.certificates
    assert [set(one.down) for one in past.scrapes] == [{"etcd3"}] * 2
