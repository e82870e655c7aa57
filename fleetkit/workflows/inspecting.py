"""Inspect: read everything of a cluster at once, show it, and say what is not as it should be.

Each part is read on its own. What could not be read is shown as unknown, with its reason, and counts as a failure
of the inspection: it is never shown as an empty table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from fleetkit.core import FleetkitError, call_each, format_utc, on_one_line, utc_now
from fleetkit.views import frame_html
from fleetkit.workflows import _inspections as reading
from fleetkit.workflows._certificates import join_certificates
from fleetkit.workflows._recording import record_sections
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from fleetkit.workflows._reading import Reading

__all__ = ["Inspection", "Overview", "Section", "inspect_cluster", "read_sections"]

_TITLES = {
    "machines": "Machines by role, zone and state",
    "members": "etcd members",
    "quorum": "Quorum",
    "pools": "Pools: desired, in service, joined",
    "targets": "Load balancer targets",
    "certificates": "Certificates by days left",
    "drift": "Drift: how the world differs from the state",
    "pending": "Pending changes: how the cluster file differs from the state",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Section(Shown):
    """One part of an inspection.

    Attributes
    ----------
    title
        What it is about.
    frame
        Its table; None when it could not be read at all.
    pictures
        SVG drawings of it.
    findings
        What is not as it should be, one sentence each.
    unknown
        Why it, or a part of it, could not be read; empty when all could.
    data
        What its table was made of, where others draw on that.
    facts
        What the record keeps of it; None when it could not be read at all.
    """

    title: str
    frame: pd.DataFrame | None
    pictures: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    unknown: str = ""
    data: Any = None
    facts: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        """The section in plain lines."""
        lines = [self.title]
        if self.unknown:
            lines.append(f"unknown: {self.unknown}")
        if self.frame is not None:
            lines.append(self.frame.to_string(index=False) if len(self.frame) else "none")
        return "\n".join([*lines, *(f"! {one}" for one in self.findings)])

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(one)}</li>" for one in self.findings)
        notes = f"<ul>{notes}</ul>" if notes else ""
        unknown = f"<p><strong>Unknown</strong>: {escape(self.unknown)}</p>" if self.unknown else ""
        table = ""
        if self.frame is not None:
            table = frame_html(self.frame) if len(self.frame) else "<p>None.</p>"
        return f"{unknown}{''.join(self.pictures)}{table}{notes}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Overview(Shown):
    """An inspection in short.

    Attributes
    ----------
    summary
        One sentence.
    unknown
        The parts that could not be read, each with its reason.
    findings
        What is not as it should be, one sentence each.
    """

    summary: str
    unknown: tuple[str, ...]
    findings: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"? {one}" for one in self.unknown), *(f"! {one}" for one in self.findings)])

    def _repr_html_(self) -> str:
        lines = [*(f"<strong>Unknown</strong>: {escape(one)}" for one in self.unknown), *map(escape, self.findings)]
        items = "".join(f"<li>{line}</li>" for line in lines)
        return f"<p><strong>{escape(self.summary)}</strong></p>" + (f"<ul>{items}</ul>" if items else "")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Inspection(Shown):
    """What an inspection found.

    Attributes
    ----------
    cluster, at
        Of which cluster, and when, in UTC.
    machines, members, quorum, pools, targets, certificates, drift, pending
        The parts.
    """

    cluster: str
    at: str
    machines: Section
    members: Section
    quorum: Section
    pools: Section
    targets: Section
    certificates: Section
    drift: Section
    pending: Section

    @property
    def sections(self) -> dict[str, Section]:
        """Name of each part to the part, in the order in which they are shown."""
        return {name: getattr(self, name) for name in _TITLES}

    @property
    def findings(self) -> tuple[str, ...]:
        """What is not as it should be, over all parts."""
        return tuple(one for section in self.sections.values() for one in section.findings)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The parts that could not be read, each with its reason."""
        return tuple(f"{one.title}: {one.unknown}" for one in self.sections.values() if one.unknown)

    @property
    def outcome(self) -> str:
        """``failed`` when a part could not be read, ``findings`` when something is amiss, else ``done``."""
        if self.unknown:
            return "failed"
        return "findings" if self.findings else "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.unknown:
            parts = f"{len(self.unknown)} of {len(self.sections)} parts of {self.cluster}"
            return f"{parts} could not be read; {on_one_line(self.unknown[0])}"
        if self.findings:
            return f"{len(self.findings)} findings on {self.cluster}"
        return f"{self.cluster} is as it should be"

    @property
    def overview(self) -> Overview:
        """What is amiss, on top of everything else."""
        return Overview(summary=self.summary, unknown=self.unknown, findings=self.findings)

    def __str__(self) -> str:
        return "\n\n".join([*(section.text for section in self.sections.values()), self.summary])


def inspect_cluster(workspace: Workspace, *, report: Reporter | None = None) -> Inspection:
    """Read everything of the cluster at once; changes nothing.

    A part that cannot be read does not keep the others from being read.
    """
    told = report or Reporter()
    told.note("reading the cluster")
    readers: dict[str, Callable[[], dict[str, Reading]]] = {
        "AWS": lambda: reading.read_aws(workspace),
        "etcd and fleet": lambda: reading.read_through_tunnel(workspace),
        "certificates": lambda: reading.read_certificates(workspace),
        "Terraform": lambda: reading.read_terraform(workspace),
    }
    sections = read_sections(readers, cluster=workspace.cluster.name)
    record_sections(told, sections)
    return Inspection(cluster=workspace.cluster.name, at=format_utc(utc_now()), **sections)


def read_sections(readers: Mapping[str, Callable[[], dict[str, Reading]]], *, cluster: str) -> dict[str, Section]:
    """Call all readers at the same time, and return the parts that come from them, each with its name.

    Parameters
    ----------
    readers
        By their names in ``PARTS_OF``. One that fails leaves its own parts unknown, and the others alone.
    cluster
        Name of the cluster, for the commands that findings name.
    """
    results = call_each(list(readers), lambda name: readers[name](), catch=FleetkitError)
    readings: dict[str, Reading] = {}
    for found in results.ok.values():
        readings.update(found)
    reasons = {part: str(results.failed[name]) for name in results.failed for part in reading.PARTS_OF[name]}
    readings = join_certificates(reading.join_pools(readings), cluster=cluster, unread=reasons.get("served", ""))
    asked = {part for name in readers for part in reading.PARTS_OF[name]}
    return {
        name: _section(name, readings.get(name), reasons.get(name, "it was not read"))
        for name in _TITLES
        if name in asked
    }


def _section(name: str, found: Reading | None, reason: str) -> Section:
    if found is None or found.frame is None:
        return Section(title=_TITLES[name], frame=None, unknown=found.unknown if found else reason)
    return Section(
        title=_TITLES[name],
        frame=found.frame,
        pictures=found.pictures,
        findings=found.findings,
        unknown=found.unknown,
        data=found.data,
        facts=found.facts,
    )
