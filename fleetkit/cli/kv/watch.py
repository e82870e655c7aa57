"""``fleetkit kv watch``: what happens to keys, as it happens."""

from __future__ import annotations

import itertools
import json
import threading
from typing import Any

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_lines, print_note
from fleetkit.cli.kv._places import keys_argument, kv_options, open_place, split_words

__all__ = ["command"]


@click.command("watch")
@keys_argument("[KEY]", required=False)
@kv_options
@click.option(
    "--below", is_flag=True, help="All that lies below it too; without KEY everything, but of v2 no hidden path."
)
@click.option("--since", type=click.IntRange(1), metavar="N", help="Begin after this revision; now where not given.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after so many; by Ctrl-C where not given.")
@json_option
def command(
    words: tuple[str, ...], below: bool, since: int | None, count: int | None, as_json: bool, **options: Any
) -> int:
    """Tell what happens to a key, a line each: put, delete, expire; with --json a document a line.

    A connection that breaks is opened anew and goes on where it was, with another member where need be. Where etcd has
    dropped what happened meanwhile, a line says gap. Of v2's hidden keys those are told that lie below KEY itself.

    \b
    fleetkit kv watch demo /app/ --below
    fleetkit kv watch demo /_coreos.com/fleet --below --store v2
    fleetkit kv watch demo /app/config --since 42 --count 1 --json

    Exits 0 after --count, 1 when no member answers any more, 130 by Ctrl-C.
    """
    from fleetkit.etcd import normalize_key
    from fleetkit.views import key_facts, tell_event

    cluster, keys = split_words(words, keys=1, optional=True)
    stop = threading.Event()
    with open_place(cluster, **options) as place:
        path = normalize_key("".join(keys), store=place.keys.store)
        told = place.keys.watch(path, below=below or not keys, stop=stop, since=since or 0)
        print_note("watching; Ctrl-C ends it" if count is None else f"watching for {count}; Ctrl-C ends it before")
        for event in itertools.islice(told, count):
            if as_json:
                facts = {"event": event.kind.value, "at": event.revision, **key_facts(event.key)}
                print_lines(json.dumps(facts, ensure_ascii=False))
            else:
                print_lines(tell_event(event))
    return ExitCode.DONE
