"""Change cluster files without losing what the operator wrote into them.

Values that are there are changed in place. What is new goes where a new file has it: over the gap or the commented
default, else behind the last key of its table, so that no comment of the next table comes to stand before it.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.items import Array

from fleetkit.config.outline import outline_fields
from fleetkit.config.writing import NOT_FOUND, toml_of
from fleetkit.core import ClusterFileError

__all__ = ["change_cluster_data", "change_cluster_file"]


def change_cluster_data(
    data: Mapping[str, object], changes: Mapping[str, object], *, remove: Sequence[str] = ()
) -> dict[str, Any]:
    """Return ``data`` with the values at dotted paths set, and others removed.

    Parameters
    ----------
    data
        A cluster file's content, nested as in TOML.
    changes
        Dotted path to the new value; tables that are not there are made.
    remove
        Dotted paths of what goes, before anything is set.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(data))
    for path in remove:
        *tables, key = path.split(".")
        _inner(changed, tables).pop(key, None)
    for path, value in changes.items():
        *tables, key = path.split(".")
        _inner(changed, tables)[key] = value
    return changed


def change_cluster_file(text: str, changes: Mapping[str, object], *, remove: Sequence[str] = ()) -> str:
    """Return ``text`` with other values, and with all of its comments but those within tables that go.

    Parameters
    ----------
    text
        A cluster file.
    changes
        Dotted path of a field to its new value.
    remove
        Dotted paths of what goes: a table such as ``masters.etcd3``, or a field, whose default stands there as a
        comment then, as in a new file.

    Raises
    ------
    ClusterFileError
        When the file is written in a way in which this cannot be done without harm.
    """
    wanted = change_cluster_data(tomllib.loads(text), changes, remove=remove)
    for path in remove:
        text = _drop(text, path)
    text = _fill_gaps(text, changes)
    document = tomlkit.parse(text)
    missing = [path for path, value in changes.items() if not _replace(document, path, value)]
    text = tomlkit.dumps(document)
    for path in missing:
        text = _insert(text, path, changes[path])
    if tomllib.loads(text) != wanted:
        raise ClusterFileError(
            "the cluster file cannot be changed without harm",
            seen=f"it is written in an unusual way at one of {', '.join([*changes, *remove])}",
            hint="change it in an editor",
        )
    return text


def _inner(data: dict[str, Any], tables: Sequence[str]) -> dict[str, Any]:
    for table in tables:
        found = data.setdefault(table, {})
        if not isinstance(found, dict):
            found = data[table] = {}
        data = found
    return data


def _drop(text: str, path: str) -> str:
    """Take a table out, from its header to its last key, or a field; comments behind a table belong to what follows."""
    lines = text.split("\n")
    begin, end = _section(lines, path)
    if begin >= 0:
        return "\n".join(lines[:begin] + lines[end:])
    table, _, key = path.rpartition(".")
    document = tomlkit.parse(text)
    holder = _find(document, table)
    if isinstance(holder, dict):
        holder.pop(key, None)
    without = tomlkit.dumps(document)
    default = _defaults().get(_generic(path))
    begin, end = _section(lines, table) if table else (0, _last_key(lines, 0))
    for number in range(max(begin, 0), end):
        if default is not None and re.match(rf"{re.escape(key)}\s*=", lines[number]):
            commented = "\n".join([*lines[:number], f"# {key} = {default}", *lines[number + 1 :]])
            return commented if _says_the_same(commented, without) else without
    return without


def _says_the_same(text: str, other: str) -> bool:
    try:
        return tomllib.loads(text) == tomllib.loads(other)
    except tomllib.TOMLDecodeError:
        return False


def _defaults() -> dict[str, str]:
    """Return path to default as TOML, of every field that has one."""
    return {field.path: toml_of(field.default) for field in outline_fields() if not field.required}


