"""Write cluster files: a new one with its comments, and any of them whole or not at all.

The comments are the schema's words, so that a file teaches what the reference page says.
"""

from __future__ import annotations

import os
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
from fleetkit.config.outline import REPEATED, table_model
from fleetkit.config.schema import Cluster
from fleetkit.core import ClusterFileError

__all__ = ["NOT_FOUND", "render_cluster_file", "toml_of", "write_cluster_file"]

NOT_FOUND = "could not be found out:"
"""Follows a gap that is left in a file, and goes before its reason."""

_WIDTH = 108
_NAMED = ("masters", "pools")


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
        table = REPEATED[name][1] if name in _NAMED else table_model(field)
        if table is not None:
            sections += ["", *_comment(f"{_about(field).text}."), *_section(name, table, values.get(name), gaps)]
        elif name in REPEATED:
            sections += ["", *_comment(f"{_about(field).text}."), *_rows(name, values.get(name))]
        elif field.annotation == dict[str, str] or name == "secrets":
            sections += ["", *_comment(f"{_about(field).text}. Legal: {_about(field).legal}."), f"[{name}]"]
            sections += [f"{key} = {toml_of(value)}" for key, value in _mapping(values.get(name)).items()]
        else:
            lines += _field(name, field, values, gaps, prefix="")
    return "\n".join([*lines, *sections]) + "\n"


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


def _section(name: str, table: type[BaseModel], given: object, gaps: Mapping[str, str]) -> Iterator[str]:
    if name not in _NAMED:
        yield f"[{name}]"
        for key, field in table.model_fields.items():
            yield from _field(key, field, _mapping(given), gaps, prefix=f"{name}.")
        return
    if name in gaps:
        yield f"# [{name}.…]  {NOT_FOUND} {gaps[name]}"
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
        yield f"{key} = {toml_of(values[key])}"
    elif prefix + key in gaps:
        yield f'# {key} = "…"  {NOT_FOUND} {" ".join(gaps[prefix + key].split())}'
    elif field.is_required():
        yield f'# {key} = "…"  {NOT_FOUND} fill it in'
    else:
        yield f"# {key} = {toml_of(field.get_default())}"


def _rows(name: str, given: object) -> Iterator[str]:
    for row in given if isinstance(given, Sequence) else ():
        yield f"[[{name}]]"
        for key in REPEATED[name][1].model_fields:
            if key in row:
                yield f"{key} = {toml_of(row[key])}"


def _about(field: FieldInfo) -> About:
    return next(item for item in field.metadata if isinstance(item, About))


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, width=_WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def toml_of(value: object) -> str:
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
