"""The cluster file's fields as a flat list: path, kind, words and default, out of the schema.

What shows the fields, a reference page or a form, walks this list and never the schema itself.
"""

from __future__ import annotations

import datetime as dt
import enum
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fleetkit.config.fields import About
from fleetkit.config.schema import Cluster, Master, Pool
from fleetkit.config.tables import Registry, Waiver

__all__ = ["REPEATED", "FieldKind", "FieldOutline", "describe_table", "outline_fields", "table_model"]

REPEATED: dict[str, tuple[str, type[BaseModel]]] = {
    "masters": ("masters.NAME", Master),
    "pools": ("pools.NAME", Pool),
    "registries": ("registries[]", Registry),
    "waivers": ("waivers[]", Waiver),
}
"""Tables that a file has several of: how the path of one is written, and what it holds."""


class FieldKind(enum.StrEnum):
    """What a field's value is."""

    TEXT = "text"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    LIST = "list"
    MAPPING = "mapping"
    ROWS = "rows"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOutline:
    """One field of the file.

    Attributes
    ----------
    path
        Dotted; ``NAME`` stands for the name of one of several tables.
    kind
        What its value is.
    about
        Its words.
    required
        Whether a file must have it.
    default
        Its value in a file that leaves it out; None where it is required.
    choices
        The legal values, where they are a closed set.
    """

    path: str
    kind: FieldKind
    about: About
    required: bool
    default: object
    choices: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Path of the table that it stands in; empty at the top of the file."""
        return self.path.rpartition(".")[0]

    @property
    def key(self) -> str:
        """Its name within its table."""
        return self.path.rpartition(".")[2]


def outline_fields() -> tuple[FieldOutline, ...]:
    """Return every field, in the order of the file; a repeated table is followed by the fields of one."""
    return tuple(_outline(Cluster, ""))


def describe_table(name: str) -> str:
    """Return what a table at the top of the file is for."""
    return _about(Cluster.model_fields[name]).text


def table_model(field: FieldInfo) -> type[BaseModel] | None:
    """Return what a field holds, where that is a single table."""
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _outline(table: type[BaseModel], prefix: str) -> Iterator[FieldOutline]:
    for name, field in table.model_fields.items():
        inner = table_model(field)
        if inner is not None:
            yield from _outline(inner, f"{prefix}{name}.")
            continue
        # At the top alone: a field of a table may bear the same name, as `pools` of a registry does.
        is_repeated = not prefix and name in REPEATED
        kind = FieldKind.ROWS if is_repeated else _kind(field.annotation)
        yield FieldOutline(
            path=prefix + name,
            kind=kind,
            about=_about(field),
            required=field.is_required(),
            default=None if field.is_required() else field.get_default(),
            choices=tuple(field.annotation) if kind is FieldKind.CHOICE else (),  # type: ignore[arg-type]  # an enum
        )
        if is_repeated:
            path, model = REPEATED[name]
            yield from _outline(model, f"{path}.")


def _about(field: FieldInfo) -> About:
    return next(item for item in field.metadata if isinstance(item, About))


def _kind(annotation: object) -> FieldKind:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return FieldKind.CHOICE
    origin = typing.get_origin(annotation)
    if origin in (dict, Mapping):
        return FieldKind.MAPPING
    if origin is tuple:
        return FieldKind.LIST
    kinds: dict[object, FieldKind] = {
        bool: FieldKind.SWITCH,
        int: FieldKind.NUMBER,
        str: FieldKind.TEXT,
        dt.date: FieldKind.DATE,
    }
    return kinds[annotation]
