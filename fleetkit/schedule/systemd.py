"""Schedules as timers of the user's own systemd: a service that runs the notebook once, and a timer beside it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import FleetkitError, SettingsError, WaitTimeoutError, format_duration
from fleetkit.schedule._files import (
    is_as_written,
    remove_written,
    require_free,
    require_unchanged,
    sha256_of,
    write_whole,
)
from fleetkit.schedule.entry import Entry, Order
from fleetkit.schedule.on_calendar import to_on_calendar
from fleetkit.schedule.scheduler import Placement

__all__ = ["SystemdTimers", "find_systemd"]

_HOURLY_S = 3600.0
_ANSWER_S = 60.0
_SPREAD_S = 60
"""Timers of many clusters that are due at the same minute begin within so many seconds, not all in the first one."""

_SERVICE = """\
# Written by fleetkit schedule add; fleetkit schedule remove {name} takes it away.
[Unit]
Description=fleetkit: {title}

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
# The run limits itself; past this it can only hang, and systemd ends it with all that it started.
TimeoutStartSec={limit_s:.0f}
# Who is asked to end is the run alone: it lets the cell under way end well, and ends its kernel itself.
KillMode=mixed
TimeoutStopSec={stop_s:.0f}
"""

_TIMER = """\
# Written by fleetkit schedule add; fleetkit schedule remove {name} takes it away.
[Unit]
Description=fleetkit: {title}; {words}

[Timer]
{calendar}
# What was due while the computer was off is run once when it is on again.
Persistent=true
AccuracySec=1s
RandomizedDelaySec={spread_s}

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemdTimers:
    """The user's timers.

    Attributes
    ----------
    folder
        Where the user's units lie.
    systemctl
        The program that speaks to the user's systemd; None where there is none to speak to.
    """

    folder: Path
    systemctl: str | None

    def plan(self, order: Order) -> Placement:
        """Return the two units."""
        entry = order.entry
        words = {"name": entry.name, "title": _escape(entry.title)}
        spread_s = _SPREAD_S if entry.line.least_gap_s() >= _HOURLY_S else 0
        service = _SERVICE.format(
            **words,
            folder=_escape(_bare(str(order.folder))),
            command=" ".join(_quote(word) for word in order.command),
            limit_s=order.hard_limit_s,
            stop_s=order.stop_limit_s,
        )
        calendar = "\n".join(f"OnCalendar={line}" for line in to_on_calendar(entry.line))
        timer = _TIMER.format(**words, words=_escape(entry.line.words), calendar=calendar, spread_s=spread_s)
        texts = {str(self._unit(entry, "service")): service, str(self._unit(entry, "timer")): timer}
        return Placement(texts=texts, marks={file: sha256_of(text) for file, text in texts.items()})

    def install(self, order: Order, placement: Placement) -> Mapping[str, str]:
        """Write the units, and have the user's systemd begin with the timer, where it runs."""
        for file in placement.texts:
            require_free(Path(file), order.entry.wrote)
        try:
            for file, text in placement.texts.items():
                write_whole(Path(file), text)
            self._call("daemon-reload")
            self._call("enable", "--now", _timer(order.entry))
        except (FleetkitError, OSError):
            for file, mark in placement.marks.items():
                remove_written(Path(file), mark)
            # What "enable" makes, which comes before what "--now" does.
            (self.folder / "timers.target.wants" / _timer(order.entry)).unlink(missing_ok=True)
            raise
        return placement.marks

    def withdraw(self, entry: Entry) -> tuple[str, ...]:
        """Have the timer end, and remove the two units."""
        # All of them first: where one stays, the timer is not to be ended, nor half of it taken away.
        for file, mark in entry.wrote.items():
            require_unchanged(Path(file), mark)
        if self._unit(entry, "timer").exists():
            self._call("disable", "--now", _timer(entry))
        taken = tuple(file for file, mark in entry.wrote.items() if remove_written(Path(file), mark))
        self._call("daemon-reload")
        return taken

    def find_missing(self, entry: Entry) -> tuple[str, ...]:
        """Return the units that are not there as they were written, or the timer that was stopped or disabled."""
        gone = tuple(file for file, mark in entry.wrote.items() if not is_as_written(Path(file), mark))
        if gone or self.systemctl is None:
            return gone
        states = {word: self._ask(word, _timer(entry)).stdout.strip() for word in ("is-active", "is-enabled")}
        if states == {"is-active": "active", "is-enabled": "enabled"}:
            return ()
        return (f"{_timer(entry)} is {' and '.join(states.values())}",)

    def next_steps(self, order: Order) -> tuple[str, ...]:
        """Return how the timer is begun where no systemd of the user's runs, and how it goes on without a login."""
        linger = "loginctl enable-linger  # so that it goes on while you are not logged in"
        if self.systemctl is not None:
            return (linger,)
        return (f"systemctl --user daemon-reload && systemctl --user enable --now {_timer(order.entry)}", linger)

    def _unit(self, entry: Entry, kind: str) -> Path:
        return self.folder / f"fleetkit-{entry.name}.{kind}"

    def _call(self, *words: str) -> None:
        if self.systemctl is None:
            return
        ended = self._ask(*words)
        if ended.returncode:
            raise FleetkitError(
                f"systemctl --user {' '.join(words)} failed", seen=ended.stderr.strip() or f"exit {ended.returncode}"
            )

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.systemctl), "--user", *words]
        try:
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_ANSWER_S)
        except subprocess.TimeoutExpired as error:
            raise WaitTimeoutError(
                f"systemctl --user {' '.join(words)} did not answer", seen=f"waited {format_duration(_ANSWER_S)}"
            ) from error


def find_systemd(environ: Mapping[str, str]) -> SystemdTimers:
    """Return the user's timers; they can be spoken to where the user's systemd has its socket."""
    config = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home()) / ".config")
    runtime = environ.get("XDG_RUNTIME_DIR")
    runs = bool(runtime) and (Path(str(runtime)) / "systemd" / "private").is_socket()
    systemctl = shutil.which("systemctl", path=environ.get("PATH")) if runs else None
    return SystemdTimers(folder=config / "systemd" / "user", systemctl=systemctl)


def _timer(entry: Entry) -> str:
    return f"fleetkit-{entry.name}.timer"


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise SettingsError("the folder's name cannot stand in a unit", seen=repr(text), hint="work in another folder")
    return text


def _bare(text: str) -> str:
    """Return a path that stands without quotes: systemd drops a blank at its end, and a backslash joins two lines."""
    if text.endswith((" ", "\\")):
        raise SettingsError("the folder's name cannot stand in a unit", seen=repr(text), hint="work in another folder")
    return _one_line(text)


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _quote(word: str) -> str:
    """Write a word of a command as systemd reads it: nothing in it is a variable, a specifier or an end."""
    escaped = _one_line(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_escape(escaped)}"'
