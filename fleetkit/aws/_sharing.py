"""A share of the calls that an account allows: held by all processes of this computer together, and counted.

AWS limits calls per account and region, and whoever asks too much starves everybody else there.
Callers take their turns by a file, which says when the next call may be sent (the generic cell rate algorithm):
each books its own moment under a lock, and then waits for it without one, so the order is that of asking.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import SYSTEM_CLOCK, AwsError, Clock, SettingsError

__all__ = ["CallShare", "CallTally", "read_tally"]

_LONGEST_S = 3600.0
"""Nobody books further ahead; a file that says so says nothing."""

_ROOM = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTally:
    """What some processes asked together.

    Attributes
    ----------
    calls
        Requests that were sent: each page and each further attempt is one.
    waited_s
        Seconds that they waited for their turns, all threads added up.
    """

    calls: int = 0
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallShare:
    """How many calls a second may be sent to one account in one region, by all who name the same folder.

    As many as a second allows may go at once after a pause.

    Attributes
    ----------
    rate_per_s
        Calls a second; None where they are to be counted alone.
    folder
        Where turns are kept, a file for each account and region; made when it is needed.
    tally
        File into which calls and waits are added up; None where nobody wants to know.
    clock
        One that all processes of the computer share, as the monotonic one is.
    """

    rate_per_s: float | None
    folder: Path
    tally: Path | None = None
    clock: Clock = SYSTEM_CLOCK

    def take(self, *, account: str, region: str) -> float:
        """Wait for the turn of one call, count it, and return how many seconds it waited.

        Raises
        ------
        SettingsError
            When the folder or the tally cannot be written.
        AwsError
            When so many are before it that its turn would come in more than an hour.
        """
        wait_s = 0.0
        if self.rate_per_s is not None:
            wait_s = self._book(self.folder / f"{_plain(account)}.{_plain(region)}", self.rate_per_s)
            if wait_s > 0:
                self.clock.sleep(wait_s)
        self.count(waited_s=wait_s)
        return wait_s

    def count(self, *, waited_s: float = 0.0) -> None:
        """Count one call, which waited so long.

        Raises
        ------
        SettingsError
            When the tally cannot be written.
        """
        if self.tally is not None:
            with _held(self.tally) as handle:
                before = _parse_tally(os.pread(handle, _ROOM, 0))
                added = {"calls": before.calls + 1, "waited_s": round(before.waited_s + waited_s, 4)}
                _write(handle, json.dumps(added))

    def _book(self, file: Path, rate_per_s: float) -> float:
        """Take the next free moment, and return how many seconds off it is."""
        interval_s = 1 / rate_per_s
        # After a pause a second's worth may go at once; one call always may.
        ahead_s = max(0.0, 1.0 - interval_s)
        with _held(file) as handle:
            now = self.clock.monotonic()
            due, booked = _parse_moments(os.pread(handle, _ROOM, 0))
            # One that was booked later than now is of before this computer was started again, as is its due.
            due = due if booked <= now <= due <= now + 2 * _LONGEST_S else now
            # Sums of fractions are off by a hair, and nobody waits for that.
            wait_s = max(0.0, round(due - ahead_s - now, 6))
            if wait_s > _LONGEST_S:
                raise AwsError(
                    "AWS was not asked",
                    seen=f"at {rate_per_s:g} calls a second the turn comes in {wait_s:.0f} seconds",
                    transient=True,
                    hint="let fewer runs share the account, or raise FLEETKIT_AWS_RATE",
                )
            _write(handle, f"{due + interval_s!r} {now!r}")
        return wait_s


def read_tally(file: Path) -> CallTally | None:
    """Return what was added up in a file; None where nothing was, or it cannot be read."""
    try:
        return _parse_tally(file.read_bytes())
    except OSError:
        return None


@contextlib.contextmanager
def _held(file: Path) -> Iterator[int]:
    """Open a file for whoever is alone with it; the system drops the lock when its holder dies."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _refuse(file, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    except OSError as error:
        raise _refuse(file, error) from error
    finally:
        os.close(handle)


def _refuse(file: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"calls to AWS cannot be counted in {file}",
        seen=error.strerror or str(error),
        hint="let FLEETKIT_AWS_RATE_FOLDER and FLEETKIT_AWS_TALLY name places on a disk that you may write to",
    )


def _write(handle: int, text: str) -> None:
    # One write of one size: who is killed in the middle of it leaves the old text or the new one.
    os.pwrite(handle, text.encode().ljust(_ROOM), 0)


def _parse_moments(content: bytes) -> tuple[float, float]:
    """Return when the next call is due, and when the last one booked its turn."""
    try:
        due, booked = map(float, content.split())
    except ValueError:
        return 0.0, 0.0
    return due, booked


def _parse_tally(content: bytes) -> CallTally:
    try:
        found = json.loads(content)
        return CallTally(calls=int(found["calls"]), waited_s=float(found["waited_s"]))
    except (KeyError, TypeError, ValueError):
        return CallTally()


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "_", name)
