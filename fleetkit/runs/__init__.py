"""Runs of notebooks, and the records that they leave.

A notebook calls `begin_run` in its set-up cell and `Run.finish` in its last one;
a command calls `execute_notebook`; whoever reads calls `list_runs`, `find_run` and `read_run`.
Importing the room brings in neither papermill nor nbformat: what needs them imports them.
"""

from fleetkit.runs.begin import FinishedRun, Run, RunResult, begin_run
from fleetkit.runs.diff import Difference, RunDiff, diff_runs
from fleetkit.runs.digest import RunDigest, read_digest
from fleetkit.runs.events import OnEvent, RunEvent, RunEventKind
from fleetkit.runs.execute import RunLimits, execute_notebook
from fleetkit.runs.following import Follow, Follower, no_follower
from fleetkit.runs.journal import EventKind, Flaw, JournalEvent, read_journal
from fleetkit.runs.labels import MANY_CLUSTERS, find_workspace_folder, is_over_many
from fleetkit.runs.notebook_copies import CopyState, NotebookCopy, copy_notebooks
from fleetkit.runs.notebook_files import NotebookFile, find_notebook, list_notebooks
from fleetkit.runs.outcome import Outcome, parse_outcome
from fleetkit.runs.parameters import Parameter, check_parameters, parse_parameters, read_parameters
from fleetkit.runs.record import Actor, RunError, RunRecord, Way
from fleetkit.runs.remote import (
    ObjectFacts,
    RecordMirror,
    RecordObjects,
    RemoteStore,
    is_pushed,
    push_pending,
    push_record,
)
from fleetkit.runs.report import UNRECORDED, render_report
from fleetkit.runs.resuming import Resumption, resume_run
from fleetkit.runs.scheduling import Scheduling
from fleetkit.runs.selecting import RunSelection, find_last_done, select_prunable
from fleetkit.runs.store import (
    StoredRun,
    find_record,
    find_run,
    foreign_folders,
    list_record_folders,
    list_runs,
    read_run,
)
from fleetkit.runs.stores import FolderStore, RunStore
from fleetkit.runs.verify import ProofState, RunProof, verify_run

__all__ = [
    "MANY_CLUSTERS",
    "UNRECORDED",
    "Actor",
    "CopyState",
    "Difference",
    "EventKind",
    "FinishedRun",
    "Flaw",
    "FolderStore",
    "Follow",
    "Follower",
    "JournalEvent",
    "NotebookCopy",
    "NotebookFile",
    "ObjectFacts",
    "OnEvent",
    "Outcome",
    "Parameter",
    "ProofState",
    "RecordMirror",
    "RecordObjects",
    "RemoteStore",
    "Resumption",
    "Run",
    "RunDiff",
    "RunDigest",
    "RunError",
    "RunEvent",
    "RunEventKind",
    "RunLimits",
    "RunProof",
    "RunRecord",
    "RunResult",
    "RunSelection",
    "RunStore",
    "Scheduling",
    "StoredRun",
    "Way",
    "begin_run",
    "check_parameters",
    "copy_notebooks",
    "diff_runs",
    "execute_notebook",
    "find_last_done",
    "find_notebook",
    "find_record",
    "find_run",
    "find_workspace_folder",
    "foreign_folders",
    "is_over_many",
    "is_pushed",
    "list_notebooks",
    "list_record_folders",
    "list_runs",
    "no_follower",
    "parse_outcome",
    "parse_parameters",
    "push_pending",
    "push_record",
    "read_digest",
    "read_journal",
    "read_parameters",
    "read_run",
    "render_report",
    "resume_run",
    "select_prunable",
    "verify_run",
]
