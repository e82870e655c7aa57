"""The reference page of the cluster file, out of the schema; a test holds ``docs/cluster-file.md`` to it."""

from __future__ import annotations

from fleetkit.config.outline import FieldKind, FieldOutline, outline_fields
from fleetkit.config.writing import toml_of

__all__ = ["render_reference_page"]


def render_reference_page() -> str:
    """Return the table of every field: its path, default, purpose and what is legal, in Markdown."""
    lines = ["| field | default | what it is | legal |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_row, outline_fields())]) + "\n"


def _row(field: FieldOutline) -> str:
    if field.required:
        default = "required"
    else:
        default = "none" if field.kind is FieldKind.ROWS else f"`{toml_of(field.default)}`"
    return f"| `{field.path}` | {default} | {field.about.text} | {field.about.legal} |"
