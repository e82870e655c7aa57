"""Write cluster files: a new one with its comments, and changes to one that keep the operator's own.

The comments are the schema's words, so that a file teaches what the reference page says.
"""

from __future__ import annotations

import os
import re
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import tomlkit
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from tomlkit.items import AoT, Table

from fleetkit.config.fields import About
from fleetkit.config.schema import Cluster, Master, Pool
from fleetkit.config.tables import Waiver
from fleetkit.core import ClusterFileError

__all__ = ["change_cluster_file", "render_cluster_file", "show_default", "write_cluster_file"]

_NOT_FOUND = "could not be found out:"
_WIDTH = 108
_REPEATED: dict[str, type[BaseModel]] = {"masters": Master, "pools": Pool}


def render_cluster_file(values: Mapping[str, object], *, unknown: Mapping[str, str] | None = None) -> str:
    """Write a new cluster file, each field under its comment.

    Parameters
    ----------
    values
        What the file is to say, nested as in TOML. A field that is left out stands there as a comment: with its
        default, or, where it has none, as a gap for the operator to fill, which loading refuses.
    unknown
        Dotted path to the reason why the value could not be found out; such a gap repeats the reason.

    Returns
    -------
    str
        The file's text, TOML.
    """
    gaps = dict(unknown or {})
    lines = ["# A cluster of fleetkit. This file is all that you edit; fleetkit preflight says what does not fit.", ""]
    sections: list[str] = []
    for name, field in Cluster.model_fields.items():
        table = _table_of(name, field)
        if table is not None:
            sections += ["", *_comment(f"{_about(field).text}."), *_section(name, table, values.get(name), gaps)]
        elif name == "waivers":
            sections += ["", *_comment(f"{_about(field).text}."), *_waivers(values.get(name))]
        elif field.annotation == dict[str, str] or name == "secrets":
            sections += ["", *_comment(f"{_about(field).text}. Legal: {_about(field).legal}."), f"[{name}]"]
            sections += [f"{key} = {_toml(value)}" for key, value in _mapping(values.get(name)).items()]
        else:
            lines += _field(name, field, values, gaps, prefix="")
    return "\n".join([*lines, *sections]) + "\n"


def change_cluster_file(text: str, changes: Mapping[str, str]) -> str:
    """Return ``text`` with other values, and with all of its comments.

    Parameters
    ----------
    text
        A cluster file.
    changes
        Dotted path, of a field at the top or in a table, to its new value.
    """
    text = _fill_gaps(text, changes)
    document = tomlkit.parse(text)
    for path, value in changes.items():
        table_name, _, key = path.rpartition(".")
        if table_name and table_name not in document:
            document.add(table_name, tomlkit.table())
        table = document[table_name] if table_name else document
        if table.get(key) != value:
            table[key] = value
    return tomlkit.dumps(document)


def write_cluster_file(file: Path, text: str, *, new: bool) -> None:
    """Put ``text`` in place as a whole: a reader sees the old file or the new one.

    Parameters
    ----------
    file
        The cluster file.
    text
        What it is to hold; must be TOML.
    new
        Refuse when the file exists already.

    Raises
    ------
    ClusterFileError
        When it exists though ``new`` was asked for.
    OSError
        When it cannot be written: a full disk, a folder of somebody else; what was there stays.
    """
    tomllib.loads(text)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o644 if new else file.stat().st_mode & 0o777
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                os.fchmod(stream.fileno(), mode)
            if new:
                os.link(temporary, file)
            else:
                temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError as error:
        raise ClusterFileError(
            f"{file} exists already, and is left as it is", hint="choose another name, or move that file away"
        ) from error
    except OSError as error:
        # Nothing is wrong with what the file says, so it is no ClusterFileError; but the file is named.
        raise OSError(error.errno, f"the cluster file cannot be written ({error.strerror})", str(file)) from error


def show_default(field: FieldInfo) -> str:
    """Return a field's default as TOML writes it."""
    return _toml(field.get_default())


def _section(name: str, table: type[BaseModel], given: object, gaps: Mapping[str, str]) -> Iterator[str]:
    if name not in _REPEATED:
        yield f"[{name}]"
        for key, field in table.model_fields.items():
            yield from _field(key, field, _mapping(given), gaps, prefix=f"{name}.")
        return
    if name in gaps:
        yield f"# [{name}.…]  {_NOT_FOUND} {gaps[name]}"
    teach = True
    for instance, values in _mapping(given).items():
        yield f"[{name}.{instance}]"
        for key, field in table.model_fields.items():
            yield from _field(key, field, _mapping(values), gaps, prefix=f"{name}.{instance}.", teach=teach)
        teach = False


def _field(
    key: str,
    field: FieldInfo,
    values: Mapping[str, object],
    gaps: Mapping[str, str],
    *,
    prefix: str,
    teach: bool = True,
) -> Iterator[str]:
    about = _about(field)
    if teach:
        yield from _comment(f"{about.text}. Legal: {about.legal}.")
    if key in values:
        yield f"{key} = {_toml(values[key])}"
    elif prefix + key in gaps:
        yield f'# {key} = "…"  {_NOT_FOUND} {" ".join(gaps[prefix + key].split())}'
    elif field.is_required():
        yield f'# {key} = "…"  {_NOT_FOUND} fill it in'
    else:
        yield f"# {key} = {show_default(field)}"


def _waivers(given: object) -> Iterator[str]:
    for waiver in given if isinstance(given, Sequence) else ():
        yield "[[waivers]]"
        for key in Waiver.model_fields:
            yield f"{key} = {_toml(waiver[key])}"


def _fill_gaps(text: str, changes: Mapping[str, str]) -> str:
    """Put values where gaps were left, so that they stand under their comments and the gap's reason goes."""
    table, lines = "", []
    for line in text.split("\n"):
        header = re.fullmatch(r"\[([^\[\]]+)\]\s*(#.*)?", line.strip())
        gap = re.match(rf'# (\w+) = "…"  {_NOT_FOUND}', line)
        if header:
            table = f"{header.group(1).strip()}."
        if gap and table + gap.group(1) in changes:
            line = f"{gap.group(1)} = {_toml(changes[table + gap.group(1)])}"  # noqa: PLW2901 -- the line is what changes
        lines.append(line)
    return "\n".join(lines)


def _table_of(name: str, field: FieldInfo) -> type[BaseModel] | None:
    if name in _REPEATED:
        return _REPEATED[name]
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _about(field: FieldInfo) -> About:
    return next(item for item in field.metadata if isinstance(item, About))


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, width=_WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _toml(value: object) -> str:
    """Write one value as TOML on one line."""
    if isinstance(value, Mapping):
        inner = tomlkit.inline_table()
        inner.update(value)
        return inner.as_string()
    if isinstance(value, str):
        return tomlkit.string(str(value)).as_string()
    item = tomlkit.item(list(value) if isinstance(value, tuple) else value)
    if isinstance(item, (AoT, Table)):
        raise TypeError(f"{type(value).__name__} is no single value")
    return item.as_string()
