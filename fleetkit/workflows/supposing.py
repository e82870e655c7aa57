"""Suppose: what a cluster would lose with a zone, a member, a rule or a certificate; changes nothing.

Before a deploy the cluster file says what there will be. Of a cluster that is there, an inspection says what is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from fleetkit import aws
from fleetkit.core import FleetkitError, NotFoundError
from fleetkit.runs import EventKind
from fleetkit.views import ClusterLayout, Consequences, Supposition, frame_html, judge_supposition, suppositions_frame
from fleetkit.workflows._inspections import read_certificates
from fleetkit.workflows._layout_file import lay_out_file
from fleetkit.workflows._layout_live import find_closed_flows, lay_out_sections, read_egress
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.inspecting import Overview
from fleetkit.workflows.watching import ClusterWatch

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SupposedLosses", "lay_out_cluster", "suppose_each"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SupposedLosses(Shown):
    """What a cluster would lose with each zone and each member in turn.

    Attributes
    ----------
    layout
        What the cluster is.
    cases
        What would be lost, for each zone and then for each member.
    """

    layout: ClusterLayout
    cases: tuple[Consequences, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each case."""
        return suppositions_frame(self.cases)

    @property
    def outcome(self) -> str:
        """``failed`` when too little is known for a case, ``findings`` when one is not borne, else ``done``."""
        outcomes = {one.outcome for one in self.cases}
        return next((one for one in ("failed", "findings") if one in outcomes), "done")

    @property
    def summary(self) -> str:
        """One sentence."""
        borne = sum(one.outcome == "done" for one in self.cases)
        return f"{self.layout.cluster} bears {borne} of {len(self.cases)} single losses of a zone or a member"

    @property
    def overview(self) -> Overview:
        """What is not borne, on top of the table."""
        findings = tuple(f"{one.supposed.words}: {one.verdict}" for one in self.cases if one.outcome != "done")
        unknown = self.layout.unknown if self.outcome == "failed" else ()
        return Overview(summary=self.summary, unknown=unknown, findings=findings)

    def __str__(self) -> str:
        unknown = [f"? {one}" for one in self.layout.unknown if self.outcome == "failed"]
        table = self.frame.to_string(index=False)
        return "\n".join([f"read from {self.layout.source}", table, *unknown, self.summary])

    def _repr_html_(self) -> str:
        return f"<p>Read from {escape(self.layout.source)}.</p>{frame_html(self.frame)}"


def lay_out_cluster(workspace: Workspace, *, live: bool = False, report: Reporter | None = None) -> ClusterLayout:
    """Return what a cluster is, as far as a loss can hit it.

    Parameters
    ----------
    live
        Whether to read what is there now, and not only the cluster file. What cannot be read is unknown.
    """
    told = report or Reporter()
    try:
        made = read_certificates(workspace)["certificates"].data
        planned = lay_out_file(workspace.cluster, certificates=made)
    except FleetkitError as error:
        planned = lay_out_file(workspace.cluster, certificates=None, unread=str(error))
    if not live:
        return planned
    told.note("reading the cluster")
    with ClusterWatch(workspace) as watch:
        layout = lay_out_sections(planned, workspace.cluster, watch.read())
    try:
        egress, closed = _read_network(workspace, planned)
    except FleetkitError as error:
        return replace(layout, egress=None, closed=None, unknown=(*layout.unknown, f"routes and rules: {error}"))
    return replace(layout, egress=egress, closed=closed)


def suppose_each(workspace: Workspace, *, live: bool = False, report: Reporter | None = None) -> SupposedLosses:
    """Say what a cluster would lose with each of its zones and each of its members in turn.

    Parameters
    ----------
    live
        As for `lay_out_cluster`.
    """
    layout = lay_out_cluster(workspace, live=live, report=report)
    supposed = [Supposition(zones=(one,)) for one in layout.zones]
    supposed += [Supposition(members=(one.name,)) for one in layout.members]
    losses = SupposedLosses(layout=layout, cases=tuple(judge_supposition(layout, one) for one in supposed))
    told = report or Reporter()
    cases = [{"supposed": one.supposed.words, "verdict": one.verdict} for one in losses.cases]
    told.record(EventKind.FACT, {"about": "suppositions", "source": layout.source, "cases": cases})
    return losses


def _read_network(workspace: Workspace, planned: ClusterLayout) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the way out of each zone, and the flows for which a rule is missing."""
    session, cluster = workspace.session, workspace.cluster
    groups = aws.list_security_groups(session, cluster.name)
    if not groups:
        raise NotFoundError(f"{cluster.name} has no security group", hint="deploy it first, or leave out --live")
    closed = find_closed_flows(planned.flows, groups, cluster=cluster.name)
    return read_egress(session, cluster, vpc_id=groups[0].vpc_id), closed
