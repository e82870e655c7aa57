"""The form for a cluster file as plain state: its fields, what is typed, what is wrong with it, what would be written.

It reads and writes nothing. What is legal is said by the room that loads cluster files, never a second time here.
"""

from __future__ import annotations

import datetime as dt
import difflib
import threading
import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleetkit.config import (
    FieldKind,
    FieldOutline,
    Problem,
    change_cluster_data,
    change_cluster_file,
    describe_table,
    find_cluster_problems,
    outline_fields,
)
from fleetkit.views._form_values import parse_typed, show_typed, summarize_fixed
from fleetkit.views._frames import build_frame, frame_html
from fleetkit.views.form_fields import FormField, FormGroup

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClusterForm"]

_TOP = "cluster"
_FIXED_REASONS = {
    "name": "the file is called after it: fleetkit init NAME writes another",
    "secrets": "references are kept out of pages that are recorded: edit them in the file",
}
_BY_HAND = "this form does not edit it: edit it in the file"


class ClusterForm:
    """What a person types into the form, and what follows from it; any thread may ask and tell.

    Parameters
    ----------
    text
        The cluster file, or the draft of a new one.
    file
        Where it lies or will lie.
    new
        Whether there is no such file yet.
    today
        From which the dates of waivers are judged; the present day in UTC where not given.
    """

    def __init__(self, text: str, *, file: Path, new: bool = False, today: dt.date | None = None) -> None:
        self.file, self.new = file, new
        self._today = today
        self._lock = threading.RLock()
        self.restart(text)

    def __repr__(self) -> str:
        return f"ClusterForm({self.file})"

    def restart(self, text: str) -> None:
        """Take ``text`` for what the file says now, and forget what was typed."""
        data = tomllib.loads(text)
        with self._lock:
            self.seen, self._data = text, data
            self._changes: dict[str, object] = {}
            self._removed: list[str] = []

    def take_up(self, text: str) -> None:
        """Go on from another draft of the file: what was typed stays, and what is still empty is filled in."""
        data = tomllib.loads(text)
        with self._lock:
            self.seen, self._data = text, data
            there = {path for path in (*self._changes, *self._removed) if _value(data, path) is not None}
            self._changes = {path: one for path, one in self._changes.items() if one != "" or path not in there}
            self._removed = [path for path in self._removed if path in there]

    @property
    def data(self) -> dict[str, Any]:
        """What the file would say."""
        with self._lock:
            return change_cluster_data(self._data, self._changes, remove=self._removed)

    @property
    def name(self) -> str:
        """The cluster's name, which is the file's."""
        return self.file.stem

    @property
    def is_dirty(self) -> bool:
        """Whether there is something to write."""
        return self.new or bool(self._changes or self._removed)

    @property
    def masters(self) -> tuple[str, ...]:
        """The names of the masters, in the file's order."""
        return tuple(_table(self.data, "masters"))

    def groups(self) -> tuple[FormGroup, ...]:
        """Return the fields in the file's order, one group for each table."""
        data, groups = self.data, dict[str, list[FormField]]()
        for outline in outline_fields():
            top, _, rest = outline.path.partition(".")
            if top in ("masters", "pools"):
                for name in _table(data, top) if rest else ():
                    path = f"{top}.{name}.{outline.key}"
                    groups.setdefault(f"{top}.{name}", []).append(self._field(path, outline, data))
            elif not top.endswith("[]"):
                name = outline.table or (top if outline.kind in (FieldKind.ROWS, FieldKind.MAPPING) else _TOP)
                groups.setdefault(name, []).append(self._field(outline.path, outline, data))
        return tuple(FormGroup(name=name, about=_about(name), fields=tuple(held)) for name, held in groups.items())

    def sections(self) -> dict[str, tuple[FormGroup, ...]]:
        """Return the groups by the section that shows them, in the file's order; no masters are a section too."""
        held: dict[str, tuple[FormGroup, ...]] = {}
        for group in self.groups():
            if group.section == "pools":
                held.setdefault("masters", ())
            held[group.section] = (*held.get(group.section, ()), group)
        return held

    def section_of(self, path: str) -> str:
        """Return the section that shows what is wrong at ``path``; empty where none does."""
        top = path.partition(".")[0]
        return top if not top or top in self.sections() else _TOP

    def fields(self) -> dict[str, FormField]:
        """Return path to field, in the file's order."""
        return {field.path: field for group in self.groups() for field in group.fields}

    def type_into(self, path: str, typed: str) -> None:
        """Take what is typed into a field; a field that is emptied is left out of the file, where it may be.

        Parameters
        ----------
        typed
            The text as it stands in the field; ``true`` or ``false`` for a switch.
        """
        outline = self.fields()[path].outline
        with self._lock:
            self._changes.pop(path, None)
            self._removed = [one for one in self._removed if one != path]
            there = _value(change_cluster_data(self._data, {}, remove=self._removed), path)
            if not typed.strip() and not outline.required:
                self._removed += [] if there is None else [path]
                return
            value = parse_typed(outline.kind, typed)
            untouched = there if there is not None else outline.default
            if value != (list(untouched) if isinstance(untouched, tuple) else untouched):
                self._changes[path] = value

    def add_master(self, name: str) -> None:
        """Add a master, or bring back one that was removed; its zone is the one with the fewest masters."""
        data = self.data
        zones = [str(zone) for zone in data.get("zones", ())]
        held = [one.get("zone") for one in _table(data, "masters").values() if isinstance(one, Mapping)]
        zone = min(zones, key=held.count, default="")
        with self._lock:
            self._changes |= {f"masters.{name}.zone": zone, f"masters.{name}.address": ""}

    def remove_master(self, name: str) -> None:
        """Take a master out."""
        path = f"masters.{name}"
        with self._lock:
            self._changes = {key: value for key, value in self._changes.items() if not key.startswith(f"{path}.")}
            if name in _table(self._data, "masters") and path not in self._removed:
                self._removed.append(path)

    def problems(self) -> dict[str, tuple[Problem, ...]]:
        """Return what is wrong: path of a field, or of a group, to its problems; the empty path for the rest."""
        found: dict[str, list[Problem]] = {}
        places = {*self.fields(), "masters", *(group.name for group in self.groups())}
        for problem in find_cluster_problems(self.data, file=self.file, today=self._today):
            found.setdefault(_place(problem.path, places), []).append(problem)
        return {path: tuple(problems) for path, problems in found.items()}

    def text(self) -> str:
        """Return the file as it would be written, with all of its comments.

        Raises
        ------
        ClusterFileError
            When the file is written in a way in which this cannot be done without harm.
        """
        with self._lock:
            return change_cluster_file(self.seen, self._changes, remove=self._removed)

    def difference(self) -> str:
        """Return what would be written as a unified diff; empty when nothing would."""
        before = "" if self.new else self.seen
        lines = difflib.unified_diff(
            before.splitlines(),
            self.text().splitlines(),
            self.file.name,
            self.file.name,
            "before",
            "after",
            n=1,
            lineterm="",
        )
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each field: ``field``, ``value``, ``what it is``."""
        rows = [
            (field.path, field.value or field.default, field.outline.about.text) for field in self.fields().values()
        ]
        return build_frame(
            rows,
            [("field", lambda row: row[0]), ("value", lambda row: row[1]), ("what it is", lambda row: row[2])],
        )

    def _repr_html_(self) -> str:
        return frame_html(self.to_frame())

    def _field(self, path: str, outline: FieldOutline, data: Mapping[str, Any]) -> FormField:
        value = _value(data, path)
        fixed = _FIXED_REASONS.get(path, "")
        if not fixed and outline.kind in (FieldKind.ROWS, FieldKind.MAPPING, FieldKind.DATE):
            fixed = _BY_HAND
        default = show_typed(outline.default)
        if outline.kind in (FieldKind.ROWS, FieldKind.MAPPING):
            shown = summarize_fixed(path, value if value is not None else outline.default)
        elif outline.kind in (FieldKind.SWITCH, FieldKind.CHOICE):
            shown = show_typed(value) or default
        else:
            shown = show_typed(value)
        return FormField(path=path, outline=outline, value=shown, default=default, fixed=fixed)


def _about(group: str) -> str:
    return (
        "What the cluster is called, where it lies, and who may reach it"
        if group == _TOP
        else describe_table(group.partition(".")[0])
    )


def _place(path: str, places: Container[str]) -> str:
    """Return the nearest place of the form that a problem can be shown at."""
    bare = path.partition("[")[0]
    while bare and bare not in places:
        bare = bare.rpartition(".")[0]
    return bare


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _value(data: Mapping[str, Any], path: str) -> Any:
    found: Any = data
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
