"""The one of the four that keeps a schedule's times."""

from __future__ import annotations

from collections.abc import Mapping

from fleetkit.schedule._jupyter_api import open_server
from fleetkit.schedule.airflow import open_dags
from fleetkit.schedule.cron_table import find_cron
from fleetkit.schedule.entry import SchedulerKind
from fleetkit.schedule.jupyter import JobDefinitions
from fleetkit.schedule.scheduler import Scheduler
from fleetkit.schedule.systemd import find_systemd

__all__ = ["find_scheduler"]


def find_scheduler(kind: SchedulerKind, *, environ: Mapping[str, str], place: Mapping[str, str]) -> Scheduler:
    """Return who keeps the times of schedules of this kind; nothing is asked of it yet.

    Parameters
    ----------
    place
        What the entry says of where it is.

    Raises
    ------
    SettingsError
        When ``place`` does not lead there.
    NotFoundError, PreconditionError
        When the token of a server cannot be read.
    """
    if kind is SchedulerKind.SYSTEMD:
        return find_systemd(environ)
    if kind is SchedulerKind.CRON:
        return find_cron(environ)
    return open_dags(place) if kind is SchedulerKind.AIRFLOW else JobDefinitions(api=open_server(place))
