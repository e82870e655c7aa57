"""``fleetkit kv delete``: show what would go, have it approved, delete it while it still is that."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._changes import approve_shown_option
from fleetkit.cli._output import json_option
from fleetkit.cli.kv._changing import carry_out_keys, revision_option
from fleetkit.cli.kv._places import keys_argument, kv_options, open_place, split_words

__all__ = ["command"]


@click.command("delete")
@keys_argument("KEY")
@kv_options
@click.option(
    "--below",
    is_flag=True,
    help="All that lies below it too: of v2 a directory and all in it, of v3 all that begin so.",
)
@revision_option
@approve_shown_option
@json_option
def command(
    words: tuple[str, ...], below: bool, revision: int | None, approve: str, as_json: bool, **options: Any
) -> int:
    """Delete a key, or all below a path, once it was shown and approved.

    What has changed since it was shown is not deleted, and nothing after it. Up to 128 keys of v3 go together or not at
    all; of v2 one goes after the other, and a directory only when it is empty.

    \b
    fleetkit kv delete demo /app/config
    fleetkit kv delete demo /app/ --below
    fleetkit kv delete demo /old/config --store v2
    fleetkit kv delete demo /app/config --revision 42 --approve demo

    Exits 0 when it is gone, 2 when there is no such key, 3 when somebody writes it again, 4 when it was not approved or
    has changed.
    """
    from fleetkit.etcd import normalize_key
    from fleetkit.workflows import plan_key_deletion

    if below and revision is not None:
        raise click.UsageError("--revision is of one key; leave it out with --below")
    cluster, (key,) = split_words(words, keys=1)
    with open_place(cluster, **options) as place:
        path = normalize_key(key, store=place.keys.store)
        plan = plan_key_deletion(place, path, below=below, revision=revision)
        return carry_out_keys(place, plan, given=approve, as_json=as_json)
