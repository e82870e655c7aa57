"""``fleetkit schedule``: notebooks run at set times; each of its verbs has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.schedule.add import command as _add
from fleetkit.cli.schedule.list import command as _list
from fleetkit.cli.schedule.remove import command as _remove
from fleetkit.cli.schedule.run import command as _run
from fleetkit.cli.schedule.show import command as _show

__all__ = ["command"]


@click.group()
def command() -> None:
    """Run notebooks at set times: by systemd, cron, a JupyterLab or an Airflow.

    Schedules are files under ./schedules. Whoever keeps the times calls "fleetkit schedule run NAME" there, which
    never runs the same one twice at once, ends it at its time limit, tries again what may pass, tells what was
    missed, and keeps a record as any run does.

    \b
    fleetkit schedule add inspect-cluster --cluster demo --cron "0 3 * * *" --on systemd
    fleetkit schedule list
    """


for _verb in (_add, _list, _show, _run, _remove):
    command.add_command(_verb)
