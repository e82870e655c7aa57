"""The reference page of the cluster file, out of the schema; a test holds ``docs/cluster-file.md`` to it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from fleetkit.config.fields import About
from fleetkit.config.schema import Cluster, Master, Pool
from fleetkit.config.tables import Waiver
from fleetkit.config.writing import show_default

__all__ = ["render_reference_page"]

_INNER: dict[str, tuple[str, type[BaseModel]]] = {
    "masters": ("masters.NAME", Master),
    "pools": ("pools.NAME", Pool),
    "waivers": ("waivers[]", Waiver),
}


def render_reference_page() -> str:
    """Return the table of every field: its path, default, purpose and what is legal, in Markdown."""
    lines = ["| field | default | what it is | legal |", "|---|---|---|---|"]
    return "\n".join([*lines, *_rows(Cluster, "")]) + "\n"


def _rows(table: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in table.model_fields.items():
        about = next(item for item in field.metadata if isinstance(item, About))
        inner = field.annotation
        if name in _INNER:
            yield _row(prefix + name, "required" if field.is_required() else "none", about)
            path, model = _INNER[name]
            yield from _rows(model, f"{path}.")
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _rows(inner, f"{prefix}{name}.")
        else:
            yield _row(prefix + name, "required" if field.is_required() else f"`{show_default(field)}`", about)


def _row(path: str, default: str, about: About) -> str:
    return f"| `{path}` | {default} | {about.text} | {about.legal} |"
