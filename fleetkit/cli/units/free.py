"""``fleetkit units free``: a unit over which fleet stumbles is given back to it."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._changes import approve_shown_option
from fleetkit.cli._etcd_options import etcd_options
from fleetkit.cli._output import json_option
from fleetkit.cli.kv._changing import carry_out_keys
from fleetkit.cli.kv._places import keys_argument, open_places, split_words
from fleetkit.etcd import Store

__all__ = ["command"]


@click.command("free")
@keys_argument("NAME")
@etcd_options
@approve_shown_option
@json_option
def command(words: tuple[str, ...], approve: str, as_json: bool, **options: Any) -> int:
    """Free a poisoned unit of CLUSTER: take back a state that was asked of it and is none.

    fleet stores whatever it is sent, and then answers 500 for this unit: it can be neither read nor changed nor
    destroyed. The key is deleted in etcd's v2 store, on the condition that it still is what was shown; fleet then takes
    the unit for inactive, and its machine lets go of it. Ask for a state again afterwards.

    \b
    fleetkit units free demo web@1.service                  # shows the key, and asks
    fleetkit units free demo web@1.service --approve demo && fleetkit units start demo web@1.service

    Exits 0 when it is free, 2 when no state was asked of such a unit, 3 when somebody asked again, 4 when it is not
    poisoned, or it was not approved.
    """
    from fleetkit.workflows import plan_unit_freeing

    cluster, (name,) = split_words(words, keys=1)
    with open_places(cluster, **options) as places:
        place = places[Store.V2]
        return carry_out_keys(place, plan_unit_freeing(place, name), given=approve, as_json=as_json)
