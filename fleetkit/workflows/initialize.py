"""Initialize: write a new cluster file that says what the environment tells, and asks for what it does not."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.aws import (
    AwsSession,
    list_key_pairs,
    list_offered_zones,
    list_zones,
    open_session,
    read_public_address,
)
from fleetkit.config import (
    ClusterPaths,
    Pins,
    Settings,
    check_name,
    parse_cluster,
    propose_cluster,
    render_cluster_file,
    write_cluster_file,
)
from fleetkit.core import (
    ClusterFileError,
    FleetkitError,
    NotFoundError,
    SettingsError,
    call_each,
    current_user,
    on_one_line,
    utc_now,
)
from fleetkit.workflows._aws_share import share_of
from fleetkit.workflows.pin import resolve_pins

__all__ = [
    "Answers",
    "DraftedCluster",
    "Initialized",
    "check_cluster_name",
    "draft_cluster",
    "initialize",
    "propose_unasked",
]

_ZONES = 3
_TYPES = ("t3.medium", "t3.micro", "t3.small")  # those that a new file proposes
_OF_ZONES = ("zones", "network.public_subnets", "network.private_subnets", "masters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the operator says, so that it need not be found out.

    Attributes
    ----------
    region, key_name, operator_cidr
        As in the cluster file; None where it is to be found out.
    """

    region: str | None = None
    key_name: str | None = None
    operator_cidr: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialized:
    """A new cluster file.

    Attributes
    ----------
    name, file
        The cluster, and its file.
    found
        Dotted path to what was found out or told.
    unknown
        Dotted path to the reason why it could not be found out; the file has a gap there.
    """

    name: str
    file: Path
    found: Mapping[str, str]
    unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedCluster:
    """A new cluster file that is not written yet.

    Attributes
    ----------
    text
        What it would hold.
    found
        As in `Initialized`.
    failed
        Dotted path to the error for which it could not be found out.
    """

    text: str
    found: Mapping[str, str]
    failed: Mapping[str, FleetkitError]

    @property
    def unknown(self) -> Mapping[str, str]:
        """As in `Initialized`."""
        return {path: on_one_line(str(error)) for path, error in self.failed.items()}


def initialize(
    name: str, *, folder: Path, settings: Settings, answers: Answers | None = None, today: dt.date | None = None
) -> Initialized:
    """Write ``clusters/<name>.toml``.

    Parameters
    ----------
    name
        The new cluster's name.
    folder
        The folder to work in.
    settings
        The settings in force.
    answers
        What the operator says beforehand.
    today
        From which the waivers' dates are reckoned; the present day in UTC where not given.

    Raises
    ------
    SettingsError
        When the name is not legal.
    ClusterFileError
        When the file exists already; it is left as it is.
    """
    paths = ClusterPaths(folder, check_cluster_name(name))
    if paths.file.exists():
        # Refused before anything is asked; the write itself refuses too, should somebody be quicker.
        raise ClusterFileError(
            f"{paths.file} exists already, and is left as it is", hint="choose another name, or move that file away"
        )
    draft = draft_cluster(name, settings=settings, answers=answers, today=today)
    _refuse_bad_answers(draft.text, paths.file)
    write_cluster_file(paths.file, draft.text, new=True)
    return Initialized(name=name, file=paths.file, found=draft.found, unknown=draft.unknown)


def draft_cluster(
    name: str, *, settings: Settings, answers: Answers | None = None, today: dt.date | None = None
) -> DraftedCluster:
    """Find out what the environment tells of a new cluster; nothing is written.

    Parameters are those of `initialize`.

    Raises
    ------
    SettingsError
        When the name is not legal.
    """
    check_cluster_name(name)
    known, zones, failed, who = _find_out(settings, answers or Answers())
    values = propose_cluster(
        name, region=known.get("region"), zones=zones, today=today or utc_now().date(), who=who or current_user()
    )
    for path, value in known.items():
        _set(values, path, value)
    found = known | ({"zones": ", ".join(zones)} if zones else {})
    unknown = {path: on_one_line(str(error)) for path, error in failed.items()}
    return DraftedCluster(text=render_cluster_file(values, unknown=unknown), found=found, failed=failed)


