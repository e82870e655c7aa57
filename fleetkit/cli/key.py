"""``fleetkit key``: the key that signs your records and approvals."""

from __future__ import annotations

import os

import click

from fleetkit.cli._output import json_option, print_json, print_lines
from fleetkit.cli._signing import find_signer

__all__ = ["command"]


@click.group()
def command() -> None:
    """Show the key that signs your records and approvals: made once in FLEETKIT_HOME, or kept in AWS KMS."""


@command.command("show")
@json_option
def _show(as_json: bool) -> None:
    """Print your public key, as [approval] keys in a cluster file and fleetkit runs verify take it.

    It is made where there is none yet; the one in AWS KMS that FLEETKIT_SIGNING_KEY names is tried out at once.
    The private half is never shown.
    """
    from fleetkit.config import Settings

    settings, signer = Settings.from_environment(os.environ), find_signer()
    if as_json:
        elsewhere = None if settings.signing_key is None else settings.signing_key.name
        print_json({"public_key": signer.public_key, "folder": settings.home, "kms_key": elsewhere})
    else:
        print_lines(signer.public_key)
