"""``fleetkit key``: the key that signs your records and approvals."""

from __future__ import annotations

import os

import click

from fleetkit.cli._output import json_option, print_json, print_lines
from fleetkit.cli._signing import find_signer

__all__ = ["command"]


@click.group()
def command() -> None:
    """Show the key that signs your records and approvals; it is made once, and stays in FLEETKIT_HOME."""


@command.command("show")
@json_option
def _show(as_json: bool) -> None:
    """Print your public key, as [approval] keys in a cluster file and fleetkit runs verify take it.

    It is made where there is none yet. The private half is never shown.
    """
    from fleetkit.config import Settings

    home, signer = Settings.from_environment(os.environ).home, find_signer()
    if as_json:
        print_json({"public_key": signer.public_key, "folder": home})
    else:
        print_lines(signer.public_key)
