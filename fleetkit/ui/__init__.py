"""Widgets for people in JupyterLab: a thin face of the views and the workflows.

By hand, work runs in threads and the kernel stays free; without a person the same calls do their work at once.
"""

__all__: list[str] = []
