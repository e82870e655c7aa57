"""Tables in boxes of their own: a wide one scrolls in its box, and neither it nor the page is cut off."""

from __future__ import annotations

__all__ = ["box_tables"]

# The style stands at the box itself, for the twins in a notebook, where there is no style sheet of ours.
_OPENING = '<div class="table" tabindex="0" style="overflow-x:auto">'


def box_tables(markup: str) -> str:
    """Return ``markup`` with each of its tables in a box that can be scrolled, by keyboard too.

    Parameters
    ----------
    markup
        Rebuilt by `sanitize_html`: well nested, and each ``<`` in it begins or ends an element.
    """
    return markup.replace("<table", f"{_OPENING}<table").replace("</table>", "</table></div>")
