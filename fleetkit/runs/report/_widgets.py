"""Static twins of widgets: what each showed last, as plain HTML that reads well without a style sheet too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from fleetkit.runs.report._fields import WidgetState, render_field
from fleetkit.runs.report._outputs import WidgetStates, render_outputs

__all__ = ["WIDGET_STATES", "render_widget", "states_of"]

WIDGET_STATES = "application/vnd.jupyter.widget-state+json"
"""Under which name a notebook's metadata keep the states of its widgets."""

_DEEPEST = 20
"""Boxes within boxes beyond this are taken for a loop."""


def states_of(notebook: Mapping[str, Any]) -> WidgetStates:
    """Return the widget states that a notebook's metadata keeps."""
    kept = notebook.get("metadata", {}).get("widgets", {}).get(WIDGET_STATES, {})
    return {
        model: {**entry.get("state", {}), "_model_name": entry.get("model_name"), "_buffers": entry.get("buffers", [])}
        for model, entry in kept.get("state", {}).items()
    }


def render_widget(model: str, widgets: WidgetStates, depth: int = 0) -> str:
    """Return the twin of the widget with the id ``model``."""
    state = widgets.get(model.removeprefix("IPY_MODEL_"))
    if state is None or depth > _DEEPEST:
        return '<p class="remark">a widget whose state was not kept</p>'
    layout = widgets.get(str(state.get("layout", "")).removeprefix("IPY_MODEL_"), {})
    if layout.get("display") == "none" or layout.get("visibility") == "hidden":
        return ""
    kind = str(state.get("_model_name") or "").removesuffix("Model")
    if kind == "Output":
        return f'<div class="widget output">{render_outputs(state.get("outputs", ()), widgets)}</div>'
    if "children" in state:
        shown = [render_widget(child, widgets, depth + 1) for child in state["children"]]
        return _BOXES.get(kind, _column)(state, shown)
    return f'<span class="widget {escape(kind.lower())}">{render_field(kind, state)}</span>'


def _row(_state: WidgetState, shown: Sequence[str]) -> str:
    return f'<div class="widget row">{" ".join(part for part in shown if part)}</div>'


def _column(_state: WidgetState, shown: Sequence[str]) -> str:
    return f'<div class="widget column">{"".join(f"<div>{part}</div>" for part in shown if part)}</div>'


def _titled(state: WidgetState, shown: Sequence[str]) -> str:
    titles = list(state.get("titles", ()))
    parts = []
    for index, part in enumerate(shown):
        title = titles[index] if index < len(titles) and titles[index] else f"Part {index + 1}"
        parts.append(f"<details open><summary>{escape(str(title))}</summary>{part}</details>")
    return f'<div class="widget titled">{"".join(parts)}</div>'


def _topmost(state: WidgetState, shown: Sequence[str]) -> str:
    index = state.get("selected_index")
    return shown[index] if isinstance(index, int) and 0 <= index < len(shown) else ""


_BOXES: dict[str, Callable[[WidgetState, Sequence[str]], str]] = {
    "Accordion": _titled,
    "Box": _row,
    "GridBox": _row,
    "HBox": _row,
    "Stack": _topmost,
    "Tab": _titled,
}
