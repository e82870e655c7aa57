"""What earlier runs saw of a cluster's members, and how their changes went, as their journals tell it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fleetkit.core import FleetkitError, format_utc
from fleetkit.etcd import Scrape
from fleetkit.runs import EventKind, list_runs, read_journal
from fleetkit.views import Measure, MemberHistory, Pace, draw_history
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._told_facts import read_told
from fleetkit.workflows._workspace import Workspace

__all__ = ["PastMembers", "PastScrapes", "read_member_history", "read_paces", "read_scrape_history"]

_MOST_RUNS = 100
_MOST_PACES = 20


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PastMembers(Shown):
    """The members over the last runs that looked at them.

    Attributes
    ----------
    cluster
        Name of the cluster.
    history
        What was seen, in time.
    unread
        What could not be read, and why.
    """

    cluster: str
    history: MemberHistory
    unread: tuple[str, ...] = ()

    def __str__(self) -> str:
        count = len(self.history)
        looks = "1 earlier look" if count == 1 else f"{count} earlier looks"
        return "\n".join([f"{looks} at the members of {self.cluster}", *self.unread])

    def _repr_html_(self) -> str:
        from html import escape

        pictures = "".join(draw_history(self.history, measure, when="past runs") for measure in Measure)
        words = "<br>".join(map(escape, str(self).splitlines()))
        return f"<p>{words}</p>{pictures if len(self.history) else ''}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PastScrapes(Shown):
    """The members' metrics as the last runs saw them.

    Attributes
    ----------
    cluster
        Name of the cluster.
    scrapes
        The oldest first.
    unread
        What could not be read, and why.
    """

    cluster: str
    scrapes: tuple[Scrape, ...]
    unread: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.scrapes:
            return "\n".join([f"no earlier run recorded the metrics of {self.cluster}", *self.unread])
        first, last = (format_utc(one.at) for one in (self.scrapes[0], self.scrapes[-1]))
        count = len(self.scrapes)
        looks = f"1 earlier scrape, of {last}" if count == 1 else f"{count} earlier scrapes, from {first} to {last}"
        return "\n".join([f"{self.cluster}: {looks}", *self.unread])


def read_member_history(workspace: Workspace, *, most: int = _MOST_RUNS) -> PastMembers:
    """Read what the last runs on the cluster saw of its members.

    A record that cannot be read is named, and keeps no other from being read.

    Parameters
    ----------
    most
        How many of the last records are looked into.
    """
    name = workspace.cluster.name
    told, unread = read_told(workspace.paths.runs.parent, "members", cluster=name, most=most)
    history = MemberHistory()
    for at, data in sorted(told, key=lambda one: one[0]):
        history.add(at, data["members"])
    return PastMembers(cluster=name, history=history, unread=unread)


def read_scrape_history(workspace: Workspace, *, most: int = _MOST_RUNS) -> PastScrapes:
    """Read which metrics of the members the last runs on the cluster saw.

    A record that cannot be read is named, and keeps no other from being read.

    Parameters
    ----------
    most
        How many of the last records are looked into.
    """
    name = workspace.cluster.name
    told, unread = read_told(workspace.paths.runs.parent, "metrics", cluster=name, most=most)
    scrapes: list[Scrape] = []
    odd: list[str] = []
    for _, data in told:
        try:
            scrapes.append(Scrape.from_facts(data.get("scrape")))
        except FleetkitError as error:
            odd.append(str(error))
    scrapes.sort(key=lambda one: one.at)
    return PastScrapes(cluster=name, scrapes=tuple(scrapes), unread=(*unread, *odd))


def read_paces(workspace: Workspace, *, most: int = _MOST_PACES) -> tuple[Pace, ...]:
    """Read how the changes of the last runs on the cluster went, the newest first.

    What cannot be read is left out: an estimate is none the worse for it, and listing the records names them.
    """
    paces: list[Pace] = []
    for folder in list(list_runs(workspace.paths.runs.parent, cluster=workspace.cluster.name).ok):
        if len(paces) == most:
            break
        began: dt.datetime | None = None
        done: list[dt.datetime] = []
        try:
            for event in read_journal(folder):
                if event.kind is EventKind.APPROVAL:
                    began, done = event.at, []
                elif event.kind is EventKind.CHANGE and "address" in event.data:
                    done.append(event.at)
        except FleetkitError:
            continue
        if began is not None and done:
            paces.append(Pace.from_moments(began, done))
    return tuple(paces)
