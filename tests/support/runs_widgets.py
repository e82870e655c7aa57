"""Executed notebooks that show a widget, with the state that the real widget has."""

from __future__ import annotations

from typing import Any

from ipywidgets.embed import dependency_state
from nbformat.v4 import new_code_cell, new_notebook, new_output

STATES = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


def notebook_showing(widget: Any) -> Any:
    """Return a notebook whose one cell showed ``widget``, a real one."""
    return notebook_with(widget.model_id, dependency_state(widget, drop_defaults=False))


def notebook_with(model: str, states: dict[str, Any]) -> Any:
    """Return a notebook whose one cell showed the widget ``model`` of ``states``."""
    view = {"version_major": 2, "version_minor": 0, "model_id": model}
    output = new_output("display_data", data={VIEW: view, "text/plain": "Widget()"})
    notebook = new_notebook(cells=[new_code_cell("show()", execution_count=1, outputs=[output])])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["widgets"] = {STATES: {"version_major": 2, "version_minor": 0, "state": states}}
    return notebook
