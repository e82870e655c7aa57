"""A histogram as Prometheus counts: observations by buckets, what came since, and quantiles of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.etcd._reading import Fields

__all__ = ["Histogram"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many observations were at most so large; the counts are cumulative and the bounds rise to infinity."""

    counts: Mapping[float, float]

    @property
    def total(self) -> float:
        """Number of observations."""
        return max(self.counts.values(), default=0.0)

    def since(self, earlier: Histogram | None) -> Histogram:
        """Return what was observed since ``earlier``; all of it where the member began to count anew."""
        if earlier is None or earlier.total > self.total:
            return self
        return Histogram({bound: count - earlier.counts.get(bound, 0.0) for bound, count in self.counts.items()})

    def plus(self, other: Histogram) -> Histogram:
        """Return the observations of both."""
        bounds = sorted({*self.counts, *other.counts})
        return Histogram({bound: self.counts.get(bound, 0.0) + other.counts.get(bound, 0.0) for bound in bounds})

    def quantile(self, share: float) -> float | None:
        """Return the value that ``share`` of the observations do not exceed; None without observations.

        As Prometheus's ``histogram_quantile`` does: linear within a bucket, and the highest bound that is finite
        where it lies beyond that.
        """
        if not self.total:
            return None
        wanted = share * self.total
        below, counted = 0.0, 0.0
        for bound, count in sorted(self.counts.items()):
            if count >= wanted:
                if math.isinf(bound):
                    return below
                return below + (bound - below) * (wanted - counted) / (count - counted)
            below, counted = bound, count
        return below

    def facts(self) -> dict[str, float]:
        """Return it as plain JSON values, for a record."""
        # JSON has no infinity among its numbers; as a name it does no harm.
        return {f"{bound:g}": count for bound, count in self.counts.items()}

    @classmethod
    def from_facts(cls, fields: Fields, name: str) -> Histogram:
        """Read what `facts` wrote into a field.

        Raises
        ------
        EtcdError
            When it has another form; names the field.
        """
        counts: dict[float, float] = {}
        for bound, count in fields.numbers(name).items():
            try:
                counts[float(bound)] = count
            except ValueError as error:
                raise fields.reject(name, "bounds that are numbers") from error
        return cls(counts)
