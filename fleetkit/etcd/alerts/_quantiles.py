"""The 99th percentile of what members observed in a window, key by key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fleetkit.etcd.alerts._window import Window
from fleetkit.etcd.alerts.rules import Reading
from fleetkit.etcd.histogram import Histogram
from fleetkit.etcd.metric_values import MemberMetrics

__all__ = ["read_quantiles"]

_SHARE = 0.99


def read_quantiles(
    window: Window, read: Callable[[MemberMetrics], Mapping[str, Histogram]], *, names: Iterable[str]
) -> list[Reading]:
    """Return the 99th percentile of each histogram of each member.

    A member that observed nothing has one reading without a value: that is quiet where the window was watched
    from end to end, and cannot be told where it was not.
    """
    found: list[Reading] = []
    for name in names:
        observed = {key: one for key, one in window.observed(name, read).items() if one.total}
        found += [
            Reading(
                subject=f"{name} {window.now.name_of(key)}".rstrip(),
                value=histogram.quantile(_SHARE),
            )
            for key, histogram in observed.items()
        ] or [Reading(subject=name, value=None, too_short=window.too_short(name))]
    return found
