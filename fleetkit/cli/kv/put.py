"""``fleetkit kv put``: show what is there and what will be there, have it approved, write it by compare-and-swap."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from fleetkit.cli._changes import approve_shown_option
from fleetkit.cli._durations import parse_duration
from fleetkit.cli._output import json_option
from fleetkit.cli.kv._changing import carry_out_keys, revision_option
from fleetkit.cli.kv._places import keys_argument, kv_options, open_place, split_words

__all__ = ["command"]

_NEVER = "never"


def _parse_ttl(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """Read seconds; 0 stands for never, None for what the key has."""
    if text is None:
        return None
    if text == _NEVER:
        return 0
    seconds = parse_duration(text)
    if seconds != int(seconds):
        raise click.BadParameter(f"{text!r} is not a whole number of seconds; etcd counts in those")
    return int(seconds)


@click.command("put")
@keys_argument("KEY")
@kv_options
@click.option("--value", metavar="TEXT", help="What to write.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    metavar="FILE",
    help="A file that holds what to write, byte by byte; - is standard input.",
)
@click.option("--dir", "is_dir", is_flag=True, help="Make a directory, of which only v2 has some.")
@click.option(
    "--ttl", metavar="DURATION", callback=_parse_ttl, help="Let it expire, such as 30s; or never. What it has, else."
)
@click.option("--create", is_flag=True, help="Refuse if the key is there.")
@revision_option
@approve_shown_option
@json_option
def command(
    words: tuple[str, ...],
    value: str | None,
    file: Path | None,
    is_dir: bool,
    ttl: int | None,
    create: bool,
    revision: int | None,
    approve: str,
    as_json: bool,
    **options: Any,
) -> int:
    """Write a key, once what is there and what will be there was shown and approved.

    It is written by compare-and-swap: where the key has changed since it was shown, nothing is written. With --revision
    that holds since you read it. Where the key holds just that, there is nothing to do and nothing to approve.

    \b
    fleetkit kv put demo /app/config --value '{"size": 3}'
    fleetkit kv put demo /app/logo --file logo.png --create
    fleetkit kv put demo /services/web/a --store v2 --value 10.10.3.7:80 --ttl 60s
    fleetkit kv put demo /app/config --file - --revision 42 --approve demo < config.json

    Exits 0 when it is there, 3 when it was changed again at once, 4 when it was not approved or has changed.
    """
    from fleetkit.etcd import normalize_key
    from fleetkit.workflows import plan_key_put

    given = [name for name, one in (("--value", value), ("--file", file), ("--dir", is_dir or None)) if one is not None]
    if len(given) != 1:
        raise click.UsageError(f"expected one of --value, --file and --dir; found {' and '.join(given) or 'none'}")
    if create and revision:
        raise click.UsageError("--create and --revision exclude each other")
    cluster, (key,) = split_words(words, keys=1)
    content = None if is_dir else _read(file) if file is not None else os.fsencode(value or "")
    with open_place(cluster, **options) as place:
        path = normalize_key(key, store=place.keys.store)
        expected = 0 if create else revision
        plan = plan_key_put(place, path, content=content, revision=expected, ttl_s=ttl)
        return carry_out_keys(place, plan, given=approve, as_json=as_json)


def _read(file: Path) -> bytes:
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
