"""``fleetkit kv``: keys of both stores of etcd; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.kv.copy import command as _copy
from fleetkit.cli.kv.delete import command as _delete
from fleetkit.cli.kv.get import command as _get
from fleetkit.cli.kv.ls import command as _ls
from fleetkit.cli.kv.put import command as _put
from fleetkit.cli.kv.tree import command as _tree
from fleetkit.cli.kv.watch import command as _watch

__all__ = ["command"]


@click.group()
def command() -> None:
    """Read, watch and change keys of etcd.

    etcd has two stores that share nothing. --store v3, the default, has keys in one row, in which a / means nothing
    but to whoever reads it. --store v2 is a tree of directories, in which fleet keeps its state below /_coreos.com;
    what begins with _ is hidden there: no listing of etcd has it, and ls and tree show those hidden paths that the
    cluster file or --hidden names.

    Of CLUSTER through its way in; or, with --endpoints, of any etcd, named as etcdctl names it. etcdctl's own
    variables are read where no cluster and no option is given. A word that begins with / is a key; before any other
    key name the cluster, or give --endpoints.

    A change shows what is there and what will be there, is approved by the cluster's name, and is refused when the key
    has changed since.
    """


for _verb in (_get, _ls, _tree, _watch, _put, _copy, _delete):
    command.add_command(_verb)
