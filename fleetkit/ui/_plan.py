"""The plan's card: counts, alarms, a table to filter and search, one change in full, and the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.ui import _parts
from fleetkit.ui._approve import Planned
from fleetkit.ui._step import StepCard
from fleetkit.views import (
    PlanRow,
    PlanView,
    StepState,
    alarm_html,
    attributes_html,
    changes_html,
    counts_html,
    lines_html,
)

__all__ = ["DrawnPlan", "PlanCard", "PlanPanel"]

_ALL = "all"
_NONE = ""
_HEIGHT = "22em"
_FEW_LINES = 8


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrawnPlan:
    """A plan with its picture; ``picture`` is markup, or says why there is none."""

    planned: Planned
    picture: str

    def __repr__(self) -> str:
        return str(self.planned)

    def _repr_html_(self) -> str:
        return f"{self.planned._repr_html_()}{self.picture}"


class PlanPanel:
    """Shows a plan, and lets a person look through it."""

    def __init__(self) -> None:
        self._view = PlanView(rows=(), outputs=())
        self._summary, self._table, self._detail, self._picture = (_parts.html() for _ in range(4))
        self._action = _choice("Action", self._draw_table)
        self._module = _choice("Module", self._draw_table)
        self._search = widgets.Text(description="Search", placeholder="part of an address")
        self._search.observe(lambda _change: self._draw_table(), "value")
        self._chosen = _choice("Change", self._draw_detail, width="44em")
        choices = _parts.row(self._action, self._module, self._search)
        self._changes = widgets.VBox([choices, self._table, self._chosen, self._detail])
        self.widget = widgets.VBox([self._summary, self._changes, self._picture])
        self.widget.layout.display = "none"

    def clear(self) -> None:
        """Show nothing."""
        self.widget.layout.display = "none"

    def show(self, drawn: DrawnPlan) -> None:
        """Show another plan."""
        view = self._view = drawn.planned.view
        self._summary.value = _parts.box_html(_summary_html(drawn.planned))
        for field, names in ((self._action, [row.action for row in view.rows]), (self._module, _modules(view))):
            field.options, field.value = [_ALL, *dict.fromkeys(names)], _ALL
        self._search.value = ""
        choices = [(f"{row.sign} {row.address}", row.address) for row in view.rows]
        self._chosen.options, self._chosen.value = [("choose a change to see it in full", _NONE), *choices], _NONE
        self._changes.layout.display = None if view.rows else "none"
        self._draw_table()
        self._draw_detail()
        self._picture.value = drawn.picture
        self.widget.layout.display = None

    def _draw_table(self) -> None:
        shown = [row for row in self._view.rows if self._is_wanted(row)]
        words = f"{len(shown)} of {len(self._view.rows)} changes"
        self._table.value = _parts.box_html(
            f'{words}<div tabindex="0" role="region" aria-label="changes" '
            f'style="max-height:{_HEIGHT};overflow:auto">{changes_html(shown)}</div>'
        )

    def _is_wanted(self, row: PlanRow) -> bool:
        return (
            self._action.value in (_ALL, row.action)
            and self._module.value in (_ALL, row.module)
            and self._search.value.strip().lower() in row.address.lower()
        )

    def _draw_detail(self) -> None:
        row = next((row for row in self._view.rows if row.address == self._chosen.value), None)
        if row is None:
            self._detail.value = ""
            return
        self._detail.value = _parts.box_html(
            f"{counts_html([row])} <code>{escape(row.address)}</code>{attributes_html(row)}"
        )


class PlanCard(StepCard):
    """Shows the plan."""

    def _after(self) -> tuple[widgets.Widget, ...]:
        self._panel = PlanPanel()
        return (self._panel.widget,)

    def _show(self, result: Any) -> tuple[StepState, str]:
        self._panel.show(result)
        return StepState.PASSED, _sentences(result.planned)[-1]

    def _put_back(self) -> None:
        super()._put_back()
        self._panel.clear()


def _choice(label: str, tell: Callable[[], None], *, width: str = "20em") -> widgets.Dropdown:
    made = widgets.Dropdown(options=[_ALL], description=label, layout=widgets.Layout(width=width))
    made.observe(lambda _change: tell(), "value")
    return made


def _modules(view: PlanView) -> Iterable[str]:
    return sorted({row.module for row in view.rows})


def _summary_html(planned: Planned) -> str:
    view = planned.view
    parts = [f"<strong>{escape(words)}</strong>" for words in _sentences(planned)]
    parts += [alarm_html(one) for one in (*view.alarms, *view.warnings)]
    parts += [counts_html(view.rows)]
    parts += [f"outputs that change: {escape(', '.join(view.outputs))}"] if view.outputs else []
    return "<br>".join(part for part in parts if part) + "".join(
        _paragraph_html(one) for one in planned.beyond_terraform
    )


def _paragraph_html(text: str) -> str:
    """Return a paragraph that can be folded; a short one is seen without a click, for it may say what is lost."""
    first, *rest = text.splitlines()
    if not rest:
        return f"<p>{escape(first)}</p>"
    unfolded = " open" if len(rest) <= _FEW_LINES else ""
    lines = lines_html("\n".join(rest))
    return f"<details{unfolded}><summary>{escape(first.rstrip(':'))} ({len(rest)})</summary>{lines}</details>"


def _sentences(planned: Planned) -> list[str]:
    """Return what the plan does; "No changes." of Terraform alone would be wrong above what is done beside it."""
    return list(dict.fromkeys((planned.opening, *(() if planned.view.is_empty else (planned.view.headline,)))))
