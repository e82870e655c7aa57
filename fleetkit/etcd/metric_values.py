"""What a member's own metrics say that alerts and tuning ask for, as typed values.

Names of series are etcd's; most counters and histograms begin with the first event, so one that is absent is 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fleetkit.core import EtcdError
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.histogram import Histogram

__all__ = ["MemberMetrics", "RequestCount", "Sample"]

_FAILED_CODES = frozenset(
    {
        "DataLoss",
        "DeadlineExceeded",
        "FailedPrecondition",
        "Internal",
        "ResourceExhausted",
        "Unavailable",
        "Unknown",
    }
)
"""gRPC's codes that etcd's alert counts as failures of the server; a wrong request is none."""


class Sample(Protocol):
    """One line of Prometheus's text, as its parser gives it."""

    @property
    def name(self) -> str:
        """What is measured."""

    @property
    def labels(self) -> dict[str, str]:
        """Of what it is measured."""

    @property
    def value(self) -> float:
        """The value itself."""


@dataclass(frozen=True, slots=True)
class RequestCount:
    """How many requests of one method were answered, and how many of those failed by the server's fault."""

    handled: float
    failed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMetrics:
    """One member's metrics at one moment.

    Attributes
    ----------
    member_id
        In hex, as etcdctl shows it.
    has_leader
        Whether it knows a leader.
    leader_changes, proposals_failed
        Counted since it started.
    db_size, db_size_in_use, quota
        Bytes of the backend file, of those the bytes in use, and the size at which writes end.
    resident_memory
        Bytes of memory that the process holds.
    started
        When the process started, in seconds since 1970; 0 where it was not told.
    send_failures
        Messages that could not be sent, by the peer's id.
    requests
        gRPC requests by service and method, of those that were ever asked for.
    request_seconds
        How long unary requests took, by service and method; None where etcd does not measure it,
        which it does only with ``ETCD_METRICS=extensive``.
    round_trip_seconds
        Round-trip times, by the peer's id; etcd probes its peers every half minute.
    round_trip_average_s
        Mean round-trip time since the member started, by the peer's id; a peer that it never reached has none.
    fsync_seconds, commit_seconds
        How long it took to sync the write-ahead log, and to commit the backend.
    """

    member_id: str
    has_leader: bool
    leader_changes: float
    proposals_failed: float
    db_size: float
    db_size_in_use: float
    quota: float
    resident_memory: float
    send_failures: Mapping[str, float]
    requests: Mapping[str, RequestCount]
    request_seconds: Mapping[str, Histogram] | None
    round_trip_seconds: Mapping[str, Histogram]
    round_trip_average_s: Mapping[str, float]
    fsync_seconds: Histogram
    commit_seconds: Histogram
    started: float = 0.0

    @classmethod
    def from_samples(cls, samples: Iterable[Sample]) -> MemberMetrics:
        """Read what Prometheus's parser made of a member's ``/metrics``.

        Raises
        ------
        EtcdError
            When it is not the answer of an etcd member.
        """
        series: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            series[sample.name].append(sample)
        if "etcd_server_has_leader" not in series:
            raise EtcdError("these are not the metrics of an etcd member", seen="etcd_server_has_leader is not there")

        def one(name: str) -> float:
            return series[name][0].value if name in series else 0.0

        return cls(
            member_id=next((sample.labels["server_id"] for sample in series["etcd_server_id"]), ""),
            has_leader=one("etcd_server_has_leader") > 0,
            leader_changes=one("etcd_server_leader_changes_seen_total"),
            proposals_failed=one("etcd_server_proposals_failed_total"),
            db_size=one("etcd_mvcc_db_total_size_in_bytes"),
            db_size_in_use=one("etcd_mvcc_db_total_size_in_use_in_bytes"),
            quota=one("etcd_server_quota_backend_bytes"),
            resident_memory=one("process_resident_memory_bytes"),
            send_failures={
                sample.labels["To"]: sample.value for sample in series["etcd_network_peer_sent_failures_total"]
            },
            requests=_count_requests(series["grpc_server_handled_total"]),
            request_seconds=_read_request_seconds(series["grpc_server_handling_seconds_bucket"]),
            round_trip_seconds=_read_histograms(series["etcd_network_peer_round_trip_time_seconds_bucket"], by="To"),
            round_trip_average_s=_average(
                series["etcd_network_peer_round_trip_time_seconds_sum"],
                series["etcd_network_peer_round_trip_time_seconds_count"],
            ),
            fsync_seconds=_read_histogram(series["etcd_disk_wal_fsync_duration_seconds_bucket"]),
            commit_seconds=_read_histogram(series["etcd_disk_backend_commit_duration_seconds_bucket"]),
            started=one("process_start_time_seconds"),
        )

    @classmethod
    def from_facts(cls, fields: Fields) -> MemberMetrics:
        """Read what `facts` wrote.

        Raises
        ------
        EtcdError
            When it has another form; names the field.
        """
        handled, failed = fields.numbers("handled"), fields.numbers("failed")
        return cls(
            member_id=fields.text("member_id"),
            has_leader=fields.flag("has_leader"),
            leader_changes=fields.number("leader_changes"),
            proposals_failed=fields.number("proposals_failed"),
            db_size=fields.number("db_size"),
            db_size_in_use=fields.number("db_size_in_use"),
            quota=fields.number("quota"),
            resident_memory=fields.number("resident_memory"),
            send_failures=fields.numbers("send_failures"),
            requests={name: RequestCount(count, failed.get(name, 0.0)) for name, count in handled.items()},
            request_seconds=_take_histograms(fields, "request_seconds") if fields.flag("extensive") else None,
            round_trip_seconds=_take_histograms(fields, "round_trip_seconds"),
            round_trip_average_s=fields.numbers("round_trip_average_s"),
            fsync_seconds=Histogram.from_facts(fields, "fsync_seconds"),
            commit_seconds=Histogram.from_facts(fields, "commit_seconds"),
            started=fields.number("started"),
        )

    def facts(self) -> dict[str, Any]:
        """Return it as plain JSON values, for a record."""
        return {
            "member_id": self.member_id,
            "has_leader": self.has_leader,
            "leader_changes": self.leader_changes,
            "proposals_failed": self.proposals_failed,
            "db_size": self.db_size,
            "db_size_in_use": self.db_size_in_use,
            "quota": self.quota,
            "resident_memory": self.resident_memory,
            "send_failures": dict(self.send_failures),
            "handled": {name: count.handled for name, count in self.requests.items()},
            "failed": {name: count.failed for name, count in self.requests.items() if count.failed},
            "extensive": self.request_seconds is not None,
            "request_seconds": {name: one.facts() for name, one in (self.request_seconds or {}).items()},
            "round_trip_seconds": {name: one.facts() for name, one in self.round_trip_seconds.items()},
            "round_trip_average_s": dict(self.round_trip_average_s),
            "fsync_seconds": self.fsync_seconds.facts(),
            "commit_seconds": self.commit_seconds.facts(),
            "started": self.started,
        }


