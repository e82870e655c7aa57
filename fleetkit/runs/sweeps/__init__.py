"""Sweeps: one notebook over many clusters, whose runs leave records of their own; this is what ties them together."""

from fleetkit.runs.sweeps.page import count_states, render_sweep, tell_counts
from fleetkit.runs.sweeps.record import SWEEP_FORMAT, SweepRecord
from fleetkit.runs.sweeps.store import (
    PAGE_FILE,
    SWEEP_FILE,
    find_sweep,
    list_sweeps,
    make_sweep_folder,
    read_sweep,
    write_sweep,
)
from fleetkit.runs.sweeps.swept import SweepState, SweptCluster

__all__ = [
    "PAGE_FILE",
    "SWEEP_FILE",
    "SWEEP_FORMAT",
    "SweepRecord",
    "SweepState",
    "SweptCluster",
    "count_states",
    "find_sweep",
    "list_sweeps",
    "make_sweep_folder",
    "read_sweep",
    "render_sweep",
    "tell_counts",
    "write_sweep",
]
