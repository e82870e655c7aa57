"""``fleetkit kv tree``: all that lies below a path, directory by directory."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note
from fleetkit.cli.kv._places import keys_argument, kv_options, open_place, split_words

__all__ = ["command"]


@click.command("tree")
@keys_argument("[PATH]", required=False)
@kv_options
@click.option("--depth", type=click.IntRange(1), metavar="N", help="How many directories deep; all where not given.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Entries to open at most.")
@json_option
def command(words: tuple[str, ...], depth: int | None, limit: int, as_json: bool, **options: Any) -> int:
    """Show what lies below PATH as a tree, without values; hidden paths of v2 too, where they are named.

    Of v3 a directory is what several keys begin with, up to the next /. Each directory is of one revision; what is
    written between two of them may be in one and not in the other.

    \b
    fleetkit kv tree demo --store v2
    fleetkit kv tree demo /registry/ --depth 2
    fleetkit kv tree demo /_coreos.com/fleet --store v2 --json

    Exits 1 when etcd could not be read, 2 when v2 has no such directory.
    """
    from fleetkit.etcd import normalize_key
    from fleetkit.views import key_facts
    from fleetkit.workflows import read_key_tree

    cluster, paths = split_words(words, keys=1, optional=True)
    with open_place(cluster, **options) as place:
        path = normalize_key(paths[0], store=place.keys.store) if paths else None
        tree = read_key_tree(place, path=path, depth=depth, most=limit)
    if as_json:
        keys = [key_facts(one, value=False) for one in tree.browser.keys]
        print_json({"revision": tree.browser.revision, "whole": tree.whole, "keys": keys})
    else:
        print_lines(*tree.browser.lines)
        print_note(tree.summary)
    return ExitCode.DONE
