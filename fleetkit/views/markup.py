"""Tables and badges of markup, with the look that all of them share; beside `frame_html`, whose cells are plain."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from html import escape

from fleetkit.views.colours import BAD_COLOUR, BUSY_COLOUR, CARE_COLOUR, GOOD_COLOUR, LINE_COLOUR, SOFT_COLOUR

__all__ = ["Tone", "badge_html", "grouped_table_html", "lines_html", "table_html"]

_CELL = f"border-bottom:1px solid {LINE_COLOUR};padding:.15em .9em .15em 0;text-align:left;vertical-align:top"


class Tone(enum.Enum):
    """What a colour says, with the sign that says it too."""

    GOOD = ("✓", GOOD_COLOUR)
    CARE = ("!", CARE_COLOUR)
    BAD = ("✗", BAD_COLOUR)
    BUSY = ("…", BUSY_COLOUR)
    QUIET = ("○", SOFT_COLOUR)

    @property
    def sign(self) -> str:
        """The sign."""
        return self.value[0]

    @property
    def colour(self) -> str:
        """The colour, as CSS."""
        return self.value[1]


def badge_html(word: str, tone: Tone) -> str:
    """Return a word in a frame, with the sign and the colour of its tone."""
    return (
        f'<span style="display:inline-block;padding:0 .5em;border:1px solid {tone.colour};border-radius:.7em;'
        f'color:{tone.colour};font-weight:600;white-space:nowrap">{tone.sign} {escape(word)}</span>'
    )


def lines_html(text: str) -> str:
    """Return plain lines as they are, wrapped between words where they are too long to be seen whole.

    JupyterLab's own rule for such a block breaks them inside of words.
    """
    style = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
    return f'<pre tabindex="0" style="{style}">{escape(text)}</pre>'


def table_html(headings: Sequence[str], rows: Iterable[Sequence[str]], *, label: str) -> str:
    """Return a table whose cells are markup already.

    Parameters
    ----------
    headings
        Plain text.
    rows
        Markup, one text for each heading.
    label
        What the table shows, for those who cannot see it.
    """
    return grouped_table_html(headings, [("", rows)], label=label)


def grouped_table_html(
    headings: Sequence[str], groups: Iterable[tuple[str, Iterable[Sequence[str]]]], *, label: str
) -> str:
    """Return a table whose rows stand in groups.

    Parameters
    ----------
    groups
        What stands above the rows of each, as markup, and the rows.
    headings, label
        As for `table_html`.
    """
    head = "".join(f'<th scope="col" style="{_CELL};white-space:nowrap">{escape(one)}</th>' for one in headings)
    body = "".join(_group_html(title, rows, width=len(headings)) for title, rows in groups)
    return (
        f'<table aria-label="{escape(label)}" style="border-collapse:collapse;line-height:1.45;font-size:.95em">'
        f"<thead><tr>{head}</tr></thead>{body}</table>"
    )


def _group_html(title: str, rows: Iterable[Sequence[str]], *, width: int) -> str:
    over = f'<tr><th colspan="{width}" scope="rowgroup" style="{_CELL};padding-top:.6em">{title}</th></tr>'
    lines = "".join("<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>" for cells in rows)
    return f"<tbody>{over if title else ''}{lines}</tbody>"
