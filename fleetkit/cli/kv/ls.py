"""``fleetkit kv ls``: what lies directly below a path."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_note, print_table
from fleetkit.cli.kv._places import keys_argument, kv_options, open_place, split_words

__all__ = ["command"]


@click.command("ls")
@keys_argument("[PATH]", required=False)
@kv_options
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Entries to list at most.")
@json_option
def command(words: tuple[str, ...], limit: int, as_json: bool, **options: Any) -> int:
    """List what lies directly below PATH, or at the root; what ends with / holds more.

    Of v3 PATH is what the keys begin with: /app/ lists what is below /app, and /app lists /app/ and /apple alike.
    All entries are of one revision, which is told at the end: none is missed, and none comes twice.

    \b
    fleetkit kv ls demo --store v2
    fleetkit kv ls demo /_coreos.com/fleet/job --store v2
    fleetkit kv ls demo /app/ --json
    fleetkit kv ls --endpoints http://127.0.0.1:2379

    Exits 1 when etcd could not be read, 2 when v2 has no such directory.
    """
    from fleetkit.etcd import normalize_key
    from fleetkit.views import KEY_COLUMNS, key_facts, key_rows

    cluster, paths = split_words(words, keys=1, optional=True)
    with open_place(cluster, **options) as place:
        path = normalize_key("".join(paths), store=place.keys.store)
        found = place.keys.list_children(path, most=limit)
    if as_json:
        print_json(
            {
                "revision": found.revision,
                "whole": found.following is None,
                "keys": [key_facts(one, value=False) for one in found.keys],
            }
        )
        return ExitCode.DONE
    if found.keys:
        print_table(KEY_COLUMNS, key_rows(found.keys))
    more = "" if found.following is None else f", and more: --limit {10 * limit}"
    print_note(f"{len(found.keys)} listed at revision {found.revision}{more}")
    return ExitCode.DONE
