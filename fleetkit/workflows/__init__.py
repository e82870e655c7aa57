"""The verbs of the trade: each composes rooms, and none does input or output of its own beyond that.

Import the verb's own module: ``from fleetkit.workflows.preflight import run_preflight``.
"""

from fleetkit.workflows._workspace import Workspace, open_workspace

__all__ = ["Workspace", "open_workspace"]