def _fill_gaps(text: str, changes: Mapping[str, object]) -> str:
    """Put values where gaps or defaults stand as comments, so that they come under the words about them."""
    defaults, table, lines = _defaults(), "", list[str]()
    for line in text.split("\n"):
        header = _header(line)
        if header is not None:
            table = f"{header}."
        commented = re.match(r"# (\w+) = (.+)", line)
        if commented and table + commented.group(1) in changes:
            path = table + commented.group(1)
            is_gap = commented.group(2).startswith(f'"…"  {NOT_FOUND}')
            if is_gap or commented.group(2) == defaults.get(_generic(path)):
                line = f"{commented.group(1)} = {toml_of(changes[path])}"  # noqa: PLW2901 -- the line is what changes
        lines.append(line)
    filled = "\n".join(lines)
    try:
        tomllib.loads(filled)
    except tomllib.TOMLDecodeError:
        # A commented default beside the value itself: the value is changed where it stands.
        return text
    return filled


def _replace(document: tomlkit.TOMLDocument, path: str, value: object) -> bool:
    """Set a value that is there; say whether it was."""
    table, _, key = path.rpartition(".")
    holder = _find(document, table)
    if not isinstance(holder, dict) or key not in holder:
        return False
    there = holder[key]
    if isinstance(there, Array) and isinstance(value, (list, tuple)):
        _replace_items(there, list(value))
    elif there != value:
        holder[key] = value
    return True


def _replace_items(there: Array, wanted: list[object]) -> None:
    """Change an array item by item: comments stand between its items too."""
    while len(there) > len(wanted):
        del there[-1]
    for place, value in enumerate(wanted):
        if place >= len(there):
            there.append(value)
        elif there[place] != value:
            there[place] = value


def _insert(text: str, path: str, value: object) -> str:
    """Write a key that is not there behind the last one of its table, and the table where there is none."""
    table, _, key = path.rpartition(".")
    lines = text.split("\n")
    begin, end = _section(lines, table) if table else (0, _last_key(lines, 0))
    if begin >= 0:
        return "\n".join([*lines[:end], f"{key} = {toml_of(value)}", *lines[end:]])
    new = [f"[{table}]", f"{key} = {toml_of(value)}"]
    parent = table.rpartition(".")[0]
    siblings = [
        number for number, line in enumerate(lines) if parent and (_header(line) or "").startswith(f"{parent}.")
    ]
    if siblings:
        end = _last_key(lines, siblings[-1] + 1)
        return "\n".join([*lines[:end], *new, *lines[end:]])
    document = tomlkit.parse(text)
    if isinstance(_find(document, table), dict) or (parent and parent in document):
        # Written as an inline table or with dotted keys: that is tomlkit's trade.
        _inner(document, table.split("."))[key] = value
        return tomlkit.dumps(document)
    return "\n".join([*lines[: len(lines) - (lines[-1] == "")], "", *new, ""])


def _section(lines: Sequence[str], table: str) -> tuple[int, int]:
    """Return where a table begins, and the line behind its last key; -1 where it has no header of its own."""
    begin = next((number for number, line in enumerate(lines) if _header(line) == table), -1)
    return begin, _last_key(lines, begin + 1)


def _last_key(lines: Sequence[str], begin: int) -> int:
    end = begin
    for number in range(begin, len(lines)):
        if re.match(r"\s*\[.*\]\s*(#.*)?$", lines[number]) and not lines[number].startswith((" ", "\t")):
            break
        if lines[number].strip() and not lines[number].lstrip().startswith("#"):
            end = number + 1
    return end


def _header(line: str) -> str | None:
    """Return the path of the table that a line begins, or None."""
    found = re.fullmatch(r"\[([^\[\]]+)\]\s*(#.*)?", line.strip())
    if found is None:
        return None
    return ".".join(part.strip().strip("\"'") for part in found.group(1).split("."))


def _generic(path: str) -> str:
    """Return the path as the outline writes it: a field of one of several tables has NAME for its table."""
    parts = path.split(".")
    return f"{parts[0]}.NAME.{parts[2]}" if len(parts) == 3 else path


def _find(document: tomlkit.TOMLDocument, table: str) -> object:
    here: object = document
    for step in table.split(".") if table else ():
        here = here.get(step) if isinstance(here, dict) else None
    return here
