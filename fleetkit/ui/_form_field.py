"""One field of the form: what it is called, where its value is typed, what it is for, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import ipywidgets as widgets

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
        self._offers = _parts.html()
        self._choose = widgets.Dropdown(
            options=[_CHOOSE],
            description="from AWS",
            style={"description_width": "5em"},
            layout=widgets.Layout(width="15em", display="none"),
        )
        self._choose.observe(self._choose_one, names="value")
        self.control = self._make_control()
        below = [] if compact else [_parts.html(self._help()), self._offers]
        self.widget = widgets.VBox(
            [_parts.row(self.control, self._choose), *([] if compact else [self.error]), *below],
            layout=widgets.Layout(margin="2px 0 6px 0"),
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
        if offers.unknown:
            self._offers.value = _soft(f"? not found out: {escape(offers.unknown)}")
            return
        values = [offer.value for offer in offers.options]
        if isinstance(self.control, widgets.Combobox):
            self.control.options = values
        elif self._field.outline.kind is FieldKind.LIST:
            self._choose.options = [_CHOOSE, *values]
            self._choose.layout.display = "" if values else "none"
        about = [f"{offer.value} ({offer.about})" for offer in offers.options if offer.about]
        self._offers.value = _soft(f"AWS has {escape(', '.join(about))}") if about else ""

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
        if field.fixed:
            return widgets.HTML(
                _fixed_html(field),
                description=self._name,
                style={"description_width": self._label},
                layout=widgets.Layout(width=self._width),
            )
        options = {
            "description": self._name,
            "style": {"description_width": self._label},
            "layout": widgets.Layout(width=self._width),
        }
        if kind is FieldKind.SWITCH:
            control = widgets.Checkbox(value=field.value == "true", **options, indent=True)
        elif kind is FieldKind.CHOICE and field.value in field.outline.choices:
            control = widgets.Dropdown(options=list(field.outline.choices), value=field.value, **options)
        elif kind is FieldKind.TEXT:
            control = widgets.Combobox(value=field.value, placeholder=field.default, ensure_option=False, **options)
        else:
            control = widgets.Text(value=field.value, placeholder=field.default, **options)
        control.observe(self._tell, names="value")
        return control

    def _tell(self, change: dict[str, object]) -> None:
        value = change["new"]
        if not self._is_told:
            return
        self._typed(self.path, str(value).lower() if isinstance(value, bool) else str(value))

    def _choose_one(self, change: dict[str, object]) -> None:
        if change["new"] == _CHOOSE:
            return
        before = self.control.value.strip().rstrip(",")
        self.control.value = f"{before}, {change['new']}" if before else str(change["new"])
        self._choose.value = _CHOOSE

    def _help(self) -> str:
        about = self._field.outline.about
        if self._field.fixed:
            return _soft(f"{escape(about.text)}. <em>Not edited here</em>: {escape(self._field.fixed)}.")
        return _soft(f"{escape(about.text)}. Legal: {escape(about.legal)}.")


def _fixed_html(field: FormField) -> str:
    return escape(field.value).replace("\n", "<br>") or "<em>none</em>"


def _soft(markup: str) -> str:
    return (
        f'<div style="margin-left:calc({_LABEL} + 4px);line-height:1.3;overflow-wrap:anywhere">'
        f'<span style="font-size:.9em;color:{_parts.SOFT_COLOUR}">{markup}</span></div>'
    )
