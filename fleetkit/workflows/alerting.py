"""Alerts: scrape the members' metrics, judge etcd's official alerts by them and by what past runs saw.

Changes nothing. Each scrape is recorded, so that the next run reaches further back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from fleetkit.core import SYSTEM_CLOCK, Clock, format_duration, format_utc
from fleetkit.etcd import Alert, AlertState, EtcdLimits, Scrape, Severity, judge_alerts, watch_metrics
from fleetkit.runs import EventKind
from fleetkit.views import alerts_frame, frame_html
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.history import PastScrapes
from fleetkit.workflows.listing_certificates import warn_of_certificates
from fleetkit.workflows.way_in import open_way_in

__all__ = ["CheckedAlerts", "check_alerts", "judge_scrapes"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CheckedAlerts(Shown):
    """How etcd's alerts stand.

    Attributes
    ----------
    at
        When the last scrape was made, in UTC.
    alerts
        Each of them, in the order of etcd's mixin.
    scrapes, earlier
        How many scrapes were made, and how many of past runs were drawn on.
    unread
        What of past runs could not be read, and why.
    certificates
        What is to be done about certificates, of which none of the alerts tells; empty where nothing is.
    """

    at: str
    alerts: tuple[Alert, ...]
    scrapes: int
    earlier: int
    unread: tuple[str, ...] = ()
    certificates: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is to be known, one sentence each."""
        return (*self.unread, *filter(None, [self.certificates]))

    @property
    def outcome(self) -> str:
        """``findings`` when an alert fires, or a critical one holds for which one look is enough; else ``done``.

        Whoever looks once, as a scheduler does, sees members that are down at that moment, and never for minutes.
        """
        seen = any(one.holds and one.severity is Severity.CRITICAL and not one.window_s for one in self.alerts)
        return "findings" if seen or self.count(AlertState.FIRING) else "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        firing = [one.name for one in self.alerts if one.state is AlertState.FIRING]
        told = f"{len(firing)} of {len(self.alerts)} alerts of etcd fire"
        names = f" ({', '.join(dict.fromkeys(firing))})" if firing else ""
        holding = sum(one.holds and one.state is AlertState.TOO_SHORT for one in self.alerts)
        counts = {
            "pending": self.count(AlertState.PENDING),
            "holding, and not watched for long enough to fire": holding,
            "not enough history": self.count(AlertState.TOO_SHORT) - holding,
            "not measured": self.count(AlertState.UNMEASURED),
        }
        return "; ".join([told + names, *(f"{count} {words}" for words, count in counts.items() if count)])

    def count(self, state: AlertState) -> int:
        """Return how many alerts stand so."""
        return sum(one.state is state for one in self.alerts)

    @property
    def basis(self) -> str:
        """What the alerts were judged by."""
        return f"{self.scrapes} scrapes up to {self.at}, {self.earlier} of past runs"

    def __str__(self) -> str:
        table = alerts_frame(self.alerts).to_string(index=False)
        return "\n".join([self.summary, self.basis, table, *self.notes])

    def _repr_html_(self) -> str:
        lines = "<br>".join(map(escape, [self.basis, *self.notes]))
        return f"<p><strong>{escape(self.summary)}</strong></p><p>{lines}</p>{frame_html(alerts_frame(self.alerts))}"


def check_alerts(
    workspace: Workspace,
    *,
    past: PastScrapes | None = None,
    scrapes: int = 2,
    every_s: float = 5.0,
    limits: EtcdLimits | None = None,
    report: Reporter | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> CheckedAlerts:
    """Scrape the cluster's members through its way in, record what they say, and judge etcd's alerts.

    Parameters
    ----------
    past
        What past runs saw, for the alerts with long windows.
    scrapes, every_s
        How many scrapes are made, and how many seconds apart.
    limits
        Seconds for each of them.

    Raises
    ------
    EtcdError
        When no member could be asked, for reasons on our own side.
    FleetkitError
        When the way in cannot be opened.
    """
    told = report or Reporter()

    def take(scrape: Scrape) -> None:
        told.record(EventKind.FACT, {"about": "metrics", "scrape": scrape.facts()})

    told.note(f"{scrapes} scrapes of the members' metrics, {format_duration(every_s)} apart")
    with open_way_in(workspace) as way:
        found = watch_metrics(
            way.endpoints, tls=way.tls, limits=limits, scrapes=scrapes, every_s=every_s, on_scrape=take, clock=clock
        )
    checked = judge_scrapes(found, past=past, certificates=warn_of_certificates(workspace))
    told.record(
        EventKind.FACT,
        {
            "about": "alerts",
            "certificates": checked.certificates,
            "alerts": [
                {"name": one.name, "severity": str(one.severity), "state": str(one.state), "holds": one.holds,
                 "value": one.value,
                 "threshold": one.threshold, "who": list(one.who), "reason": one.reason}
                for one in checked.alerts
            ],
        },
    )  # fmt: skip
    return checked


def judge_scrapes(
    scrapes: Sequence[Scrape], *, past: PastScrapes | None = None, certificates: str = ""
) -> CheckedAlerts:
    """Judge etcd's alerts by scrapes, and by those of past runs where there are any.

    Parameters
    ----------
    certificates
        What `warn_of_certificates` says, to be told with them.
    """
    earlier = () if past is None else past.scrapes
    return CheckedAlerts(
        at=format_utc(scrapes[-1].at),
        alerts=judge_alerts((*earlier, *scrapes)),
        scrapes=len(scrapes),
        earlier=len(earlier),
        unread=() if past is None else past.unread,
        certificates=certificates,
    )
