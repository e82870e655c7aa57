"""What all pictures stand on: a light card with dark text, which reads the same on a light and on a dark page."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CARD", "EDGE", "TEXT", "finish_picture", "new_figure", "write_words"]

CARD = "#ffffff"
TEXT = "#1f2328"
EDGE = "#57606a"
_WIDTH_INCHES = 6.4


def new_figure(*, inches: float) -> tuple[Figure, Axes]:
    """Return an empty picture of that height, and the place to draw on."""
    # Figure alone: pyplot would keep every picture of the process, and choose a screen to draw on.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_INCHES, inches), facecolor=CARD, layout="constrained")
    return figure, figure.add_subplot()


def write_words(axes: Axes, x: float, y: float, text: str, *, ha: str) -> None:
    """Write plain words into a picture."""
    # A patch of card behind the words, because hatching makes them hard to read.
    card = {"facecolor": CARD, "edgecolor": "none", "pad": 1.2}
    # A name with two dollar signs is no formula.
    axes.text(x, y, text, ha=ha, va="center", color=TEXT, fontsize=9, parse_math=False, bbox=card)


def finish_picture(figure: Figure, title: str) -> str:
    """Return the picture as SVG text, with its title for readers aloud."""
    import matplotlib as mpl

    figure.suptitle(title, color=TEXT, fontsize=10, parse_math=False)
    page = io.StringIO()
    # Letters stay letters, for readers aloud and for searching; the same picture gives the same text.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "fleetkit", "font.family": "sans-serif"}):
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    drawing = page.getvalue()
    label = html.escape(title, quote=True)
    drawing = drawing[drawing.index("<svg") :]
    return drawing.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
