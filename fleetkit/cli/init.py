"""``fleetkit init``: write a commented cluster file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note

__all__ = ["command"]


@click.command()
@click.argument("name")
@click.option("--region", help="AWS region; the environment's own where not given.")
@click.option("--key-name", help="EC2 key pair; the region's only one where not given.")
@click.option("--operator-cidr", help="Network that SSH is open to; your public address where not given.")
@json_option
def command(name: str, region: str | None, key_name: str | None, operator_cidr: str | None, as_json: bool) -> int:
    """Write clusters/NAME.toml: a cluster of three masters and two pools, each field under its comment.

    The region, its zones, the newest images, the key pair, your public address and the pins are found out. What
    cannot be is left as a gap that says why; fill it in. A file that exists is never overwritten.

    \b
    fleetkit init demo
    fleetkit preflight demo
    fleetkit deploy demo

    Exits 3 when the file has gaps.
    """
    from fleetkit.config import Settings
    from fleetkit.workflows.initialize import Answers, initialize

    result = initialize(
        name,
        folder=Path.cwd(),
        settings=Settings.from_environment(os.environ),
        answers=Answers(region=region, key_name=key_name, operator_cidr=operator_cidr),
    )
    if as_json:
        print_json(result)
    else:
        print_lines(str(result.file))
    for path, reason in result.unknown.items():
        print_note(f"not found out: {path}: {reason}")
    if result.unknown:
        print_note(f"fill the gaps in {result.file}; then fleetkit preflight {name}")
        return ExitCode.FINDINGS
    print_note(f"next: fleetkit preflight {name}")
    return ExitCode.DONE
