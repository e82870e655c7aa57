"""The changes of a plan as markup: a table by module, each change with its sign and its word beside the colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from fleetkit.terraform import Action
from fleetkit.views import colours
from fleetkit.views.markup import grouped_table_html, table_html
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
    modules: dict[str, list[PlanRow]] = {}
    for row in rows:
        modules.setdefault(row.module, []).append(row)
    groups = [
        (f"{escape(module)} &nbsp; {counts_html(held)}", [_cells_of(row, in_full=in_full) for row in held])
        for module, held in modules.items()
    ]
    return grouped_table_html(("what happens", "resource", "why"), groups, label="changes of the plan")


def attributes_html(row: PlanRow) -> str:
    """Return what differs in one change as a table of before and after."""
    rows = [
        (
            f"<code>{escape(one.path)}</code>",
            escape(show_value(one.before)),
            escape(show_value(one.after)),
            alarm_html("forces replacement") if one.forces_replacement else "",
        )
        for one in row.attributes
    ]
    return table_html(("attribute", "before", "after", ""), rows, label=f"before and after of {row.address}")


def _cells_of(row: PlanRow, *, in_full: bool) -> tuple[str, str, str]:
    alarm = alarm_html(f"{row.alarm} a master") if row.alarm else ""
    why = " ".join(filter(None, (alarm, escape(row.why))))
    if in_full and row.attributes and row.action in _CHANGED:
        why += f"<details><summary>before and after</summary>{attributes_html(row)}</details>"
    return _action_html(row.sign, row.action, row.action), f"<code>{escape(row.address)}</code>", why


def _action_html(sign: str, words: str, action: str) -> str:
    colour = colour_of_action(action)
    return f'<span style="color:{colour};white-space:nowrap"><strong>{escape(sign)}</strong> {escape(words)}</span>'
