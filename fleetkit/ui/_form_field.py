"""One field of the form: what it is called, where its value is typed, what it is for, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets
from ipywidgets.widgets.widget_bool import CheckboxStyle
from ipywidgets.widgets.widget_description import DescriptionStyle
from ipywidgets.widgets.widget_string import HTMLStyle, TextStyle

from fleetkit.config import FieldKind, Problem
from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.views import FormField, Offers

__all__ = ["FieldRow", "problems_html"]

_LABEL = "15em"
_WIDE = "46em"
_CHOOSE = "add …"


def problems_html(problems: Sequence[Problem]) -> str:
    """Return what is wrong as markup, with a sign and a word beside the colour; empty where nothing is."""
    lines = [
        f"{_parts.badge_html('not legal', Tone.BAD)} {escape(problem.seen)}; legal: {escape(problem.legal)}"
        for problem in problems
    ]
    return "".join(f'<div role="alert" style="margin:0 0 .2em calc({_LABEL} + 4px)">{line}</div>' for line in lines)


class FieldRow:
    """The widgets of one field.

    Parameters
    ----------
    field
        The field, with the value that it shows first.
    typed
        Told the path and the text whenever a person types or chooses.
    compact
        Whether it shares its line with others; what it is for is said elsewhere then.
    """

    def __init__(self, field: FormField, typed: Callable[[str, str], None], *, compact: bool = False) -> None:
        self.path, self._field, self._typed = field.path, field, typed
        self._is_told = True
        self._label, self._width = ("8em", "23em") if compact else (_LABEL, _WIDE)
        # Where several lines look alike, each of their fields is told from the others by its own name.
        self._name = " ".join(field.path.split(".")[1:]) if compact else field.label
        self.error = _parts.html()
        self.control = self._make_control()
        self._choose = self._make_choice() if field.outline.kind is FieldKind.LIST and not field.fixed else None
        line = [self.control] if self._choose is None else [_parts.row(self.control, self._choose)]
        self._about = _parts.html("" if compact else self._help())
        self.widget = widgets.VBox(
            [*line, *([] if compact else [self.error, self._about])],
            layout=_parts.shared(widgets.Layout, margin="2px 0 6px 0"),
        )

    @property
    def outline_path(self) -> str:
        """The field's path as the schema writes it, by which what AWS has is told."""
        return self._field.outline.path

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Say under the field what is wrong with it."""
        markup = problems_html(problems)
        if self.error.value != markup:
            self.error.value = markup

    def show_offers(self, offers: Offers) -> None:
        """Offer what AWS has, or say why that or the value itself could not be found out."""
        self._about.value = self._help() + self._offers_html(offers)
        values = [] if offers.unknown else [offer.value for offer in offers.options]
        if isinstance(self.control, widgets.Combobox):
            self.control.options = values
        elif self._choose is not None:
            self._choose.options = [_CHOOSE, *values]
            self._choose.layout = _choice_layout(is_shown=bool(values))

    def _offers_html(self, offers: Offers) -> str:
        if offers.unknown:
            return _soft(f"? not found out: {escape(offers.unknown)}")
        about = [f"{offer.value} ({offer.about})" for offer in offers.options if offer.about]
        return _soft(f"AWS has {escape(', '.join(about))}") if about else ""

    def set(self, value: str) -> None:
        """Put a value into the field, as if it were typed."""
        self.control.value = value

    def follow(self, field: FormField) -> None:
        """Show what the file says by now; nobody has typed that."""
        self._field, self._is_told = field, False
        if isinstance(self.control, widgets.Checkbox):
            self.control.value = field.value == "true"
        elif isinstance(self.control, widgets.HTML):
            self.control.value = _fixed_html(field)
        elif not isinstance(self.control, widgets.Dropdown) or field.value in self.control.options:
            self.control.value = field.value
        self._is_told = True

    def _make_control(self) -> widgets.Widget:
        field, kind = self._field, self._field.outline.kind

        def look(style: type[DescriptionStyle]) -> dict[str, object]:
            return {
                "description": self._name,
                "style": _parts.shared(style, description_width=self._label),
                "layout": _parts.shared(widgets.Layout, width=self._width),
            }

        if field.fixed:
            return widgets.HTML(_fixed_html(field), **look(HTMLStyle))
        if kind is FieldKind.SWITCH:
            control = widgets.Checkbox(value=field.value == "true", **look(CheckboxStyle), indent=True)
        elif kind is FieldKind.CHOICE and field.value in field.outline.choices:
            options = list(field.outline.choices)
            control = widgets.Dropdown(options=options, value=field.value, **look(DescriptionStyle))
        else:
            hint, style = {"value": field.value, "placeholder": field.default}, look(TextStyle)
            is_free = kind is not FieldKind.TEXT
            control = (
                widgets.Text(**hint, **style) if is_free else widgets.Combobox(**hint, **style, ensure_option=False)
            )
        control.observe(self._tell, names="value")
        return control

    def _make_choice(self) -> widgets.Dropdown:
        made = widgets.Dropdown(
            options=[_CHOOSE],
            description="from AWS",
            style=_parts.shared(DescriptionStyle, description_width="5em"),
            layout=_choice_layout(is_shown=False),
        )
        made.observe(self._choose_one, names="value")
        return made

    def _tell(self, change: dict[str, object]) -> None:
        value = change["new"]
        if not self._is_told:
            return
        self._typed(self.path, str(value).lower() if isinstance(value, bool) else str(value))

    def _choose_one(self, change: dict[str, Any]) -> None:
        if change["new"] == _CHOOSE:
            return
        before = self.control.value.strip().rstrip(",")
        self.control.value = f"{before}, {change['new']}" if before else str(change["new"])
        change["owner"].value = _CHOOSE

    def _help(self) -> str:
        about = self._field.outline.about
        if self._field.fixed:
            return _soft(f"{escape(about.text)}. <em>Not edited here</em>: {escape(self._field.fixed)}.")
        return _soft(f"{escape(about.text)}. Legal: {escape(about.legal)}.")


def _choice_layout(*, is_shown: bool) -> widgets.Layout:
    return _parts.shared(widgets.Layout, width="15em", display="" if is_shown else "none")


def _fixed_html(field: FormField) -> str:
    return escape(field.value).replace("\n", "<br>") or "<em>none</em>"


def _soft(markup: str) -> str:
    return (
        f'<div style="margin-left:calc({_LABEL} + 4px);line-height:1.3;overflow-wrap:anywhere">'
        f'<span style="font-size:.9em;color:{_parts.SOFT_COLOUR}">{markup}</span></div>'
    )
