"""Schedules on disk: one file each under ``schedules/``, read strictly and written whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleetkit.config.writing import toml_of
from fleetkit.core import FleetkitError, NotFoundError, Redactor, Results, SettingsError, format_utc, parse_utc
from fleetkit.schedule._files import write_whole
from fleetkit.schedule.cron_line import parse_cron
from fleetkit.schedule.entry import Entry, SchedulerKind, require_name
from fleetkit.schedule.environment import is_secret_variable

__all__ = ["entry_file", "list_entries", "read_entry", "render_entry", "write_entry"]

_FIELDS: dict[str, tuple[type, ...]] = {
    "notebook": (str,),
    "cluster": (str,),
    "cron": (str,),
    "timezone": (str,),
    "on": (str,),
    "added": (str,),
    "approve": (str,),
    "timeout_s": (int, float),
    "retries": (int,),
    "backoff_s": (int, float),
    "parameters": (dict,),
    "environment": (dict,),
    "place": (dict,),
    "wrote": (dict,),
}
_HEAD = """\
# A schedule of fleetkit: {words}.
# Parameters, retries and environment may be edited here, and hold from the next run on.
# Times, the time limit and who keeps them may not: fleetkit schedule remove {name}, and add it anew.
"""


def entry_file(folder: Path, name: str) -> Path:
    """Return the file of the schedule called ``name``."""
    return folder / "schedules" / f"{require_name(name)}.toml"


def list_entries(folder: Path) -> Results[str, Entry]:
    """Read every schedule of the folder that is worked in, by name; or the error that kept it from being read."""
    read: dict[str, Entry | Exception] = {}
    for file in sorted((folder / "schedules").glob("*.toml")):
        try:
            read[file.stem] = read_entry(folder, file.stem)
        except FleetkitError as error:
            read[file.stem] = error
    return Results(read)


def read_entry(folder: Path, name: str) -> Entry:
    """Read the schedule called ``name``.

    Raises
    ------
    NotFoundError
        When there is none; lists those that there are.
    SettingsError
        When its file is damaged; names the field.
    """
    file = entry_file(folder, name)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = sorted(one.stem for one in file.parent.glob("*.toml"))
        raise NotFoundError(
            f"there is no schedule {name!r} in {file.parent}", known=known, hint="list them: fleetkit schedule list"
        ) from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"the schedule {file} cannot be read", seen=str(error)) from error
    return _from_document(document, name, file)


def write_entry(folder: Path, entry: Entry) -> Path:
    """Write the schedule's file, whole, and return it.

    Raises
    ------
    OSError
        When it cannot be written; what was there stays.
    """
    file = entry_file(folder, entry.name)
    write_whole(file, render_entry(entry))
    return file


def render_entry(entry: Entry) -> str:
    """Return the text of the schedule's file."""
    single = {
        "notebook": entry.notebook,
        "cluster": entry.cluster,
        "cron": entry.line.text,
        "timezone": entry.line.timezone,
        "on": entry.on.value,
        "added": format_utc(entry.added),
        "approve": entry.approve,
        "timeout_s": entry.timeout_s,
        "retries": entry.retries,
        "backoff_s": entry.backoff_s,
    }
    tables = {
        "parameters": entry.parameters,
        "environment": entry.environment,
        "place": entry.place,
        "wrote": entry.wrote,
    }
    lines = [_HEAD.format(words=f"{entry.title}; {entry.line.words}", name=entry.name), *_render_pairs(single)]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *_render_pairs(table)]
    return "\n".join(lines) + "\n"


def _render_pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"{_render_key(key)} = {_render_value(value)}" for key, value in values.items()]


def _render_key(key: object) -> str:
    return str(key) if re.fullmatch("[A-Za-z0-9_-]+", str(key)) else toml_of(str(key))


def _render_value(value: Any) -> str:
    """Write a value on one line, whatever it holds."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(_render_pairs(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_render_value(item) for item in value) + "]"
    return toml_of(value)


def _from_document(document: Mapping[str, Any], name: str, file: Path) -> Entry:
    if unknown := sorted(set(document) - set(_FIELDS)):
        raise _bad(file, unknown[0], "there is no such field", legal=", ".join(_FIELDS))
    for field, kinds in _FIELDS.items():
        if field not in document:
            raise _bad(file, field, "missing", legal=" or ".join(kind.__name__ for kind in kinds))
        value = document[field]
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise _bad(file, field, type(value).__name__, legal=" or ".join(kind.__name__ for kind in kinds))
    if document["timeout_s"] <= 0 or document["backoff_s"] <= 0 or document["retries"] < 0:
        raise _bad(
            file, "timeout_s, backoff_s or retries", "less than it can be", legal="seconds above 0, no less than 0"
        )
    return Entry(
        name=name,
        notebook=document["notebook"],
        cluster=document["cluster"],
        line=parse_cron(document["cron"], timezone=document["timezone"]),
        on=_read_kind(document["on"], file),
        added=_read_moment(document["added"], file),
        parameters=document["parameters"],
        approve=document["approve"],
        timeout_s=float(document["timeout_s"]),
        retries=document["retries"],
        backoff_s=float(document["backoff_s"]),
        environment=_read_environment(document["environment"], file),
        place=_read_texts(document["place"], "place", file),
        wrote=_read_texts(document["wrote"], "wrote", file),
    )


def _read_kind(text: str, file: Path) -> SchedulerKind:
    try:
        return SchedulerKind(text)
    except ValueError as error:
        raise _bad(file, "on", repr(text), legal=", ".join(SchedulerKind)) from error


def _read_moment(text: str, file: Path) -> Any:
    try:
        return parse_utc(text)
    except ValueError as error:
        raise _bad(file, "added", repr(text), legal="a moment, such as 2026-03-01T04:05:06Z") from error


def _read_environment(table: Mapping[str, Any], file: Path) -> dict[str, str]:
    values = _read_texts(table, "environment", file)
    for name, value in values.items():
        if is_secret_variable(name, value):
            raise _bad(file, f"environment.{name}", "a secret", legal="what leads to one, such as AWS_PROFILE")
    return values


def _read_texts(table: Mapping[str, Any], field: str, file: Path) -> dict[str, str]:
    for key, value in table.items():
        if not isinstance(value, str):
            raise _bad(file, f"{field}.{key}", type(value).__name__, legal="text")
    return dict(table)


def _bad(file: Path, field: str, seen: str, *, legal: str) -> SettingsError:
    text = Redactor().redact(f"{field}: {seen}")
    return SettingsError(f"the schedule {file} is not legal", seen=text, hint=f"legal for {field}: {legal}")