def _method(sample: Sample) -> str:
    return f"{sample.labels['grpc_service']}/{sample.labels['grpc_method']}"


def _count_requests(samples: list[Sample]) -> dict[str, RequestCount]:
    handled: dict[str, float] = defaultdict(float)
    failed: dict[str, float] = defaultdict(float)
    for sample in samples:
        handled[_method(sample)] += sample.value
        if sample.labels["grpc_code"] in _FAILED_CODES:
            failed[_method(sample)] += sample.value
    return {name: RequestCount(count, failed[name]) for name, count in handled.items() if count}


def _read_request_seconds(samples: list[Sample]) -> dict[str, Histogram] | None:
    if not samples:
        return None
    counts: dict[str, dict[float, float]] = defaultdict(dict)
    for sample in samples:
        # Whoever defragments waits for as long as it takes; etcd's alert leaves it out.
        if sample.labels["grpc_type"] == "unary" and sample.labels["grpc_method"] != "Defragment":
            counts[_method(sample)][float(sample.labels["le"])] = sample.value
    return {name: Histogram(found) for name, found in counts.items() if any(found.values())}


def _read_histograms(samples: list[Sample], *, by: str) -> dict[str, Histogram]:
    counts: dict[str, dict[float, float]] = defaultdict(dict)
    for sample in samples:
        counts[sample.labels[by]][float(sample.labels["le"])] = sample.value
    return {name: Histogram(found) for name, found in counts.items()}


def _average(sums: list[Sample], counts: list[Sample]) -> dict[str, float]:
    # Of a peer that was never reached, etcd observes one round trip of no time after another.
    counted = {sample.labels["To"]: sample.value for sample in counts}
    return {one.labels["To"]: one.value / counted[one.labels["To"]] for one in sums if one.value > 0}


def _read_histogram(samples: list[Sample]) -> Histogram:
    return Histogram({float(sample.labels["le"]): sample.value for sample in samples})


def _take_histograms(fields: Fields, name: str) -> dict[str, Histogram]:
    inner = fields.child(name)
    return {one: Histogram.from_facts(inner, one) for one in fields.by_name(name)}
