"""``fleetkit etcd``: health, alerts, upkeep and backups of etcd; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.etcd.alarms import command as _alarms
from fleetkit.cli.etcd.alerts import command as _alerts
from fleetkit.cli.etcd.backup import command as _backup
from fleetkit.cli.etcd.backups import command as _backups
from fleetkit.cli.etcd.defragment import command as _defragment
from fleetkit.cli.etcd.drill import command as _drill
from fleetkit.cli.etcd.hash import command as _hash
from fleetkit.cli.etcd.health import command as _health
from fleetkit.cli.etcd.members import command as _members
from fleetkit.cli.etcd.reboot import command as _reboot
from fleetkit.cli.etcd.replace import command as _replace
from fleetkit.cli.etcd.resize import command as _resize
from fleetkit.cli.etcd.restore import command as _restore
from fleetkit.cli.etcd.status import command as _status
from fleetkit.cli.etcd.tolerance import command as _tolerance
from fleetkit.cli.etcd.tune import command as _tune
from fleetkit.cli.etcd.upgrade import command as _upgrade

__all__ = ["command"]


@click.group()
def command() -> None:
    """Health, status, members, upkeep and backups of etcd.

    Of CLUSTER through its way in; or, with --endpoints, of any etcd, named as etcdctl names it.
    etcdctl's own variables (ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY, ETCDCTL_COMMAND_TIMEOUT)
    are read where no cluster and no option is given.
    """


for _verb in (
    _health, _status, _members, _hash, _alarms, _alerts, _tune, _tolerance, _defragment, _replace, _resize, _upgrade,
    _reboot, _backup, _backups, _drill, _restore,
):  # fmt: skip
    command.add_command(_verb)
