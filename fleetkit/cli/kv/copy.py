"""``fleetkit kv copy``: a key, or all below a path, to where nothing is yet."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._changes import approve_shown_option
from fleetkit.cli._output import json_option
from fleetkit.cli.kv._changing import carry_out_keys
from fleetkit.cli.kv._places import keys_argument, kv_options, open_place, split_words

__all__ = ["command"]


@click.command("copy")
@keys_argument("KEY TARGET")
@kv_options
@click.option(
    "--below", is_flag=True, help="All that lies below it: of v2 a directory and all in it, of v3 all that begin so."
)
@approve_shown_option
@json_option
def command(words: tuple[str, ...], below: bool, approve: str, as_json: bool, **options: Any) -> int:
    """Copy a key to TARGET, or all that begins with KEY to what begins with TARGET.

    Nothing that is there is overwritten. Both lie in the same store. A copy never expires, whatever it was copied of.

    \b
    fleetkit kv copy demo /app/config /app/config.before
    fleetkit kv copy demo /app/ /app-before/ --below
    fleetkit kv copy demo /services /services-before --below --store v2

    Exits 0 when it is there, 2 when there is no such key, 3 when it is not what it was copied as, 4 when it was not
    approved or a target is there.
    """
    from fleetkit.etcd import normalize_key
    from fleetkit.workflows import plan_key_copy

    cluster, keys = split_words(words, keys=2)
    with open_place(cluster, **options) as place:
        source, target = (normalize_key(one, store=place.keys.store) for one in keys)
        plan = plan_key_copy(place, source, target=target, below=below)
        return carry_out_keys(place, plan, given=approve, as_json=as_json)
