"""Read a cluster file: find it, parse it, check it, and name every problem at once."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fleetkit.config.draft import Draft
from fleetkit.config.fields import About
from fleetkit.config.notice import DESTINATION_TABLES
from fleetkit.config.paths import find_cluster
from fleetkit.config.problems import Problem, dotted_path, show_value
from fleetkit.config.rules import find_problems
from fleetkit.config.schema import Cluster
from fleetkit.core import ClusterFileError, utc_now

__all__ = ["find_cluster_problems", "load_cluster", "parse_cluster", "read_cluster_data"]


def load_cluster(name_or_path: str | None, *, folder: Path, today: dt.date | None = None) -> Cluster:
    """Read a cluster file.

    Parameters
    ----------
    name_or_path
        A name, or the path of a file ending in ``.toml``; None means the only one in ``folder/clusters``.
    folder
        The folder that the command works in.
    today
        From which the dates of waivers are judged; the present day in UTC where not given.

    Raises
    ------
    ClusterFileError
        When the file is missing, unreadable or not legal; ``problems`` has one line for each thing that is wrong.
    """
    file = find_cluster(name_or_path, folder=folder).file
    return parse_cluster(read_cluster_data(file), file=file, today=today)


def read_cluster_data(file: Path) -> dict[str, object]:
    """Read ``file`` as TOML, without judging what it says.

    Raises
    ------
    ClusterFileError
        When it cannot be read, is not UTF-8 text or is not TOML; the latter two name line and column.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ClusterFileError(f"cannot read the cluster file {file}", seen=error.strerror or str(error)) from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise ClusterFileError(
            f"{file} is not text",
            seen=f"line {line}, column {column}: byte 0x{content[error.start]:02x} is not UTF-8",
            hint="a cluster file is TOML in UTF-8; is this the right file?",
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ClusterFileError(
            f"{file} is not TOML",
            seen=_place_error(error, text),
            hint="mend that line; https://toml.io shows the syntax",
        ) from None


def parse_cluster(data: Mapping[str, object], *, file: Path, today: dt.date | None = None) -> Cluster:
    """Check what a cluster file says, and return it typed.

    Raises
    ------
    ClusterFileError
        With every problem found, in the order in which the schema has the fields.
    """
    cluster, problems = _read_twice(data, stem=file.stem, today=today)
    if problems or cluster is None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ClusterFileError(
            f"the cluster file {file} is not legal",
            seen=count,
            problems=[str(problem) for problem in problems],
            hint=f"mend {file}, then fleetkit preflight {file.stem}",
        )
    return cluster


def find_cluster_problems(
    data: Mapping[str, object], *, file: Path, today: dt.date | None = None
) -> tuple[Problem, ...]:
    """Return what `parse_cluster` would refuse, in the same order; nothing where the content is legal."""
    return _read_twice(data, stem=file.stem, today=today)[1]


def _read_twice(
    data: Mapping[str, object], *, stem: str, today: dt.date | None
) -> tuple[Cluster | None, tuple[Problem, ...]]:
    problems: list[Problem] = []
    cluster: Cluster | None = None
    try:
        cluster = Cluster.model_validate(data)
    except ValidationError as error:
        problems += [_describe(details) for details in error.errors()]
    known = {problem.path for problem in problems}
    rules = find_problems(Draft(data), stem=stem, today=today or utc_now().date())
    problems += [problem for problem in rules if problem.path not in known]
    return cluster, tuple(sorted(problems, key=_place))


def _place_error(error: tomllib.TOMLDecodeError, text: str) -> str:
    message = str(error)
    if "(at end of document)" in message:
        lines = text.split("\n")
        return message.replace("(at end of document)", f"(at line {len(lines)}, column {len(lines[-1]) + 1})")
    return message


def _place(problem: Problem) -> int:
    top = re.split(r"[.\[]", problem.path, maxsplit=1)[0]
    fields = list(Cluster.model_fields)
    return fields.index(top) if top in fields else len(fields)


def _describe(details: ErrorDetails) -> Problem:
    """Turn one of pydantic's errors into ours."""
    location = details["loc"]
    path = dotted_path(location)
    if details["type"] == "extra_forbidden":
        return _unknown_key(location)
    legal = _legal_at(location)
    if details["type"] == "missing":
        return Problem(path=path, seen="missing", legal=legal)
    if details["type"] == "value_error":
        reason = str(details["ctx"]["error"])
        if _may_be_secret(location):
            return Problem(path=path, seen=f"saw {reason}", legal=legal)
        value = details["input"]
        shown = "it" if isinstance(value, dict) else f"saw {show_value(value)}, which"
        return Problem(path=path, seen=f"{shown} {reason}", legal=legal)
    if _may_be_secret(location):
        kind = (
            "that is no reference"
            if location[0] == "secrets" or location[:2] == ("notice", "to")
            else "of another kind"
        )
        return Problem(path=path, seen=f"saw a value {kind}; it is not repeated here", legal=legal)
    return Problem(path=path, seen=f"saw {show_value(details['input'])}", legal=legal)


def _may_be_secret(location: tuple[int | str, ...]) -> bool:
    """Return whether a reference belongs here, so that what stands in its place may be the secret itself."""
    shown = ("name", "user", "pools")
    # A URL that tells somebody is as good as a password, in whichever of these tables it is put.
    if location[0] == "notice":
        return len(location) > 1 and location[1] in DESTINATION_TABLES
    return location[0] == "secrets" or (location[0] == "registries" and not set(location) & set(shown))


def _unknown_key(location: tuple[int | str, ...]) -> Problem:
    # The value is not shown: a key that nobody knows may well hold a secret.
    model = _model_at(location[:-1])
    known = list(model.model_fields) if model is not None else []
    key = str(location[-1])
    close = difflib.get_close_matches(key, known, n=1)
    seen = "no such key" + (f", did you mean {close[0]}?" if close else "")
    return Problem(path=dotted_path(location), seen=seen, legal=", ".join(known))


def _legal_at(location: tuple[int | str, ...]) -> str:
    """Return what the schema says is legal at a place: the nearest field's own words."""
    for end in range(len(location), 0, -1):
        model, name = _model_at(location[: end - 1]), location[end - 1]
        if model is not None and isinstance(name, str) and name in model.model_fields:
            about = next(item for item in model.model_fields[name].metadata if isinstance(item, About))
            return about.legal
    return "what the reference page of the cluster file says"


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the table of the schema at a place, or None where there is none."""
    here: object = Cluster
    for step in location:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(step))
            here = None if field is None else field.annotation
        else:
            here = next(_inner_types(here), None)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _inner_types(annotation: object) -> Iterator[object]:
    """Yield what a mapping or an array of the schema holds, from the value back to the key."""
    if isinstance(annotation, types.GenericAlias) or typing.get_origin(annotation) is not None:
        yield from (item for item in reversed(typing.get_args(annotation)) if item is not Ellipsis)
