"""Reading every member's ``/metrics`` at once: one scrape, as Prometheus would call it."""

from __future__ import annotations

import datetime as dt
import http
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import SYSTEM_CLOCK, Clock, EtcdError, SettingsError, parse_utc, utc_now
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._failures import CallError
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.metric_values import MemberMetrics

__all__ = ["Scrape", "parse_metrics", "read_metrics", "watch_metrics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """What all members' metrics said at one moment.

    Attributes
    ----------
    at
        When they were asked, in UTC.
    members
        Name of each member that answered to its metrics.
    down
        Name of each that did not to the reason.
    unasked
        Name of each that could not be asked, for a reason on our own side, which says nothing of the member.
    """

    at: dt.datetime
    members: Mapping[str, MemberMetrics]
    down: Mapping[str, str]
    unasked: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all members that were to be asked, in their order."""
        return tuple(sorted({*self.members, *self.down, *self.unasked}))

    def name_of(self, member_id: str) -> str:
        """Return the name of the member with an id; the id where none that answered bears it."""
        return next((name for name, one in self.members.items() if one.member_id == member_id), member_id)

    def facts(self) -> dict[str, Any]:
        """Return it as plain JSON values, for a record."""
        return {
            "at": self.at.isoformat(),
            "members": {name: one.facts() for name, one in self.members.items()},
            "down": dict(self.down),
            "unasked": dict(self.unasked),
        }

    @classmethod
    def from_facts(cls, found: Any) -> Scrape:
        """Read what `facts` wrote.

        Raises
        ------
        EtcdError
            When it has another form; names the field.
        """
        fields = Fields(found)
        try:
            at = parse_utc(fields.text("at"))
        except ValueError as error:
            raise fields.reject("at", "a moment") from error
        down, unasked = fields.child("down"), fields.child("unasked")
        return cls(
            at=at,
            members={name: MemberMetrics.from_facts(one) for name, one in fields.by_name("members").items()},
            down={name: down.text(name) for name in found.get("down", {})},
            unasked={name: unasked.text(name) for name in found.get("unasked", {})},
        )


def read_metrics(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> Scrape:
    """Ask every member for its metrics; needs no quorum.

    Returns
    -------
    Scrape
        A member that does not answer is part of it, never an error.

    Raises
    ------
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    context = context_for(endpoints, tls)

    def ask(endpoint: Endpoint, deadline: float) -> str:
        with Call(endpoint, context=context, deadline=deadline) as call:
            answer = call.ask("GET", "/metrics")
            if answer.status != http.HTTPStatus.OK:
                raise call.refused(answer)
            return str(answer.body)

    at = utc_now()
    found = ask_each(endpoints, ask, limits=limits or EtcdLimits())
    members: dict[str, MemberMetrics] = {}
    down: dict[str, str] = {}
    unasked: dict[str, str] = {}
    for name, answer in found.items():
        if isinstance(answer, Exception):
            is_ours = isinstance(answer, CallError) and answer.trouble.is_ours
            (unasked if is_ours else down)[name] = str(getattr(answer, "reason", answer))
            continue
        try:
            # Not in the thread that asked: this takes a while over many members, and none of them is down
            # because this computer is slow.
            members[name] = parse_metrics(answer)
        except EtcdError as error:
            down[name] = str(error)
    return Scrape(at=at, members=members, down=down, unasked=unasked)


def watch_metrics(
    endpoints: Sequence[Endpoint],
    *,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
    scrapes: int,
    every_s: float,
    on_scrape: Callable[[Scrape], None] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> tuple[Scrape, ...]:
    """Ask every member for its metrics several times.

    Parameters
    ----------
    scrapes
        How many times; a rate takes two.
    every_s
        Seconds from the beginning of one to that of the next; a slow one delays those after it.
    on_scrape
        Told each as it comes.

    Raises
    ------
    EtcdError
        When no member could be asked, for reasons on our own side: nothing can be said then.
    SettingsError
        When there is not one scrape to make, the TLS files cannot be used, or no endpoint was given.
    """
    if scrapes < 1 or every_s < 0:
        raise SettingsError("a watch takes one scrape or more", seen=f"{scrapes} scrapes, one every {every_s:g} s")
    found: list[Scrape] = []
    for number in range(scrapes):
        began = clock.monotonic()
        scrape = read_metrics(endpoints, tls=tls, limits=limits)
        if len(scrape.unasked) == len(endpoints):
            reasons = "".join(f"\n  - {name}: {reason}" for name, reason in scrape.unasked.items())
            raise EtcdError("no member could be asked for its metrics", seen=reasons)
        found.append(scrape)
        if on_scrape is not None:
            on_scrape(scrape)
        if number < scrapes - 1:
            clock.sleep(max(0.0, every_s - (clock.monotonic() - began)))
    return tuple(found)


def parse_metrics(text: str) -> MemberMetrics:
    """Read a member's metrics from Prometheus's text.

    Raises
    ------
    EtcdError
        When it is no such text, or not that of an etcd member.
    """
    # Here, since it costs more to import than the rest of this room.
    from prometheus_client.parser import text_string_to_metric_families

    try:
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return MemberMetrics.from_samples(samples)
    except (KeyError, ValueError) as error:
        raise EtcdError("its metrics are not Prometheus's text", seen=str(error)[:200]) from error
