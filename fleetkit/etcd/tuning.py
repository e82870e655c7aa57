"""etcd's settings and disks held against its own guidance, by what its members measured themselves.

The numbers are those of etcd's hardware and tuning guides. A pure function over one scrape; nothing here asks anybody.
"""

from __future__ import annotations

from fleetkit.etcd._tuning_raft import advise_election, advise_heartbeat, advise_snapshots
from fleetkit.etcd.histogram import Histogram
from fleetkit.etcd.metric_values import MemberMetrics
from fleetkit.etcd.metrics import Scrape
from fleetkit.etcd.tuning_values import Advice, Disk, Fit, RaftSettings, RoundTrip, Tuning

__all__ = ["judge_tuning"]

_LARGEST_QUOTA = 8 * 1024**3
_FULL_SHARE = 0.8
"""Share of the quota from which on there should be more room before the alarm."""
_FSYNC_S, _COMMIT_S = 0.010, 0.025
_FEWEST_OBSERVED = 100
"""With fewer, the 99th percentile is just the slowest one."""


def judge_tuning(scrape: Scrape, settings: RaftSettings) -> Tuning:
    """Hold the members' settings and disks against etcd's guidance.

    Parameters
    ----------
    scrape
        What the members say.
    settings
        What they do not say.
    """
    trips = tuple(
        RoundTrip(
            member=name,
            peer=scrape.name_of(peer),
            average_s=average,
            p99_s=one.round_trip_seconds[peer].quantile(0.99) if peer in one.round_trip_seconds else None,
        )
        for name, one in scrape.members.items()
        for peer, average in one.round_trip_average_s.items()
    )
    rtt_ms = max((trip.average_s * 1000 for trip in trips), default=None)
    return Tuning(
        round_trips=trips,
        disks=tuple(_judge_disk(name, one) for name, one in scrape.members.items()),
        advice=(
            advise_heartbeat(rtt_ms, settings.heartbeat_ms),
            advise_election(rtt_ms, settings),
            *(_advise_quota(name, one) for name, one in scrape.members.items()),
            advise_snapshots(scrape, settings.snapshot_count),
        ),
    )


def _advise_quota(name: str, member: MemberMetrics) -> Advice:
    quota = int(member.quota)
    share = member.db_size / member.quota if member.quota > 0 else 0.0
    used = f"{100 * share:.0f} % of it is taken"

    def advise(suggested: int, fit: Fit, why: str) -> Advice:
        return Advice(setting="quota-backend-bytes", who=name, current=quota, suggested=suggested, fit=fit, why=why)

    if quota > _LARGEST_QUOTA:
        return advise(_LARGEST_QUOTA, Fit.CHANGE, "etcd advises 8 GiB at most: more takes long to load and to send")
    if share < _FULL_SHARE:
        return advise(quota, Fit.FITS, used)
    if member.db_size_in_use < 0.5 * member.db_size:
        return advise(quota, Fit.CHANGE, f"{used}, and less than half of that in use: defragment, and keep the quota")
    if quota == _LARGEST_QUOTA:
        return advise(quota, Fit.CHANGE, f"{used}, and it is as large as etcd advises: keep less in etcd")
    return advise(min(_LARGEST_QUOTA, 2 * quota), Fit.CHANGE, f"{used}: at the whole of it writes end")


def _judge_disk(name: str, member: MemberMetrics) -> Disk:
    fsync, commit = (_p99(one) for one in (member.fsync_seconds, member.commit_seconds))
    slow = [
        f"{what} takes {1000 * found:.4g} ms, more than {1000 * limit:g} ms"
        for what, found, limit in (("syncing the log", fsync, _FSYNC_S), ("committing", commit, _COMMIT_S))
        if found is not None and found > limit
    ]
    if slow:
        fit, why = Fit.CHANGE, f"{'; '.join(slow)}: a faster disk, or one of its own"
    elif fsync is None or commit is None:
        counts = f"{member.fsync_seconds.total:.0f} syncs and {member.commit_seconds.total:.0f} commits"
        fit, why = Fit.UNKNOWN, f"{counts} were observed; it takes {_FEWEST_OBSERVED} of each"
    else:
        fit, why = Fit.FITS, "99 of 100 syncs within 10 ms, and commits within 25 ms"
    return Disk(member=name, fsync_s=fsync, commit_s=commit, fit=fit, why=why)


def _p99(histogram: Histogram) -> float | None:
    return histogram.quantile(0.99) if histogram.total >= _FEWEST_OBSERVED else None