def propose_unasked(name: str) -> str:
    """Return the file of a new cluster as far as it is known before anybody is asked: the rest are gaps.

    Raises
    ------
    SettingsError
        When the name is not legal.
    """
    values = propose_cluster(
        check_cluster_name(name), region=None, zones=(), today=utc_now().date(), who=current_user()
    )
    return render_cluster_file(values)


def _refuse_bad_answers(text: str, file: Path) -> None:
    """Refuse what would be written, unless all that is wrong with it are the gaps."""
    try:
        parse_cluster(tomllib.loads(text), file=file)
    except ClusterFileError as error:
        problems = [line for line in error.problems if ": missing; " not in line]
        if problems:
            raise ClusterFileError(f"{file} was not written: it would not be legal", problems=problems) from None


def check_cluster_name(name: str) -> str:
    """Return ``name`` where it can be a cluster's.

    Raises
    ------
    SettingsError
        When it cannot.
    """
    try:
        return check_name(name)
    except ValueError as error:
        raise SettingsError(
            f"{name!r} cannot be a cluster's name",
            seen=str(error),
            hint="3 to 20 of a-z, 0-9 and -, beginning with a letter, not ending in -",
        ) from None


def _find_out(
    settings: Settings, answers: Answers
) -> tuple[dict[str, str], tuple[str, ...], dict[str, FleetkitError], str]:
    """Return what is known by path, the zones, what is unknown and why, and who asks."""
    session = open_session(answers.region, share=share_of(settings))
    lookups: dict[str, Callable[[], str]] = {
        "region": lambda: session.region,
        "operator_cidr": lambda: answers.operator_cidr or f"{read_public_address(settings.address_url)}/32",
        "key_name": lambda: answers.key_name or _only_key_pair(session),
        "who": lambda: session.caller().name,
    }
    told = call_each(list(lookups), lambda path: lookups[path](), catch=FleetkitError)
    pins = resolve_pins(session, settings, pins=Pins())
    known = {path: value for path, value in told.ok.items() if path != "who"} | dict(pins.values)
    failed = {path: error for path, error in told.failed.items() if path != "who" and isinstance(error, FleetkitError)}
    failed |= pins.failed
    if "pins.fleet_sha256" in failed:
        failed["pins.fleet_archive"] = failed["pins.fleet_sha256"]
    try:
        zones = _zones(session)
    except FleetkitError as error:
        zones = ()
        failed |= dict.fromkeys(_OF_ZONES, error)
    return known, zones, failed, told.ok.get("who", "")


def _only_key_pair(session: AwsSession) -> str:
    names = [pair.name for pair in list_key_pairs(session)]
    if len(names) != 1:
        raise NotFoundError(
            f"{session.region} has {len(names)} key pairs, so none was chosen",
            known=names,
            hint="aws ec2 import-key-pair brings in yours" if not names else None,
        )
    return names[0]


def _zones(session: AwsSession) -> tuple[str, ...]:
    """Return the first three zones that offer every instance type that is proposed."""
    offered = list_offered_zones(session, _TYPES)
    zones = [zone for zone in list_zones(session) if all(zone in offered[name] for name in _TYPES)]
    if len(zones) < 2:
        raise NotFoundError(f"{session.region} has no two zones that offer {', '.join(_TYPES)}", known=zones)
    return tuple(zones[:_ZONES])


def _set(values: dict[str, object], path: str, value: str) -> None:
    table, _, key = path.rpartition(".")
    inner = values.setdefault(table, {}) if table else values
    if isinstance(inner, dict):
        inner[key] = value
