"""Schedules as lines of the user's own crontab, each with a mark; all other lines stay as they are, byte for byte.

python-crontab writes our line, and reads it again. It is not let near the others: what it does not understand it
turns into a comment, and what it understands it writes anew.
"""

from __future__ import annotations

import datetime as dt
import shlex
import shutil
import subprocess
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.config import Settings
from fleetkit.core import FleetkitError, NotFoundError, SettingsError, utc_now
from fleetkit.schedule._notice_files import hold_lock
from fleetkit.schedule.cron_line import parse_zone, require_plain
from fleetkit.schedule.entry import Entry, Order
from fleetkit.schedule.scheduler import Placement

__all__ = ["CronTable", "find_cron"]

_PLACE = "crontab"
_LOCAL_TIME = Path("/etc/localtime")
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CronTable:
    """The user's crontab.

    Attributes
    ----------
    program
        The ``crontab`` program; None where there is none.
    local_time
        The file that says which zone's clock cron keeps.
    lock
        The file that is held from reading the table to writing it: two at once would each lose the other's line.
    """

    program: str | None
    local_time: Path = _LOCAL_TIME
    lock: Path

    def plan(self, order: Order) -> Placement:
        """Return the line."""
        entry = order.entry
        require_plain(entry.line, of="cron")
        self._require_zone(entry.line.timezone)
        line = _render(order)
        return Placement(texts={_PLACE: line}, marks={_PLACE: line})

    def install(self, order: Order, placement: Placement) -> Mapping[str, str]:  # noqa: ARG002 -- the line says it all
        """Add the line to the crontab."""
        line = placement.texts[_PLACE].encode()
        with hold_lock(self.lock, wait_s=_WAIT_S):
            table = self._read()
            if line not in table.splitlines():
                joint = b"" if not table or table.endswith(b"\n") else b"\n"
                self._write(table + joint + line + b"\n")
        return placement.marks

    def withdraw(self, entry: Entry) -> tuple[str, ...]:
        """Take the line out of the crontab."""
        line = entry.wrote.get(_PLACE, "").encode()
        with hold_lock(self.lock, wait_s=_WAIT_S):
            lines = self._read().splitlines(keepends=True)
            others = [one for one in lines if one.rstrip(b"\n") != line]
            if not line or len(others) == len(lines):
                return ()
            self._write(b"".join(others))
        return (f"{_PLACE}: {line.decode()}",)

    def find_missing(self, entry: Entry) -> tuple[str, ...]:
        """Return the line, where it is not in the crontab as it was written."""
        line = entry.wrote.get(_PLACE, "")
        return () if line.encode() in self._read().splitlines() else (f"{_PLACE}: {line}",)

    def next_steps(self, order: Order) -> tuple[str, ...]:  # noqa: ARG002 -- its line needs nothing more
        """Return nothing: cron reads its tables by itself."""
        return ()

    def _require_zone(self, name: str) -> None:
        """Refuse another zone than cron's own: it cannot be told of one."""
        wanted, local, now = parse_zone(name), _read_zone(self.local_time), utc_now()
        days = (now + dt.timedelta(days=day) for day in range(366))
        differs = any(day.astimezone(local).utcoffset() != day.astimezone(wanted).utcoffset() for day in days)
        if differs:
            raise SettingsError(
                f"cron cannot keep the times of {name}",
                seen=f"it goes by this computer's clock, whose zone is {self._local_name()}",
                hint=f"give --timezone {self._local_name()} and the times of its clock; or take --on systemd",
            )

    def _local_name(self) -> str:
        _, _, name = str(self.local_time.resolve()).partition("zoneinfo/")
        return name.removeprefix("Etc/") or "another one"

    def _read(self) -> bytes:
        ended = self._run("-l")
        if ended.returncode and b"no crontab for" not in ended.stderr:
            raise FleetkitError("the crontab cannot be read", seen=ended.stderr.decode(errors="replace").strip())
        return ended.stdout

    def _write(self, table: bytes) -> None:
        # An empty table is no table: then the user has none, as before the first line.
        ended = self._run("-", feed=table) if table else self._run("-r")
        if ended.returncode:
            raise FleetkitError(
                "the crontab cannot be written, and is as it was",
                seen=ended.stderr.decode(errors="replace").strip() or f"exit {ended.returncode}",
                hint="ask who runs this computer whether you may use cron; or take --on systemd",
            )

    def _run(self, word: str, feed: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        if self.program is None:
            raise NotFoundError(
                "there is no crontab program on PATH",
                hint="install cron (Debian: apt-get install cron), or take --on systemd",
            )
        return subprocess.run([self.program, word], input=feed, capture_output=True, check=False)


def _read_zone(file: Path) -> dt.tzinfo:
    """Return the zone of a file, as this computer keeps its own; UTC where there is none."""
    try:
        with file.open("rb") as stream:
            return zoneinfo.ZoneInfo.from_file(stream)
    except FileNotFoundError:
        return dt.UTC


def find_cron(environ: Mapping[str, str]) -> CronTable:
    """Return the user's crontab."""
    lock = Settings.from_environment(environ).home / ".crontab.lock"
    return CronTable(program=shutil.which("crontab", path=environ.get("PATH")), lock=lock)


def _render(order: Order) -> str:
    """Return the line, with a mark that names the schedule and its folder."""
    from crontab import CronTab

    folder = str(order.folder)
    command = f"cd {shlex.quote(folder)} && exec {shlex.join(order.command)}"
    # A bare % would end the command for cron; python-crontab sees to that, but not where a backslash stands before it.
    if not command.isprintable() or "\\" in command:
        raise SettingsError("the folder's name cannot stand in a crontab", seen=repr(folder), hint="use another folder")
    table = CronTab(tab="")
    job = table.new(command=command, comment=f"fleetkit schedule {order.entry.name}")
    # The times as they were checked: python-crontab writes some of them anew, and Sunday as "7-7" as each day.
    return f"{order.entry.line.text} {str(job.render()).strip().removeprefix('* * * * * ')}"
