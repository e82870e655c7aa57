"""``fleetkit units start | stop | unload | destroy``: units that are named, in another state."""

from __future__ import annotations

import inspect
from typing import Any

import click

from fleetkit.cli._fleet_options import fleet_options, open_source, split_words, words_argument
from fleetkit.cli._output import json_option
from fleetkit.cli.units._changing import carry_out_units, changing_options

__all__ = ["destroy", "start", "stop", "unload"]

_EXITS = (
    "Exits 0 when all of them are as wanted, 2 when fleet does not know one, 3 when one is not as wanted, "
    "4 when it was refused or not approved."
)


def _make(verb: str, help_text: str) -> click.Command:
    @click.command(verb, help=f"{inspect.cleandoc(help_text)}\n\n{_EXITS}")
    @words_argument("NAME...")
    @fleet_options
    @changing_options()
    @json_option
    def command(words: tuple[str, ...], endpoint: str | None, request_timeout: float, **options: Any) -> int:
        from fleetkit import workflows
        from fleetkit.fleet import expand_names

        cluster, patterns = split_words(words)
        names = [name for pattern in patterns for name in expand_names(pattern)]
        source = open_source(cluster, endpoint)
        return carry_out_units(
            source,
            lambda limits, notes: workflows.plan_units(
                source, names, workflows.UnitAction(verb), limits=limits, report=notes
            ),
            request_timeout=request_timeout,
            **options,
        )

    return command


start = _make(
    "start",
    """Have units of CLUSTER launched, and see them run; what was launched and has failed or ended is started anew.

    \b
    fleetkit units start demo web@1.service
    fleetkit units start demo 'web@{1..3}.service' --approve demo""",
)
stop = _make(
    "stop",
    """Have units of CLUSTER stopped; their machines keep them.

    \b
    fleetkit units stop demo web@1.service
    fleetkit units stop demo 'web@{1..3}.service' --approve demo""",
)
unload = _make(
    "unload",
    """Have units of CLUSTER stopped and taken from their machines; fleet keeps them.

    \b
    fleetkit units unload demo web@1.service""",
)
destroy = _make(
    "destroy",
    """Have units of CLUSTER stopped, and forgotten by fleet; whoever has the file can deploy them again.

    \b
    fleetkit units show demo web@1.service > web@1.service    # keep what fleet has
    fleetkit units destroy demo web@1.service""",
)
