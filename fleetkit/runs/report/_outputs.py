"""Outputs of cells as static HTML."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from fleetkit.runs.report._sanitizing import sanitize_html
from fleetkit.runs.report._tables import box_tables

__all__ = ["WIDGET_VIEW", "WidgetStates", "render_markdown", "render_outputs"]

WidgetStates = Mapping[str, Mapping[str, Any]]
"""Model id to the widget's last state."""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

_CHARTS = ("application/vnd.vegalite", "application/vnd.vega", "application/vnd.plotly", "application/vnd.bokeh")


def render_outputs(outputs: Sequence[Mapping[str, Any]], widgets: WidgetStates) -> str:
    """Return the outputs of one cell, or of one output widget."""
    return "".join(_render_output(output, widgets) for output in outputs)


def render_markdown(text: str) -> str:
    """Return Markdown as HTML."""
    from nbconvert.filters import markdown2html

    return box_tables(sanitize_html(markdown2html(text)))


def _render_output(output: Mapping[str, Any], widgets: WidgetStates) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return f'<pre class="stream {name}" tabindex="0">{_ansi(_text(output.get("text", "")))}</pre>'
    if kind == "error":
        return _render_error(output)
    if kind in {"display_data", "execute_result"}:
        return f'<div class="result">{_render_data(output.get("data", {}), widgets)}</div>'
    return ""


def _render_error(output: Mapping[str, Any]) -> str:
    trace = _ansi("\n".join(output.get("traceback", [])))
    return (
        f'<div class="error"><p><strong>{escape(output.get("ename", "error"))}</strong></p>'
        f'<pre tabindex="0">{escape(output.get("evalue", ""))}</pre>'
        f'<details><summary>Traceback</summary><pre tabindex="0">{trace}</pre></details></div>'
    )


def _render_data(data: Mapping[str, Any], widgets: WidgetStates) -> str:
    if WIDGET_VIEW in data:
        from fleetkit.runs.report._widgets import render_widget

        model = data[WIDGET_VIEW].get("model_id", "") if isinstance(data[WIDGET_VIEW], Mapping) else ""
        if model in widgets:
            return render_widget(model, widgets)
    for mime, render in _RENDERERS.items():
        if mime in data:
            return render(data[mime])
    if any(mime.startswith(_CHARTS) for mime in data):
        plain = escape(_text(data.get("text/plain", "")))
        return f'<p class="remark">An interactive chart without a picture of itself: <code>{plain}</code></p>'
    return f"<pre>{_ansi(_text(data.get('text/plain', '')))}</pre>"


def _picture(mime: str) -> Callable[[Any], str]:
    def render(value: Any) -> str:
        content = _text(value)
        encoded = base64.b64encode(content.encode()).decode() if mime == "image/svg+xml" else "".join(content.split())
        # As a picture, even an SVG file that carries a script cannot run it or load anything.
        return f'<img alt="chart" src="data:{mime};base64,{escape(encoded)}">'

    return render


def _json(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"


_RENDERERS: dict[str, Callable[[Any], str]] = {
    "image/svg+xml": _picture("image/svg+xml"),
    "image/png": _picture("image/png"),
    "image/jpeg": _picture("image/jpeg"),
    "text/html": lambda value: box_tables(sanitize_html(_text(value))),
    "text/markdown": lambda value: render_markdown(_text(value)),
    "application/json": _json,
}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "".join(str(part) for part in value)


def _ansi(text: str) -> str:
    from nbconvert.filters import ansi2html

    markup: str = ansi2html(_last_writing(text))  # type: ignore[no-untyped-call]
    return markup


def _last_writing(text: str) -> str:
    """Keep of each line what a terminal would show last: progress bars write over themselves."""
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
