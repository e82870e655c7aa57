"""Twins of widgets in the executed notebook itself, for whoever opens it where widgets are not known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from fleetkit.runs.report._outputs import WIDGET_VIEW
from fleetkit.runs.report._widgets import WIDGET_STATES, render_widget, states_of

__all__ = ["UNRECORDED", "add_twins", "forget_unrecorded", "text_of"]

UNRECORDED = "fleetkit-unrecorded"
"""The CSS class of a widget whose value is for the person before it alone, and comes into no record."""

_NOT_KEPT = "[not kept in the record]"

_BLOCK_NAMES = "br dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre section summary table tr ul"
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_CELLS = frozenset({"td", "th"})


def add_twins(notebook: Any) -> None:
    """Put beside each view of a widget what the widget showed last, as HTML and as text.

    A front end that knows widgets and has their states prefers the view; any other shows the twin.

    Parameters
    ----------
    notebook
        The executed notebook, redacted; it is changed in place.
    """
    widgets = states_of(notebook)
    for data in _views(notebook):
        model = data[WIDGET_VIEW].get("model_id", "")
        if model in widgets:
            markup = render_widget(model, widgets)
            data["text/html"], data["text/plain"] = markup, text_of(markup)


def forget_unrecorded(notebook: Any) -> None:
    """Drop from the states of widgets what is for nobody but the kernel, or the person before it.

    That is what was typed into password fields, and the values of widgets of the class `UNRECORDED`.

    Parameters
    ----------
    notebook
        The executed notebook; it is changed in place.
    """
    states = notebook.get("metadata", {}).get("widgets", {}).get(WIDGET_STATES, {}).get("state", {})
    for entry in states.values():
        if entry.get("model_name") == "PasswordModel":
            entry["state"]["value"] = ""
        elif UNRECORDED in entry.get("state", {}).get("_dom_classes", ()) and entry["state"].get("value"):
            entry["state"]["value"] = _NOT_KEPT


def _views(notebook: Any) -> Iterator[Any]:
    for cell in notebook.get("cells", ()):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if isinstance(data.get(WIDGET_VIEW), Mapping):
                yield data


def text_of(markup: str) -> str:
    """Return the words of HTML, one line for each block or row of a table."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    """Collects text, with a break where a browser would make one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.parts.append(f"[{dict(attrs).get('alt') or 'picture'}]")
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._break(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append("  ")
