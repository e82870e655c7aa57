"""What the looks of some minutes say: increases, rates, quantiles and predictions, as Prometheus makes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fleetkit.core import format_duration
from fleetkit.etcd.histogram import Histogram
from fleetkit.etcd.metric_values import MemberMetrics
from fleetkit.etcd.metrics import Scrape

__all__ = ["LOOKBACK_S", "Window"]

LOOKBACK_S = 300.0
"""For how long one look speaks for what follows; Prometheus takes a series for gone after the same time."""


@dataclass(frozen=True, slots=True)
class Window:
    """The scrapes of some seconds before a moment.

    Attributes
    ----------
    scrapes
        The oldest first; the last one is the moment itself.
    length_s
        How long the window is meant to be.
    """

    scrapes: tuple[Scrape, ...]
    length_s: float

    @classmethod
    def before(cls, scrapes: Sequence[Scrape], *, length_s: float) -> Window:
        """Return the window that ends with the last of ``scrapes``."""
        since = scrapes[-1].at - dt.timedelta(seconds=length_s)
        return cls(tuple(one for one in scrapes if one.at >= since), length_s)

    @property
    def now(self) -> Scrape:
        """The moment itself."""
        return self.scrapes[-1]

    def points(self, name: str) -> list[tuple[float, MemberMetrics]]:
        """Return the metrics of a member, each with its age in seconds, negative; the oldest first.

        Another member that bore the name before, as in a cluster that was made anew, is left out.
        """
        latest = next((one.members[name] for one in reversed(self.scrapes) if name in one.members), None)
        return [
            ((one.at - self.now.at).total_seconds(), one.members[name])
            for one in self.scrapes
            if latest is not None and name in one.members and one.members[name].member_id == latest.member_id
        ]

    def span_s(self, name: str) -> float:
        """Return over how many seconds the member was seen."""
        points = self.points(name)
        return points[-1][0] - points[0][0] if points else 0.0

    def is_covered(self, name: str) -> bool:
        """Whether the member was seen over the window, with no third of it unseen."""
        ages = [age for age, _ in self.points(name)]
        third = self.length_s / 3
        longest_gap = max((later - earlier for earlier, later in pairwise(ages)), default=self.length_s)
        return -min(ages, default=0.0) >= self.length_s - third and longest_gap <= max(LOOKBACK_S, third)

    def too_short(self, name: str) -> str:
        """Return why something that needs the whole window cannot be told; empty where it can."""
        if self.is_covered(name):
            return ""
        return f"seen over {format_duration(self.span_s(name))}, the rule asks for {format_duration(self.length_s)}"

    def increase(self, name: str, read: Callable[[MemberMetrics], float]) -> float | None:
        """Return by how much a counter rose; None where it was seen but once.

        A counter that fell began anew, for its member was started again: all that it says came since.
        """
        values = [read(metrics) for _, metrics in self.points(name)]
        if len(values) < 2:
            return None
        return sum(later - earlier if later >= earlier else later for earlier, later in pairwise(values))

    def rate(self, name: str, read: Callable[[MemberMetrics], float]) -> float | None:
        """Return by how much a counter rose each second; None where it was seen but once."""
        increase, span = self.increase(name, read), self.span_s(name)
        return None if increase is None or span <= 0 else increase / span

    def observed(self, name: str, read: Callable[[MemberMetrics], Mapping[str, Histogram]]) -> dict[str, Histogram]:
        """Return what histograms observed, by their keys; none where they were seen but once.

        One that is not there yet begins with its first observation.
        """
        found: dict[str, Histogram] = {}
        for (_, earlier), (_, later) in pairwise(self.points(name)):
            before = read(earlier)
            for key, histogram in read(later).items():
                fresh = histogram.since(before.get(key))
                found[key] = found[key].plus(fresh) if key in found else fresh
        return found

    def predict(self, name: str, read: Callable[[MemberMetrics], float], *, ahead_s: float) -> float | None:
        """Return what a value will be, by the straight line of least squares; None where it was seen but once."""
        points = [(age, read(metrics)) for age, metrics in self.points(name)]
        if self.span_s(name) <= 0:
            return None
        mean_age = sum(age for age, _ in points) / len(points)
        mean = sum(value for _, value in points) / len(points)
        spread = sum((age - mean_age) ** 2 for age, _ in points)
        slope = sum((age - mean_age) * (value - mean) for age, value in points) / spread
        return mean + slope * (ahead_s - mean_age)
