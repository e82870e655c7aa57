"""Static twins of widgets: what each showed last, as plain HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from fleetkit.runs.report._outputs import WidgetStates, render_outputs
from fleetkit.runs.report._sanitizing import sanitize_html

__all__ = ["render_widget", "states_of"]

_DEEPEST = 20
"""Boxes within boxes beyond this are taken for a loop."""

_State = Mapping[str, Any]


def states_of(notebook: Mapping[str, Any]) -> WidgetStates:
    """Return the widget states that a notebook's metadata keeps."""
    kept = notebook.get("metadata", {}).get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    return {
        model: {**entry.get("state", {}), "_model_name": entry.get("model_name"), "_buffers": entry.get("buffers", [])}
        for model, entry in kept.get("state", {}).items()
    }


def render_widget(model: str, widgets: WidgetStates, depth: int = 0) -> str:
    """Return the twin of the widget with the id ``model``."""
    state = widgets.get(model.removeprefix("IPY_MODEL_"))
    if state is None or depth > _DEEPEST:
        return '<p class="remark">a widget whose state was not kept</p>'
    if (state.get("layout_state") or _layout(state, widgets)).get("display") == "none":
        return ""
    kind = str(state.get("_model_name") or "").removesuffix("Model")
    if kind in _BOXES:
        return _BOXES[kind](state, widgets, depth)
    if kind == "Output":
        return f'<div class="widget output">{render_outputs(state.get("outputs", ()), widgets)}</div>'
    render = _LEAVES.get(kind, _field)
    return f'<span class="widget {escape(kind.lower())}">{render(state)}</span>'


def _layout(state: _State, widgets: WidgetStates) -> _State:
    return widgets.get(str(state.get("layout", "")).removeprefix("IPY_MODEL_"), {})


def _children(state: _State, widgets: WidgetStates, depth: int) -> list[str]:
    return [render_widget(child, widgets, depth + 1) for child in state.get("children", ())]


def _box(kind: str) -> Callable[[_State, WidgetStates, int], str]:
    def render(state: _State, widgets: WidgetStates, depth: int) -> str:
        return f'<div class="widget {kind}">{"".join(_children(state, widgets, depth))}</div>'

    return render


def _titled(state: _State, widgets: WidgetStates, depth: int) -> str:
    titles = list(state.get("titles", ()))
    parts = []
    for index, child in enumerate(_children(state, widgets, depth)):
        title = titles[index] if index < len(titles) and titles[index] else f"Part {index + 1}"
        parts.append(f"<details open><summary>{escape(str(title))}</summary>{child}</details>")
    return f'<div class="widget titled">{"".join(parts)}</div>'


def _label(state: _State) -> str:
    description = str(state.get("description") or "")
    return f"<b>{escape(description)}</b> " if description else ""


def _field(state: _State) -> str:
    value = state.get("value")
    if isinstance(value, (list, tuple)):
        value = " to ".join(str(item) for item in value)
    return _label(state) + ("" if value is None else escape(str(value)))


def _progress(state: _State) -> str:
    low, high, value = (float(state.get(name) or 0) for name in ("min", "max", "value"))
    span = (high - low) or 1.0
    style = escape(str(state.get("bar_style") or "plain"))
    return (
        f'{_label(state)}<progress class="{style}" max="{span:g}" value="{value - low:g}"></progress> '
        f"{value:g} of {high:g}"
    )


def _choice(state: _State) -> str:
    labels: Sequence[Any] = state.get("_options_labels", ())
    index = state.get("index")
    chosen = index if isinstance(index, (list, tuple)) else [] if index is None else [index]
    return _label(state) + escape(", ".join(str(labels[number]) for number in chosen if number < len(labels)))


def _tick(state: _State) -> str:
    return f"{'☑' if state.get('value') else '☐'} {_label(state)}"


def _button(state: _State) -> str:
    return f'<span class="pressable">{escape(str(state.get("description") or "button"))}</span>'


def _image(state: _State) -> str:
    kind = escape(str(state.get("format") or "png")).replace("svg", "svg+xml")
    for buffer in state.get("_buffers", ()):
        if list(buffer.get("path", ())) == ["value"]:
            return f'<img alt="picture" src="data:image/{kind};base64,{escape(buffer.get("data", ""))}">'
    return _label(state)


_BOXES: dict[str, Callable[[_State, WidgetStates, int], str]] = {
    "Box": _box("row"),
    "HBox": _box("row"),
    "VBox": _box("column"),
    "GridBox": _box("row"),
    "Accordion": _titled,
    "Tab": _titled,
    "Stack": _titled,
}

_LEAVES: dict[str, Callable[[_State], str]] = {
    "HTML": lambda state: _label(state) + sanitize_html(str(state.get("value") or "")),
    "HTMLMath": lambda state: _label(state) + sanitize_html(str(state.get("value") or "")),
    "IntProgress": _progress,
    "FloatProgress": _progress,
    "Dropdown": _choice,
    "RadioButtons": _choice,
    "Select": _choice,
    "SelectMultiple": _choice,
    "SelectionSlider": _choice,
    "ToggleButtons": _choice,
    "Checkbox": _tick,
    "ToggleButton": _tick,
    "Valid": _tick,
    "Button": _button,
    "Image": _image,
    # What a person typed into such a field is nobody else's to read.
    "Password": lambda state: f"{_label(state)}[hidden]",
}
