"""Telling somebody how a run ended: judged, written down, sent, and sent again until it is taken.

A notice that cannot be sent fails no run: what went wrong is returned, and what waits is sent with the next run.
What is known of earlier runs lies beside the records of this computer; another computer knows its own.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleetkit.config import Cluster
from fleetkit.core import FleetkitError, NotFoundError, Results, SettingsError, current_user, format_utc, utc_now
from fleetkit.notice import Message, NoticeLimits, Sent, send_notice
from fleetkit.runs import Outcome, StoredRun
from fleetkit.schedule._notice_files import tell_error
from fleetkit.schedule._post import Post, Telling
from fleetkit.schedule.destinations import open_destinations
from fleetkit.schedule.outbox import Outbox

__all__ = [
    "open_outbox",
    "require_destinations",
    "retry_notices",
    "send_test_notice",
    "tell_message",
    "tell_outcome",
]


def open_outbox(runs: Path) -> Outbox:
    """Return where the notices of a folder of records wait."""
    return Outbox(runs / ".notices")


def require_destinations(cluster: Cluster, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the destinations of these names; all where none is named.

    Raises
    ------
    SettingsError
        When the cluster file names none at all.
    NotFoundError
        When there is none of that name; lists those that there are.
    """
    known = cluster.notice.names
    if not known:
        raise SettingsError(
            f"nobody can be told of {cluster.name}",
            seen="its file names no destination",
            hint='name one under [notice], such as to = { oncall = "ssm:/demo/oncall" }: docs/notices.md',
        )
    for name in names:
        if name not in known:
            raise NotFoundError(f"{cluster.name} has no destination {name!r}", known=known)
    return tuple(name for name in known if name in names or not names)


def tell_outcome(
    stored: StoredRun, cluster: Cluster, *, runs: Path, environ: Mapping[str, str] | None = None
) -> Telling:
    """Tell of a run that has just ended, where there is something to tell; send what waits besides.

    It raises nothing that a service or a disk can cause: a notice fails no run.

    Parameters
    ----------
    stored
        The run; it has ended, or its process is gone.
    cluster
        Whose file says who is told, and of what.
    runs
        The folder of the records of all clusters.
    environ
        The environment; the process's own where not given.
    """
    if stored.record.outcome is Outcome.RUNNING:
        return Telling(tells=False, why="it is under way")
    post = _open_post(cluster, runs, environ)
    try:
        judgement = post.judge(stored)
    except (FleetkitError, OSError) as error:
        return post.deliver(tells=False, why=f"what became of it cannot be judged: {tell_error(error)}")
    return post.deliver(tells=judgement.tells, why=judgement.why)


def tell_message(
    message: Message, cluster: Cluster, *, about: str, key: str, runs: Path, environ: Mapping[str, str] | None = None
) -> Telling:
    """Tell everybody whom a cluster file names, whatever was told before; what is not taken is kept and tried again.

    Parameters
    ----------
    about, key
        As `WaitingNotice` has them: of several about the same that wait, the newest is told whole, and one of the same
        key takes the place of the other.
    """
    post = _open_post(cluster, runs, environ)
    post.keep(message, about=about, key=key)
    return post.deliver(tells=True, why="it was asked for")


def retry_notices(cluster: Cluster, *, runs: Path, environ: Mapping[str, str] | None = None) -> Telling:
    """Send what waits for the destinations of a cluster, now."""
    return _open_post(cluster, runs, environ).deliver(tells=False, why="nothing new is told")


def send_test_notice(
    cluster: Cluster, *, names: Sequence[str] = (), folder: Path, environ: Mapping[str, str] | None = None
) -> Results[str, Sent]:
    """Send a notice that says that it is a test; nothing is kept of it.

    Parameters
    ----------
    names
        The destinations to send it to; all where empty.
    folder
        The folder that commands work in.

    Raises
    ------
    SettingsError, NotFoundError
        As `require_destinations` does.
    """
    wanted = require_destinations(cluster, names)
    message = Message(
        title=f"[{cluster.name}] a test of fleetkit's notices",
        body=f"Nothing has happened.\n\n- sent from {socket.gethostname()} by {current_user()}, "
        f"at {format_utc(utc_now())}\n- runs of {cluster.name} are told here: {cluster.notice.on}",
    )
    limits = NoticeLimits(timeout_s=float(cluster.notice.timeout_s))
    with open_destinations(cluster, wanted, folder=folder, environ=_environ(environ)) as opened:
        sent = send_notice(message, list(opened.ok.values()), limits=limits)
        return Results({name: opened.failed.get(name) or sent[name] for name in wanted})


def _open_post(cluster: Cluster, runs: Path, environ: Mapping[str, str] | None) -> Post:
    return Post(cluster, open_outbox(runs), runs=runs, environ=_environ(environ))


def _environ(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    return os.environ if environ is None else environ
