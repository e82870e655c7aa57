"""The report of a run: one HTML file that a browser shows without a script and without a request.

Widgets stand in it as what they showed last, charts as pictures, tables as tables.
Nothing in it is trusted: markup that came out of a cell is rebuilt from a list of harmless elements.
"""

from fleetkit.runs.report._frame import frame_page
from fleetkit.runs.report._page import render_report
from fleetkit.runs.report._twins import UNRECORDED, add_twins, forget_unrecorded

__all__ = ["UNRECORDED", "add_twins", "forget_unrecorded", "frame_page", "render_report"]
