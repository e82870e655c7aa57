"""Tables of markup, with the look that all of them share; beside `frame_html`, whose cells are plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from fleetkit.views.colours import LINE_COLOUR

__all__ = ["grouped_table_html", "table_html"]

_CELL = f"border-bottom:1px solid {LINE_COLOUR};padding:.15em .9em .15em 0;text-align:left;vertical-align:top"


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
