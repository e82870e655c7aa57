"""What the commands of backups share: where they look, and how a backup is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._output import print_table
from fleetkit.core import format_bytes, format_duration, format_utc

if TYPE_CHECKING:
    from fleetkit.workflows import KeptBackup

__all__ = [
    "backup_facts",
    "identity_option",
    "name_cluster",
    "no_backup_option",
    "place_option",
    "print_backups",
    "seal_option",
]

F = TypeVar("F", bound=Callable[..., Any])


def place_option(name: str) -> Callable[[F], F]:
    """Give a command ``--to`` or ``--from``: where backups are kept."""
    return click.option(
        "place", name, metavar="FOLDER|s3://BUCKET/PREFIX", help="Where backups are kept; ./backups where not given."
    )


identity_option = click.option(
    "--identity",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="age identity, or SSH private key without passphrase, that opens an encrypted one; in its place KMS is asked, "
    "where it was encrypted for a key there.",
)
"""Gives a command what opens a backup."""

no_backup_option = click.option(
    "--no-backup",
    is_flag=True,
    help="Make no final backup of etcd before a destroy: what it holds is then lost for good.",
)
"""Gives a command the choice to let etcd go as it is."""

seal_option = click.option(
    "--encrypt-to",
    "seal_for",
    multiple=True,
    metavar="KEY",
    help="Encrypt it for this key: age1…, an SSH public key, or awskms: and the ARN, id or alias of a key in AWS KMS. "
    "May be repeated.",
)
"""Gives a command whom a backup is encrypted for."""


def name_cluster(cluster: str | None) -> str:
    """Return the name of the cluster that is meant; its file need not be there where it is named."""
    from fleetkit.config import Settings, find_cluster

    if cluster is not None:
        return Path(cluster).name.removesuffix(".toml")
    return find_cluster(Settings.from_environment(os.environ).cluster, folder=Path.cwd()).name


def backup_facts(kept: KeptBackup) -> dict[str, Any]:
    """Return what there is to know of a backup, for JSON."""
    return {
        "name": str(kept.name),
        "cluster": kept.name.cluster,
        "taken": kept.name.taken,
        "revision": kept.name.revision,
        "size_bytes": kept.size_bytes,
        "encrypted": kept.name.seal,
        "state": kept.state,
        "proof": kept.proof,
    }


def print_backups(backups: Iterable[KeptBackup]) -> None:
    """Print backups as a table, in their order."""
    print_table(
        ("name", "taken", "revision", "size", "encrypted", "state", "drilled", "rto"),
        [
            (
                one.name,
                format_utc(one.name.taken),
                one.name.revision,
                format_bytes(one.size_bytes),
                one.name.seal,
                one.state,
                "" if one.proof is None else format_utc(one.proof.drilled),
                "" if one.proof is None else format_duration(one.proof.rto_s),
            )
            for one in backups
        ],
    )
