"""``fleetkit kv get``: a key with its value."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note
from fleetkit.cli.kv._places import keys_argument, kv_options, open_place, split_words
from fleetkit.core import SettingsError

__all__ = ["command"]


@click.command("get")
@keys_argument("KEY")
@kv_options
@click.option("--raw", is_flag=True, help="Print the value's bytes, and nothing else: to be piped or put into a file.")
@json_option
def command(words: tuple[str, ...], raw: bool, as_json: bool, **options: Any) -> int:
    """Print the value of a key: JSON indented, text as it is, bytes in hex.

    What is known of it beside (its revision, when it expires) goes to standard error.

    \b
    fleetkit kv get demo /app/config
    fleetkit kv get demo /_coreos.com/fleet/engine/version --store v2
    fleetkit kv get /app/logo --raw > logo.png
    fleetkit kv get app --endpoints http://127.0.0.1:2379 --json

    Exits 1 when etcd could not be read, 2 when there is no such key.
    """
    from fleetkit.etcd import normalize_key, show_content
    from fleetkit.views import key_facts, tell_key

    if raw and as_json:
        raise click.UsageError("--raw and --json exclude each other")
    cluster, (key,) = split_words(words, keys=1)
    with open_place(cluster, **options) as place:
        found = place.keys.get(normalize_key(key, store=place.keys.store))
    if as_json:
        print_json(key_facts(found))
    elif found.content is None:
        raise SettingsError(f"{found.name} is a directory, and has no value", hint="fleetkit kv ls lists what it holds")
    elif raw:
        click.echo(found.content, nl=False)
    else:
        print_note(tell_key(found))
        print_lines(show_content(found.content))
    return ExitCode.DONE
