"""The look that all widgets share: cards, badges, buttons, and how an error is shown.

Colours are JupyterLab's own, so that they follow its theme; in a report, where there is no JupyterLab, the report's.
No colour stands alone: a badge has a sign and a word too.
Only widgets that a record can show without a script are used: boxes, HTML, buttons, fields, bars.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TypeVar

import ipywidgets as widgets
from ipywidgets.widgets.widget_string import HTMLStyle

from fleetkit.core import FleetkitError
from fleetkit.runs import UNRECORDED
from fleetkit.views import Tone, badge_html
from fleetkit.views.colours import LINE_COLOUR, SOFT_COLOUR

__all__ = [
    "BORDER",
    "LINE_COLOUR",
    "SOFT_COLOUR",
    "Tone",
    "alert_html",
    "badge_html",
    "box_html",
    "button",
    "card",
    "html",
    "problem_html",
    "row",
    "shared",
    "unrecorded_html",
]

W = TypeVar("W", bound=widgets.Widget)

BORDER = f"1px solid {LINE_COLOUR}"


_shared: dict[object, widgets.Widget] = {}


def shared(kind: type[W], **values: str | None) -> W:
    """Return a layout or a style that all who ask for these values have in common; whoever wants another asks again.

    A kernel tells the page of each layout and style in a message of its own, of which it drops what exceeds a thousand
    while the page's server is slow; a widget that lacks one of its parts is then not shown at all.
    """
    key = (kind, tuple(sorted(values.items())))
    made = _shared.get(key)
    # One that was closed has no way to the page any more.
    if isinstance(made, kind) and made.comm is not None:
        return made
    new: W = kind(**values)
    _shared[key] = new
    new.observe(_refuse, new.keys)
    return new


def _refuse(change: dict[str, object]) -> None:
    raise AttributeError(f"{change['name']} of a look that is shared is never changed: give the widget another look")


def html(value: str = "") -> widgets.HTML:
    """Return a widget of markup, which takes no room while it is empty."""

    def layout(value: str) -> widgets.Layout:
        return shared(widgets.Layout, width="auto", margin="2px 0", display=None if value else "none")

    made = widgets.HTML(value, layout=layout(value), style=shared(HTMLStyle))
    made.observe(lambda change: setattr(made, "layout", layout(change["new"])), "value")
    return made


def unrecorded_html() -> widgets.HTML:
    """Return a widget of markup whose value comes into no record."""
    made = html()
    made.add_class(UNRECORDED)
    return made


def box_html(markup: str, *, tone: Tone | None = None) -> str:
    """Return markup as a block of prose, with a bar at its left where it has a tone."""
    edge = "" if tone is None else f"border-left:4px solid {tone.colour};padding-left:.7em;"
    return f'<div style="line-height:1.45;overflow-wrap:anywhere;{edge}">{markup}</div>'


def problem_html(error: BaseException) -> str:
    """Return an error as a person needs it: what failed, what was seen, what to do next."""
    if not isinstance(error, FleetkitError):
        words = f"{type(error).__name__}: {error}"
        return alert_html(f"{badge_html('failed', Tone.BAD)} a defect: {_lines(words)}")
    parts = [f"<strong>{_lines(error.what)}</strong>"]
    parts += [f"seen: {_lines(error.seen)}"] if error.seen else []
    parts += [f"next: {_lines(error.hint)}"] if error.hint else []
    return alert_html("<br>".join(parts))


def button(label: str, press: Callable[[], None], *, style: str = "", tooltip: str = "") -> widgets.Button:
    """Return a button that calls ``press``.

    Parameters
    ----------
    style
        ``primary`` for what leads on, ``danger`` for what cannot be undone; a plain one else.
    tooltip
        More words than fit on it.
    """
    made = widgets.Button(
        description=label,
        button_style=style,
        tooltip=tooltip or label,
        layout=shared(widgets.Layout, width="auto"),
        style=shared(widgets.ButtonStyle),
    )
    made.on_click(lambda _button: press())
    return made


def row(*children: widgets.Widget) -> widgets.HBox:
    """Return widgets side by side, on several lines where they do not fit on one."""
    layout = shared(widgets.Layout, flex_flow="row wrap", align_items="center", margin="2px 0")
    return widgets.HBox(list(children), layout=layout)


def card(*children: widgets.Widget) -> widgets.VBox:
    """Return widgets below each other in a frame."""
    return widgets.VBox(
        list(children),
        layout=widgets.Layout(border=BORDER, padding="8px 12px", margin="4px 0", overflow="auto", max_width="1100px"),
    )


def alert_html(markup: str) -> str:
    """Return what readers aloud tell at once, whatever they are at."""
    return f'<div role="alert">{box_html(markup, tone=Tone.BAD)}</div>'


def _lines(text: str) -> str:
    return escape(text.strip()).replace("\n", "<br>")
