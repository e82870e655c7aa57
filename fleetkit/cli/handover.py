"""``fleetkit handover``: pack a cluster, encrypted, for another operator; ``fleetkit takeover`` opens it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note

__all__ = ["command"]


@click.command()
@cluster_argument
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="KEY",
    help="Whom it is for: age1…, or an SSH public key. May be repeated.",
)
@click.option(
    "--to-file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A file with such a key, as id_ed25519.pub.",
)
@click.option("--output", type=click.Path(path_type=Path), help="The parcel; <cluster>.fleetkit.age where not given.")
@json_option
def command(
    cluster: str | None, recipients: tuple[str, ...], files: tuple[Path, ...], output: Path | None, as_json: bool
) -> None:
    """Pack, encrypted, what another operator needs to take CLUSTER over.

    The parcel holds the cluster file, its certificates and keys, the known host keys and Terraform's local state.
    It holds no AWS credentials and no private SSH key of yours. Without --to a passphrase is asked for.

    \b
    fleetkit handover demo --to-file ~/keys/successor_ed25519.pub
    fleetkit takeover demo.fleetkit.age --identity ~/.ssh/id_ed25519
    """
    from fleetkit.config import find_cluster
    from fleetkit.secrets import parse_recipient, seal_parcel
    from fleetkit.workflows.handover import pack_cluster

    keys = [parse_recipient(text) for text in (*recipients, *(file.read_text(encoding="utf-8") for file in files))]
    packed = pack_cluster(find_cluster(cluster, folder=Path.cwd()))
    passphrase = None
    if not keys:
        passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    target = output or Path(f"{packed.name}.fleetkit.age")
    parcel = seal_parcel(packed.content, recipients=keys, passphrase=passphrase)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(parcel)
    if as_json:
        print_json({"cluster": packed.name, "parcel": target, "files": packed.files})
        return
    print_note(f"packed {len(packed.files)} files of {packed.name}")
    print_lines(str(target))
