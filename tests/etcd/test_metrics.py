"""Metrics of a real etcd 3.5.1 become typed values, histograms count as Prometheus's do, and records keep them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.etcd_metrics import histogram, scrape

from fleetkit.core import EtcdError
from fleetkit.etcd import Histogram, RequestCount, Scrape, parse_metrics

RECORDED = (Path(__file__).parent / "data" / "metrics-3.5.1.txt").read_text(encoding="utf-8")


def test_a_members_own_words() -> None:
    found = parse_metrics(RECORDED)
    assert found.member_id == "46d43dc1107625e5"
    assert (found.has_leader, found.leader_changes, found.proposals_failed) == (True, 1, 0)
    assert (found.db_size, found.db_size_in_use, found.quota) == (32768, 16384, 2 * 1024**3)
    assert set(found.round_trip_seconds) == {"44260625dab18ab3", "da65dc673828eb48"}
    # Of the other peer it only observed round trips of no time, for it never answered.
    assert found.round_trip_average_s == {"da65dc673828eb48": pytest.approx(0.00037004)}
    assert (found.fsync_seconds.total, found.commit_seconds.total) == (2, 7)
    assert (found.send_failures, found.request_seconds) == ({}, None)


def test_requests_are_counted_by_method_and_only_the_servers_failures_count() -> None:
    def line(code: str, count: int) -> str:
        method = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"'
        return f'grpc_server_handled_total{{grpc_code="{code}",{method}}} {count}\n'

    text = RECORDED + line("OK", 7) + line("ResourceExhausted", 2) + line("InvalidArgument", 1)
    assert parse_metrics(text).requests == {"etcdserverpb.KV/Put": RequestCount(10, 2)}


def test_how_long_requests_took_is_read_where_it_is_measured_and_defragmenting_left_out() -> None:
    def line(method: str, bound: str, count: int) -> str:
        labels = f'grpc_method="{method}",grpc_service="s",grpc_type="unary",le="{bound}"'
        return f"grpc_server_handling_seconds_bucket{{{labels}}} {count}\n"

    text = RECORDED + line("Put", "0.1", 3) + line("Put", "+Inf", 4) + line("Defragment", "+Inf", 1)
    assert parse_metrics(text).request_seconds == {"s/Put": Histogram({0.1: 3, float("inf"): 4})}


@pytest.mark.parametrize("text", ["", "<html>\n<body>no</body>", "go_goroutines 7\n", "{}"])
def test_what_are_no_metrics_of_etcd_is_an_error(text: str) -> None:
    with pytest.raises(EtcdError, match="metrics"):
        parse_metrics(text)


@pytest.mark.parametrize(
    ("found", "share", "value"),
    [
        (histogram(at_0_001=100), 0.99, 0.00099),
        # 90 up to 0.1, 10 up to 0.25: the 99th percentile lies nine tenths into the second bucket.
        (histogram(at_0_1=90, at_0_25=10), 0.99, 0.1 + 0.15 * 0.9),
        (Histogram({1.0: 0, 2.0: 0, float("inf"): 5}), 0.99, 2.0),
        (histogram(), 0.99, None),
    ],
)
def test_a_quantile_is_prometheuss(found: Histogram, share: float, value: float | None) -> None:
    assert found.quantile(share) == (None if value is None else pytest.approx(value))


def test_a_histogram_that_began_anew_counts_from_nothing() -> None:
    before = histogram(at_1=9)
    assert histogram(at_1=12).since(before) == histogram(at_1=3)
    assert histogram(at_1=2).since(before) == histogram(at_1=2)


def test_a_record_gives_back_the_scrape_that_it_keeps() -> None:
    first = parse_metrics(RECORDED)
    kept = scrape(0.5, first=first, down=("etcd2",), unasked=("etcd3",))
    assert Scrape.from_facts(json.loads(json.dumps(kept.facts()))) == kept


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"at": "yesterday"}, "at: expected a moment"),
        ({"members": {"etcd1": {"db_size": "big"}}}, "members.etcd1.db_size: expected a number"),
        ({"members": {"etcd1": {"fsync_seconds": {"soon": 1}}}}, "members.etcd1.fsync_seconds: expected bounds"),
        ({"down": {"etcd1": 3}}, "down.etcd1: expected a string"),
    ],
)
def test_a_record_of_another_form_is_named_by_the_field(change: dict[str, object], path: str) -> None:
    with pytest.raises(EtcdError, match=path.replace(".", r"\.")):
        Scrape.from_facts({"at": "2026-11-26T12:00:00+00:00", **change})
