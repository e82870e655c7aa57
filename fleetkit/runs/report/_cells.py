"""Cells of the notebook as static HTML."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from html import escape
from typing import Any

from fleetkit.runs.report._contents import Contents
from fleetkit.runs.report._outputs import WidgetStates, render_markdown, render_outputs
from fleetkit.runs.report._sanitizing import FAILED_ANCHOR

__all__ = ["render_cell"]


def render_cell(cell: Mapping[str, Any], widgets: WidgetStates, contents: Contents) -> str:
    """Return one cell: prose as prose, code folded away above what it showed; its headings go into ``contents``."""
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    if cell.get("cell_type") == "markdown":
        return f'<section class="prose">{contents.number(render_markdown(text))}</section>'
    if cell.get("cell_type") != "code" or not text.strip():
        return ""
    return _render_code(cell, text, widgets, contents)


def _render_code(cell: Mapping[str, Any], text: str, widgets: WidgetStates, contents: Contents) -> str:
    outputs = render_outputs(cell.get("outputs", ()), widgets)
    count = cell.get("execution_count")
    facts = cell.get("metadata", {}).get("fleetkit", {})
    status = str(facts.get("status", "done" if count else "not run"))
    took = f" · {facts['took']}" if facts.get("took") else ""
    failed = status in {"failed", "interrupted"}
    if failed:
        contents.mark(status)
    marker = f' id="{FAILED_ANCHOR}"' if failed else ""
    return (
        f'<section class="step {escape(status.replace(" ", "-"))}"{marker}>'
        f"<details{' open' if failed else ''}><summary>Code [{count or ' '}] · {escape(status)}{escape(took)}</summary>"
        f'<div class="code">{_highlight(text)}</div></details>{outputs}</section>'
    )


@functools.lru_cache(maxsize=1024)
def _highlight(text: str) -> str:
    # Remembered, since a report is made anew every few seconds of a run, and the code in it stays the same.
    from nbconvert.filters import Highlight2HTML

    markup: str = Highlight2HTML(pygments_lexer="python")(text)  # type: ignore[no-untyped-call]
    return markup
