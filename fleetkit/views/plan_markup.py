"""The changes of a plan as markup: a table by module, each change with its sign and its word beside the colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from fleetkit.terraform import Action
from fleetkit.views import colours
from fleetkit.views.plan_values import show_value

if TYPE_CHECKING:
    from fleetkit.views.plan import PlanRow

__all__ = ["alarm_html", "attributes_html", "changes_html", "colour_of_action", "counts_html"]

_COLOURS = {
    Action.CREATE: colours.GOOD_COLOUR,
    Action.UPDATE: colours.CARE_COLOUR,
    Action.REPLACE: colours.BAD_COLOUR,
    Action.DELETE: colours.BAD_COLOUR,
    Action.FORGET: colours.CARE_COLOUR,
}
_CHANGED = (Action.UPDATE, Action.REPLACE)
"""Of these, before and after both say something."""

_EDGE = f"border-bottom:1px solid {colours.LINE_COLOUR};padding:.15em .9em .15em 0;text-align:left;vertical-align:top"
_TABLE = "border-collapse:collapse;line-height:1.45;font-size:.95em"


def colour_of_action(action: str) -> str:
    """Return the colour of an action, as CSS; the soft one where nothing happens."""
    return next((colour for known, colour in _COLOURS.items() if known == action), colours.SOFT_COLOUR)


def alarm_html(words: str) -> str:
    """Return an alarm in red, with a sign that says so too."""
    return f'<strong style="color:{colours.BAD_COLOUR}">✗ {escape(words)}</strong>'


def counts_html(rows: Iterable[PlanRow]) -> str:
    """Return how many rows there are of each action."""
    counts = Counter((row.sign, row.action) for row in rows)
    return " &nbsp; ".join(
        _action_html(sign, f"{count} to {action}", action) for (sign, action), count in counts.items()
    )


def changes_html(rows: Sequence[PlanRow], *, in_full: bool = False) -> str:
    """Return a table of changes, by module; modules and rows keep the order in which they come.

    Parameters
    ----------
    in_full
        Whether what is changed or replaced shows its attributes before and after, folded away.
    """
    modules = dict.fromkeys(row.module for row in rows)
    body = "".join(_module_html([row for row in rows if row.module == module], in_full=in_full) for module in modules)
    head = _heads_html("what happens", "resource", "why")
    return f'<table aria-label="changes of the plan" style="{_TABLE}"><thead>{head}</thead>{body}</table>'


def attributes_html(row: PlanRow) -> str:
    """Return what differs in one change as a table of before and after."""
    head = _heads_html("attribute", "before", "after", "")
    cells = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_EDGE}">{cell}</td>'
            for cell in (
                f"<code>{escape(one.path)}</code>",
                escape(show_value(one.before)),
                escape(show_value(one.after)),
                alarm_html("forces replacement") if one.forces_replacement else "",
            )
        )
        + "</tr>"
        for one in row.attributes
    )
    label = escape(f"before and after of {row.address}")
    return f'<table aria-label="{label}" style="{_TABLE}"><thead>{head}</thead><tbody>{cells}</tbody></table>'


def _heads_html(*names: str) -> str:
    cells = "".join(f'<th scope="col" style="{_EDGE};white-space:nowrap">{name}</th>' for name in names)
    return f"<tr>{cells}</tr>"


def _module_html(rows: Sequence[PlanRow], *, in_full: bool) -> str:
    name = f'<th colspan="3" scope="rowgroup" style="{_EDGE};padding-top:.6em">'
    name += f"{escape(rows[0].module)} &nbsp; {counts_html(rows)}</th>"
    return f"<tbody><tr>{name}</tr>{''.join(_row_html(row, in_full=in_full) for row in rows)}</tbody>"


def _row_html(row: PlanRow, *, in_full: bool) -> str:
    alarm = alarm_html(f"{row.alarm} a master") if row.alarm else ""
    why = " ".join(filter(None, (alarm, escape(row.why))))
    if in_full and row.attributes and row.action in _CHANGED:
        why += f"<details><summary>before and after</summary>{attributes_html(row)}</details>"
    cells = (_action_html(row.sign, row.action, row.action), f"<code>{escape(row.address)}</code>", why)
    return "<tr>" + "".join(f'<td style="{_EDGE}">{cell}</td>' for cell in cells) + "</tr>"


def _action_html(sign: str, words: str, action: str) -> str:
    colour = colour_of_action(action)
    return f'<span style="color:{colour};white-space:nowrap"><strong>{escape(sign)}</strong> {escape(words)}</span>'
