"""Runs Terraform in a cluster's own working copy; the only room that starts it.

Plan, state and drift come back as typed values with sensitive ones masked, and what Terraform
says while it works as typed events. What is planned here is shown by `fleetkit.views`, and
whether it may be applied is for a workflow to judge.
"""

from fleetkit.terraform.backend import Backend, LocalBackend, S3Backend
from fleetkit.terraform.binary import MINIMUM_VERSION, BinaryOrigin, PassedOver, TerraformBinary, find_terraform
from fleetkit.terraform.changes import UNKNOWN, Action, AttributeChange, ResourceChange
from fleetkit.terraform.diagnostics import Diagnostic, LockInfo, Severity
from fleetkit.terraform.events import (
    ApplyCompleteEvent,
    ApplyErroredEvent,
    ApplyProgressEvent,
    ApplyStartEvent,
    ChangeSummaryEvent,
    DiagnosticEvent,
    Event,
    OtherEvent,
    OutputsEvent,
    PlannedChangeEvent,
    RefreshCompleteEvent,
    RefreshStartEvent,
    ResourceDriftEvent,
    ResourceEvent,
    ResourceRef,
    parse_event,
)
from fleetkit.terraform.flows import Flow, list_flows
from fleetkit.terraform.graph import ResourceGraph
from fleetkit.terraform.plan import Drift, OutputChange, Plan
from fleetkit.terraform.saved_plan import ApplyResult, KeptPlan, PlanKind, SavedPlan
from fleetkit.terraform.state import StateResource, StateVersion
from fleetkit.terraform.working_copy import WorkingCopy

__all__ = [
    "MINIMUM_VERSION",
    "UNKNOWN",
    "Action",
    "ApplyCompleteEvent",
    "ApplyErroredEvent",
    "ApplyProgressEvent",
    "ApplyResult",
    "ApplyStartEvent",
    "AttributeChange",
    "Backend",
    "BinaryOrigin",
    "ChangeSummaryEvent",
    "Diagnostic",
    "DiagnosticEvent",
    "Drift",
    "Event",
    "Flow",
    "KeptPlan",
    "LocalBackend",
    "LockInfo",
    "OtherEvent",
    "OutputChange",
    "OutputsEvent",
    "PassedOver",
    "Plan",
    "PlanKind",
    "PlannedChangeEvent",
    "RefreshCompleteEvent",
    "RefreshStartEvent",
    "ResourceChange",
    "ResourceDriftEvent",
    "ResourceEvent",
    "ResourceGraph",
    "ResourceRef",
    "S3Backend",
    "SavedPlan",
    "Severity",
    "StateResource",
    "StateVersion",
    "TerraformBinary",
    "WorkingCopy",
    "find_terraform",
    "list_flows",
    "parse_event",
]
