"""Static twins of the widgets that hold no others: what each showed last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from fleetkit.runs.report._sanitizing import sanitize_html
from fleetkit.runs.report._tables import box_tables

__all__ = ["WidgetState", "render_field"]

WidgetState = Mapping[str, Any]
"""What a widget's model holds, with its kind as ``_model_name`` and its binary parts as ``_buffers``."""


def render_field(kind: str, state: WidgetState) -> str:
    """Return the twin of a widget of ``kind``, such as ``IntSlider``; one that is not known shows its value."""
    return _FIELDS.get(kind, _value)(state)


def _label(state: WidgetState) -> str:
    description = str(state.get("description") or "")
    return f"<b>{escape(description)}</b> " if description else ""


def _value(state: WidgetState) -> str:
    value = state.get("value")
    return _label(state) + ("" if value is None else escape(str(value)))


def _text(state: WidgetState) -> str:
    return _label(state) + (escape(str(state.get("value") or "")) or "<i>empty</i>")


def _lines(state: WidgetState) -> str:
    value = str(state.get("value") or "")
    return _label(state) + (f"<pre>{escape(value)}</pre>" if value else "<i>empty</i>")


def _list(state: WidgetState) -> str:
    return _label(state) + (escape(", ".join(str(item) for item in state.get("value") or ())) or "<i>empty</i>")


def _markup(state: WidgetState) -> str:
    return _label(state) + box_tables(sanitize_html(str(state.get("value") or "")))


def _slider(state: WidgetState) -> str:
    bounds = [f"{state[name]:g}" for name in ("min", "max") if isinstance(state.get(name), (int, float))]
    return _value(state) + (f" <small>({' to '.join(bounds)})</small>" if len(bounds) == 2 else "")


def _range(state: WidgetState) -> str:
    return _label(state) + escape(" to ".join(str(item) for item in state.get("value") or ()))


def _progress(state: WidgetState) -> str:
    low, high, value = (float(state.get(name) or 0) for name in ("min", "max", "value"))
    span = (high - low) or 1.0
    style = escape(str(state.get("bar_style") or "plain"))
    return (
        f'{_label(state)}<progress class="{style}" max="{span:g}" value="{value - low:g}"></progress> '
        f"{value:g} of {high:g}"
    )


def _chosen(state: WidgetState) -> list[int]:
    index = state.get("index")
    chosen = index if isinstance(index, (list, tuple)) else [] if index is None else [index]
    return [number for number in chosen if number < len(state.get("_options_labels", ()))]


def _choice(between: str) -> Callable[[WidgetState], str]:
    def render(state: WidgetState) -> str:
        labels: Sequence[Any] = state.get("_options_labels", ())
        return _label(state) + (
            escape(between.join(str(labels[number]) for number in _chosen(state))) or "<i>nothing chosen</i>"
        )

    return render


def _alternatives(state: WidgetState) -> str:
    chosen = _chosen(state)
    labels = enumerate(state.get("_options_labels", ()))
    return _label(state) + " ".join(
        f"{'◉' if number in chosen else '○'} {escape(str(label))}" for number, label in labels
    )


def _tick(state: WidgetState) -> str:
    return f"{'☑' if state.get('value') else '☐'} {_label(state)}"


def _valid(state: WidgetState) -> str:
    return _label(state) + ("✓ valid" if state.get("value") else f"✗ {escape(str(state.get('readout') or 'invalid'))}")


def _button(state: WidgetState) -> str:
    name = next((str(state[key]) for key in ("description", "tooltip", "icon") if state.get(key)), "button")
    pressed = " (pressed)" if state.get("value") is True else ""
    return f'<span class="pressable">{escape(name)}</span>{pressed}{" (disabled)" if state.get("disabled") else ""}'


def _upload(state: WidgetState) -> str:
    names = [str(file.get("name", "")) for file in state.get("value") or () if isinstance(file, Mapping)]
    return _list({**state, "value": names})


_PICTURES = {"jpg": "jpeg", "svg": "svg+xml"}


def _image(state: WidgetState) -> str:
    kind = str(state.get("format") or "png")
    for buffer in state.get("_buffers", ()):
        if list(buffer.get("path", ())) == ["value"] and kind != "url":
            mime = f"image/{escape(_PICTURES.get(kind, kind))}"
            return f'<img alt="picture" src="data:{mime};base64,{escape(buffer.get("data", ""))}">'
    return '<i class="remark">a picture that was not kept</i>'


def _recording(_state: WidgetState) -> str:
    return '<i class="remark">a recording that was not kept</i>'


_FIELDS: dict[str, Callable[[WidgetState], str]] = {
    "Audio": _recording,
    "Button": _button,
    "Checkbox": _tick,
    "ColorsInput": _list,
    "Combobox": _text,
    "Dropdown": _choice(", "),
    "FileUpload": _upload,
    "FloatProgress": _progress,
    "FloatRangeSlider": _range,
    "FloatSlider": _slider,
    "FloatsInput": _list,
    "HTML": _markup,
    "HTMLMath": _markup,
    "Image": _image,
    "IntProgress": _progress,
    "IntRangeSlider": _range,
    "IntSlider": _slider,
    "IntsInput": _list,
    # What a person typed into such a field is nobody else's to read.
    "Password": lambda state: f"{_label(state)}[hidden]",
    "RadioButtons": _alternatives,
    "Select": _choice(", "),
    "SelectMultiple": _choice(", "),
    "SelectionRangeSlider": _choice(" to "),
    "SelectionSlider": _choice(", "),
    "TagsInput": _list,
    "Text": _text,
    "Textarea": _lines,
    "ToggleButton": _button,
    "ToggleButtons": _alternatives,
    "Valid": _valid,
    "Video": _recording,
}
