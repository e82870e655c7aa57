"""One telling: a run judged, its notice written down for each destination, and all that waits sent."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.config import Cluster
from fleetkit.core import BusyError, FleetkitError, utc_now
from fleetkit.notice import Message
from fleetkit.runs import StoredRun
from fleetkit.schedule._amiss import read_amiss
from fleetkit.schedule._delivering import Delivery, deliver_waiting
from fleetkit.schedule._judging import Judgement, judge_run
from fleetkit.schedule._notice_files import quote_name, tell_error
from fleetkit.schedule._recent import count_changes, find_untold, read_recent
from fleetkit.schedule._told import Told, read_told, write_told
from fleetkit.schedule._wording import compose_message
from fleetkit.schedule.outbox import Outbox, WaitingNotice

__all__ = ["Post", "Telling"]

_DAY = dt.timedelta(hours=24)
_WEEK = dt.timedelta(days=7)
_JUDGING_S = 10.0
_SENDING_S = 60.0
"""How long another process is waited for: as long as one that sends needs where destinations do not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What came of telling somebody.

    Attributes
    ----------
    tells
        Whether there was something to tell.
    why
        Why, or why not, as a clause.
    deliveries
        What came of each destination for which something waited.
    caveats
        What went wrong otherwise, a sentence each.
    """

    tells: bool
    why: str
    deliveries: tuple[Delivery, ...] = ()
    caveats: tuple[str, ...] = ()

    @property
    def is_taken(self) -> bool:
        """Whether nothing waits, nothing was given up, and nothing else went wrong."""
        return not self.caveats and not any(one.waiting or one.given_up for one in self.deliveries)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "tells": self.tells,
            "why": self.why,
            "deliveries": [
                {
                    "destination": one.destination,
                    "taken": one.taken,
                    "waiting": one.waiting,
                    "given_up": list(one.given_up),
                    "reason": one.reason,
                }
                for one in self.deliveries
            ],
            "caveats": list(self.caveats),
        }


class Post:
    """The notices of one cluster during one telling: what is kept, what could not be, and what else went wrong."""

    def __init__(self, cluster: Cluster, outbox: Outbox, *, runs: Path, environ: Mapping[str, str]) -> None:
        self._cluster, self._outbox, self._runs, self._environ = cluster, outbox, runs, environ
        self._now = utc_now()
        self._unkept: list[WaitingNotice] = []
        self._caveats: list[str] = []

    def judge(self, stored: StoredRun) -> Judgement:
        """Judge a run, and keep the notice of it where there is one to tell.

        Raises
        ------
        FleetkitError, OSError
            When its record cannot be read.
        """
        # Nobody is left untold because others are at it for long, or because nothing can be written.
        with self._alone("judging", wait_s=_JUDGING_S, unless=(BusyError, OSError)):
            return self._judge(stored)

    def _judge(self, stored: StoredRun) -> Judgement:
        cluster, notebook = stored.kind
        file = self._outbox.folder / "told" / f"{quote_name(cluster)}--{quote_name(notebook)}.json"
        told, amiss = self._read_told(file), read_amiss(stored.folder)
        recent = read_recent(self._runs, stored, since=self._now - _WEEK)
        untold = find_untold(recent, judged=told.judged, now=self._now)
        judgement = judge_run(
            stored.record.id,
            stored.record.outcome,
            told=told,
            on=self._cluster.notice.on,
            amiss=amiss,
            untold=untold,
            now=self._now,
        )
        if judgement.tells:
            today = tuple(one for one in recent if self._now - one.record.started < _DAY)
            message = compose_message(
                stored,
                told=told,
                amiss=amiss,
                untold=untold,
                changes=count_changes(today),
                folder=self._runs.parent,
            )
            self.keep(message, about=notebook, key=stored.record.id)
        # After the notices: who dies in between tells once more, and never leaves it untold.
        try:
            write_told(file, judgement.told)
        except OSError as error:
            self._caveats.append(f"what was told cannot be written down, and may be told again: {tell_error(error)}")
        return judgement

    def keep(self, message: Message, *, about: str, key: str) -> None:
        """Write a notice down for each destination."""
        for name in self._cluster.notice.names:
            notice = WaitingNotice(
                cluster=self._cluster.name, destination=name, about=about, key=key, message=message, made=self._now
            )
            try:
                self._outbox.put(notice)
            except OSError as error:
                self._unkept.append(notice)
                self._caveats.append(f"a notice that is not taken cannot be kept: {tell_error(error)}")

    def deliver(self, *, tells: bool, why: str) -> Telling:
        """Send what waits, and tell what came of all."""
        deliveries: tuple[Delivery, ...] = ()
        try:
            # What could not be written down is lost where it is not sent now, so it waits for nobody.
            unless = (BusyError, OSError) if self._unkept else OSError
            with self._alone("sending", wait_s=_SENDING_S, unless=unless):
                deliveries = deliver_waiting(
                    self._outbox,
                    self._cluster,
                    unkept=self._unkept,
                    folder=self._runs.parent,
                    environ=self._environ,
                    now=self._now,
                )
        except (FleetkitError, OSError) as error:
            self._caveats.append(f"nothing was sent, and what waits is sent with the next run: {tell_error(error)}")
        self._caveats += [tell_error(one) for one in self._outbox.read_waiting(self._cluster.name).failed.values()]
        return Telling(tells=tells, why=why, deliveries=deliveries, caveats=tuple(dict.fromkeys(self._caveats)))

    def _read_told(self, file: Path) -> Told:
        try:
            return read_told(file)
        except FleetkitError as error:
            self._caveats.append(f"what was told before is not known: {tell_error(error)}")
            return Told()

    @contextlib.contextmanager
    def _alone(
        self, purpose: str, *, wait_s: float, unless: type[Exception] | tuple[type[Exception], ...]
    ) -> Iterator[None]:
        """Be the only one at it; where that cannot be had for one of these errors, be at it all the same."""
        with contextlib.ExitStack() as until_the_end:
            try:
                until_the_end.enter_context(self._outbox.holding(purpose, wait_s=wait_s))
            except unless as error:
                self._caveats.append(f"{self._outbox.folder} cannot be used: {tell_error(error)}")
            yield
