"""``fleetkit takeover``: open the parcel that ``fleetkit handover`` made."""

from __future__ import annotations

from pathlib import Path

import click

from fleetkit.cli._output import json_option, print_json, print_lines

__all__ = ["command"]


@click.command()
@click.argument("parcel", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--identity",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="age identity, or SSH private key without passphrase.",
)
@json_option
def command(parcel: Path, identity: Path | None, as_json: bool) -> None:
    """Take a cluster over: put what PARCEL holds into ./clusters.

    Nothing is overwritten: a cluster of the same name must be moved away first.
    Without --identity the passphrase is asked for.
    """
    from fleetkit.secrets import open_parcel
    from fleetkit.workflows.handover import unpack_cluster

    passphrase = None if identity else click.prompt("Passphrase", hide_input=True, err=True)
    content = open_parcel(parcel.read_bytes(), identity_file=identity, passphrase=passphrase)
    taken = unpack_cluster(content, Path.cwd() / "clusters")
    if as_json:
        print_json({"cluster": taken.name, "files": taken.files})
        return
    print_lines(f"took over {taken.name}", f"next: fleetkit plan {taken.name}")
