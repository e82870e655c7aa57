"""``fleetkit units deploy`` and ``roll``: unit files become what fleet has and runs, at once or some at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._fleet_options import fleet_options, open_source
from fleetkit.cli._output import json_option
from fleetkit.cli.units._changing import carry_out_units, changing_options

if TYPE_CHECKING:
    from fleetkit.fleet import ProbeRule

__all__ = ["deploy", "roll"]

F = TypeVar("F", bound=Callable[..., Any])

_STATES = ("launched", "loaded", "inactive")


def _files_options(*, at_once: int) -> Callable[[F], F]:
    options = (
        click.option(
            "--at-once", type=click.IntRange(0), default=at_once, show_default=True, metavar="N",
            help="The most instances of one template that run and are replaced at one time; 0: all.",
        ),
        click.option(
            "--state", "desired", type=click.Choice(_STATES), default="launched", show_default=True,
            help="What is asked for of units that are no templates.",
        ),
        click.option(
            "--instances", multiple=True, metavar="NAMES",
            help="Instances of a template that are to be there too, such as 'web@{1..3}.service'.",
        ),
        click.argument(
            "words", nargs=-1, required=True, metavar="[CLUSTER] FOLDER|FILE...", shell_complete=complete_cluster
        ),
    )  # fmt: skip

    def give(command: F) -> F:
        for option in options:
            command = option(command)
        return command

    return give


@click.command("deploy")
@_files_options(at_once=0)
@fleet_options
@changing_options()
@json_option
def deploy(**options: Any) -> int:
    """Send unit files, or all of a folder, to fleet of CLUSTER, and see them run.

    The difference to what fleet has is shown first: what is created, replaced and started, and in which order: a unit
    comes once those that it waits for run. A template is only kept by fleet; its instances become what it is now. Units
    of which no file speaks are left alone. A unit counts as running once its machine's systemd runs it, and it stays
    so; of one that fails its last words are shown. One that fleet has as wanted, and that has failed, is not started
    anew (units start does that): it is told of, and what waits for it is not sent.

    \b
    fleetkit units deploy demo units/
    fleetkit units deploy demo units/ --instances 'web@{1..3}.service' --approve demo
    fleetkit units deploy units/web.service --endpoint http://127.0.0.1:49153
    fleetkit units deploy demo git+ssh://git@git.example.com/units.git@v1.2#web

    A FOLDER may lie in a git repository, at a branch, a tag or a commit; the plan and the record name the commit.

    Exits 0 when all is as wanted, 3 when a unit is not, 4 when it was refused or not approved.
    """
    return _deploy(**options)


def _parse_rule(_context: click.Context, _parameter: click.Parameter, text: str) -> ProbeRule:
    from fleetkit.core import SettingsError
    from fleetkit.fleet import ProbeRule

    try:
        return ProbeRule.parse(text)
    except SettingsError as error:
        raise click.BadParameter(f"{text!r} is no probe; {error.hint}") from None


@click.command("roll")
@_files_options(at_once=1)
@click.option(
    "--probe", "rule", default="declared", show_default=True, metavar="PROBE", callback=_parse_rule,
    help="What units that run have to answer as well: declared, what each says in [X-Service] Probe=; http:PORT/path "
    "or tcp:PORT, all services this; or none.",
)  # fmt: skip
@fleet_options
@changing_options(roll_back=True)
@json_option
def roll(**options: Any) -> int:
    """Replace the instances of templates some at a time, while the others serve on.

    As deploy does it, with another way when it goes wrong: the next instance is replaced once the one before has run
    for a while, and where one fails, the rest is left as it is and those that were replaced become what they were. One
    that ran and comes to its end now has failed too, but for a oneshot. While one that has been replaced does not run,
    it is refused to go on. A global unit is replaced by fleet on all machines at once.

    What says in [X-Service] by which Port= and Probe= it is asked, or what --probe says so of, has to answer as well,
    within --wait: by HTTP with a status below 400, or by taking a connection. Its own machine asks it, through the way
    in; with --endpoint it is asked from here.

    \b
    fleetkit units roll demo units/web@.service
    fleetkit units roll demo units/web@.service --at-once 2 --steady 30s --approve demo
    fleetkit units roll demo units/web@.service --probe http:32801/health

    Exits 0 when all is as wanted, 3 when a unit is not, 4 when it was refused or not approved.
    """
    return _deploy(**options)


def _deploy(
    *,
    words: tuple[str, ...],
    instances: tuple[str, ...],
    desired: str,
    at_once: int,
    endpoint: str | None,
    request_timeout: float,
    rule: ProbeRule | None = None,
    **options: Any,
) -> int:
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter
    from fleetkit.fleet import DesiredState

    cluster, places = _split_places(words)
    files = workflows.read_unit_places(places, report=note_reporter())
    source = open_source(cluster, endpoint)
    return carry_out_units(
        source,
        lambda limits, notes: workflows.plan_unit_deploy(
            source,
            files,
            instances=instances,
            desired=DesiredState(desired),
            at_once=at_once,
            rule=rule,
            limits=limits,
            report=notes,
        ),
        request_timeout=request_timeout,
        **options,
    )


def _split_places(words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Tell the cluster, where one is named first, from files and folders; one word alone is a place."""
    first = words[0]
    is_cluster = len(words) > 1 and (first.endswith(".toml") or not any(one in first for one in "./"))
    return (first, words[1:]) if is_cluster else (None, words)
