"""Notices that wait: one file for each notice and destination, written before anything is sent, gone when it is taken.

So a process that dies in between sends a notice twice, and never not at all.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, Results, format_utc, parse_utc
from fleetkit.notice import Message
from fleetkit.schedule._notice_files import hold_lock, quote_name, read_json, write_json

__all__ = ["Outbox", "WaitingNotice"]

_FORMAT = 1
_MOST_GIVEN_UP = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingNotice:
    """A notice that one destination has not taken yet.

    Attributes
    ----------
    cluster, destination
        Whose cluster file names the destination, and its name there.
    about
        What it is about, a notebook for one: of several about the same, the newest is sent, with the others' titles.
    key
        What makes it another notice than the others about the same, such as a run's id.
    made
        When it was written.
    attempts, tried, reason
        How often it was sent in vain, when last, and why; without the URL.
    """

    cluster: str
    destination: str
    about: str
    key: str
    message: Message
    made: dt.datetime
    attempts: int = 0
    tried: dt.datetime | None = None
    reason: str = ""

    def failed(self, reason: str, *, at: dt.datetime) -> WaitingNotice:
        """Return it after one attempt more."""
        return replace(self, attempts=self.attempts + 1, tried=at, reason=reason)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "format": _FORMAT,
            "cluster": self.cluster,
            "destination": self.destination,
            "about": self.about,
            "key": self.key,
            "message": self.message.to_json(),
            "made": format_utc(self.made),
            "attempts": self.attempts,
            "tried": None if self.tried is None else format_utc(self.tried),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, document: Any, *, where: str) -> WaitingNotice:
        """Read what `to_json` wrote.

        Raises
        ------
        FleetkitError
            When it is not that.
        """
        try:
            return cls(
                **{name: str(document[name]) for name in ("cluster", "destination", "about", "key", "reason")},
                message=Message.from_json(document["message"], where=where),
                made=parse_utc(document["made"]),
                attempts=int(document["attempts"]),
                tried=None if document["tried"] is None else parse_utc(document["tried"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FleetkitError(
                f"{where} holds no notice", seen=f"{type(error).__name__}: {error}", hint="remove it"
            ) from error


class Outbox:
    """The notices that wait beside the records of one folder.

    Parameters
    ----------
    folder
        Where they lie; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read_waiting(self, cluster: str) -> Results[Path, WaitingNotice]:
        """Return what waits for destinations of a cluster, the oldest first, or why a file cannot be read."""
        return self._read("waiting", cluster)

    def read_given_up(self, cluster: str) -> Results[Path, WaitingNotice]:
        """Return what was given up, the oldest first, as long as its destination has not heard of that."""
        return self._read("given-up", cluster)

    def list_clusters(self) -> tuple[str, ...]:
        """Return the clusters for which anything waits."""
        return tuple(sorted({urllib.parse.unquote(file.parent.name) for file in self.folder.glob("waiting/*/*.json")}))

    def put(self, notice: WaitingNotice) -> None:
        """Let a notice wait; the same one takes the place of itself.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        write_json(self._file("waiting", notice), notice.to_json())

    def is_kept(self, notice: WaitingNotice) -> bool:
        """Return whether a notice is written down."""
        return self._file("waiting", notice).exists()

    def remove(self, notice: WaitingNotice) -> None:
        """Forget a notice that was taken, or that was given up and is told of."""
        for state in ("waiting", "given-up"):
            self._file(state, notice).unlink(missing_ok=True)

    def give_up(self, notice: WaitingNotice) -> None:
        """Try a notice no more, and keep it until its destination has heard so; of very many, the newest.

        Raises
        ------
        OSError
            When it cannot be moved.
        """
        write_json(self._file("given-up", notice), notice.to_json())
        self._file("waiting", notice).unlink(missing_ok=True)
        kept = [one for one in self.read_given_up(notice.cluster).ok.values() if one.destination == notice.destination]
        for one in kept[:-_MOST_GIVEN_UP]:
            self._file("given-up", one).unlink(missing_ok=True)

    @contextlib.contextmanager
    def holding(self, purpose: str, *, wait_s: float) -> Iterator[None]:
        """Be the only one on this computer who does this with the notices of this folder.

        Raises
        ------
        BusyError
            When another process does it for longer than ``wait_s`` seconds.
        OSError
            When the folder cannot be written.
        """
        with hold_lock(self.folder / f".{purpose}", wait_s=wait_s):
            yield

    def _read(self, state: str, cluster: str) -> Results[Path, WaitingNotice]:
        read: dict[Path, WaitingNotice | Exception] = {}
        for file in sorted((self.folder / state / quote_name(cluster)).glob("*.json")):
            try:
                read[file] = WaitingNotice.from_json(read_json(file, version=_FORMAT), where=str(file))
            except FleetkitError as error:
                # One that was taken meanwhile is no error.
                if file.exists():
                    read[file] = error
        return Results(dict(sorted(read.items(), key=lambda item: _age(item[1]))))

    def _file(self, state: str, notice: WaitingNotice) -> Path:
        name = f"{quote_name(notice.key)}--{quote_name(notice.destination)}.json"
        return self.folder / state / quote_name(notice.cluster) / name


def _age(notice: WaitingNotice | Exception) -> str:
    return "" if isinstance(notice, Exception) else f"{format_utc(notice.made)} {notice.key}"
