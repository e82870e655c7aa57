"""The masters of the form: a row each, one more, one less."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

import ipywidgets as widgets

from fleetkit.config import outline_fields
from fleetkit.ui import _parts
from fleetkit.ui._form_field import FieldRow
from fleetkit.views import ClusterForm

__all__ = ["MasterRows"]


class MasterRows:
    """The widgets of the masters.

    Parameters
    ----------
    form
        The form as state.
    make_row
        Makes the widgets of the field at a path.
    changed
        Called when a master has been added or removed.
    """

    def __init__(self, form: ClusterForm, *, make_row: Callable[[str], FieldRow], changed: Callable[[], None]) -> None:
        self._form, self._make_row, self._changed = form, make_row, changed
        self._name = widgets.Text(description="name", layout=widgets.Layout(width="16em"))
        self._add = _parts.button("Add a master", self._add_one)
        self._rows: dict[str, widgets.Widget] = {}
        self._box = widgets.VBox([])
        self.widget = widgets.VBox([_parts.html(self._help()), self._box, _parts.row(self._name, self._add)])
        self.arrange()

    def _add_one(self) -> None:
        name = self._name.value.strip()
        # What is no name at all cannot be shown as a table; any other one is judged like all that is typed.
        if name and "." not in name and name not in self._form.masters:
            self._form.add_master(name)
            self.arrange()
            self._changed()

    def _remove(self, name: str) -> None:
        self._form.remove_master(name)
        self.arrange()
        self._changed()

    def arrange(self) -> None:
        """Show the masters that there are by now."""
        names = self._form.masters
        self._rows = {name: self._rows.get(name) or self._make(name) for name in names}
        self._box.children = list(self._rows.values())
        self._name.value = next(name for number in range(1, 99) if (name := f"etcd{number}") not in names)

    def _make(self, name: str) -> widgets.Widget:
        remove = _parts.button(f"Remove {name}", partial(self._remove, name))
        paths = [path for path in self._form.fields() if path.startswith(f"masters.{name}.")]
        fields = [self._make_row(path) for path in paths]
        line = _parts.row(*(field.widget for field in fields), remove)
        return widgets.VBox([line, *(field.error for field in fields)])

    def _help(self) -> str:
        """Return what the fields of a master are for, once for all of them."""
        abouts = [outline for outline in outline_fields() if outline.path.startswith("masters.NAME.")]
        words = " ".join(
            f"{escape(one.key)}: {escape(one.about.text)}. Legal: {escape(one.about.legal)}." for one in abouts
        )
        return f'<span style="font-size:.9em;color:{_parts.SOFT_COLOUR}">{words}</span>'
