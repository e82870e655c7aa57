"""The options by which fleet is reached: a cluster through its way in, or any fleet as fleetctl is told of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._durations import parse_duration
from fleetkit.cli._output import is_on_command_line, print_note

if TYPE_CHECKING:
    from fleetkit.fleet import FleetEndpoint, UnitText
    from fleetkit.workflows import UnitReading, Workspace

__all__ = ["files_option", "fleet_options", "open_source", "read_fleet", "split_words", "words_argument"]

F = TypeVar("F", bound=Callable[..., Any])


def fleet_options(command: F) -> F:
    """Give a command the options of fleetctl by which any fleet is reached, read from fleetctl's variables too."""
    for option in (
        click.option(
            "--request-timeout", default="10s", show_default=True, envvar="FLEETCTL_REQUEST_TIMEOUT",
            metavar="DURATION", callback=lambda _context, _parameter, text: parse_duration(text),
            help="Time limit of each wait for fleet, such as 5s or 500ms.",
        ),
        click.option(
            "--endpoint", envvar="FLEETCTL_ENDPOINT", metavar="URL",
            help="Any fleet, in place of a cluster: unix:///var/run/fleet.sock or http://host:port.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def files_option(command: F) -> F:
    """Give a command ``--files``."""
    return click.option(
        "--files",
        type=click.Path(),
        metavar="FOLDER",
        help="Compare with unit files: a folder, or one of a git repository; an instance, with its template.",
    )(command)


def words_argument(name: str) -> Callable[[F], F]:
    """Give a command units as its arguments, behind the cluster where one is named.

    Parameters
    ----------
    name
        How they stand in the help.
    """
    return click.argument(
        "words", nargs=-1, required=True, metavar=f"[CLUSTER] {name}", shell_complete=complete_cluster
    )


def split_words(words: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Tell the cluster, where one is named first, from the units: these have a type, such as ``web.service``.

    Raises
    ------
    click.UsageError
        When no unit is named.
    """
    first = words[0]
    is_cluster = "." not in first or "/" in first or first.endswith(".toml")
    if is_cluster and len(words) == 1:
        raise click.UsageError(
            f"no unit is named: {first!r} was read as CLUSTER; a unit's name ends with its type, such as web.service"
        )
    return (first, tuple(words[1:])) if is_cluster else (None, tuple(words))


def open_source(cluster: str | None, endpoint: str | None) -> Workspace | FleetEndpoint:
    """Return the cluster, or the fleet, that the options say.

    Raises
    ------
    click.UsageError
        When both a cluster and another fleet are given on the command line.
    FleetkitError
        When the cluster file or the endpoint is wrong.
    """
    from fleetkit.fleet import parse_fleet_endpoint
    from fleetkit.workflows import open_workspace

    if cluster is not None and is_on_command_line("endpoint"):
        raise click.UsageError(
            f"--endpoint is for a fleet without a cluster file; leave it out, or leave out CLUSTER ({cluster})"
        )
    return parse_fleet_endpoint(endpoint) if cluster is None and endpoint else open_workspace(cluster)


def read_fleet(
    cluster: str | None,
    *,
    endpoint: str | None,
    request_timeout: float,
    files: str | None = None,
    names: Collection[str] = (),
) -> UnitReading:
    """Read units and machines of what the options say, and note who was asked in vain before.

    Raises
    ------
    click.UsageError
        When both a cluster and another fleet are given on the command line.
    FleetkitError
        When fleet cannot be read.
    """
    from fleetkit.fleet import FleetLimits
    from fleetkit.workflows import read_units

    source = open_source(cluster, endpoint)
    texts = None if files is None else _read_files(files)
    found = read_units(source, files=texts, names=names, limits=FleetLimits(wait_s=request_timeout))
    for one in found.passed_over:
        print_note(f"passed over: {one}")
    if found.unheard:
        print_note(found.unheard)
    return found


def _read_files(folder: str) -> dict[str, UnitText]:
    from fleetkit.cli._progress import note_reporter
    from fleetkit.workflows import read_unit_places

    found = read_unit_places([folder], report=note_reporter())
    if not found.are_sound:
        print_note(f"fleet would refuse some of these files: fleetkit units lint {folder}")
    for name in sorted(set(found.paths) - set(found.units)):
        print_note(f"not compared: {found.paths[name]} cannot be read as a unit file")
    return dict(found.units)
