"""Speaking to fleet v1.0.0: its machines, its keys in etcd, and the settings that make a machine join.

The API is a unix socket on each machine; how one is opened from here is the caller's matter.
"""

from fleetkit.fleet.client import FleetClient, FleetLimits, SocketLike
from fleetkit.fleet.endpoint import FleetEndpoint, parse_fleet_endpoint
from fleetkit.fleet.environment import render_environment
from fleetkit.fleet.instances import expand_names, template_of
from fleetkit.fleet.keys import (
    ENGINE_LEASE,
    FLEET_KEY,
    MACHINES_KEY,
    is_fleet_key,
    is_live_key,
    render_lease,
    target_state_key,
)
from fleetkit.fleet.machine_load import MachineLoad, list_loads
from fleetkit.fleet.placement import Placed, explain_no_machine, list_placed
from fleetkit.fleet.placement_options import PlacementOptions
from fleetkit.fleet.probe_rules import ProbeRule
from fleetkit.fleet.rebalancing import Rebalance, UnitMove, plan_rebalance
from fleetkit.fleet.remnants import FleetKey, Remnants, find_remnants
from fleetkit.fleet.requests import unit_body, unit_path
from fleetkit.fleet.service_instances import (
    SERVICE_TREES,
    JudgedInstance,
    ServiceInstance,
    UnreadService,
    find_unread_services,
    judge_instances,
    list_service_instances,
    list_unit_instances,
    render_service_keys,
)
from fleetkit.fleet.service_options import SERVICE_SECTION, Probe, ProbeKind, ServiceOptions
from fleetkit.fleet.service_probes import Health, ProbeResult, judge_probe_command, probe_command, probe_service
from fleetkit.fleet.silence import doubt_silent, find_silent
from fleetkit.fleet.status import UnitStatus, UnitVerdict, judge_units
from fleetkit.fleet.unit_checks import UNIT_TYPES, UnitFinding, check_unit, check_unit_name, is_template
from fleetkit.fleet.unit_copies import UnitCopy, UnitCopyState, copy_units
from fleetkit.fleet.unit_files import UnitFiles, parse_unit_file, read_unit_files
from fleetkit.fleet.unit_order import UnitOrder, order_units
from fleetkit.fleet.unit_text import LINE_BYTES, TextFlaw, UnitOption, UnitText
from fleetkit.fleet.values import DesiredState, Machine, Unit, UnitState

__all__ = [
    "ENGINE_LEASE",
    "FLEET_KEY",
    "LINE_BYTES",
    "MACHINES_KEY",
    "SERVICE_SECTION",
    "SERVICE_TREES",
    "UNIT_TYPES",
    "DesiredState",
    "FleetClient",
    "FleetEndpoint",
    "FleetKey",
    "FleetLimits",
    "Health",
    "JudgedInstance",
    "Machine",
    "MachineLoad",
    "Placed",
    "PlacementOptions",
    "Probe",
    "ProbeKind",
    "ProbeResult",
    "ProbeRule",
    "Rebalance",
    "Remnants",
    "ServiceInstance",
    "ServiceOptions",
    "SocketLike",
    "TextFlaw",
    "Unit",
    "UnitCopy",
    "UnitCopyState",
    "UnitFiles",
    "UnitFinding",
    "UnitMove",
    "UnitOption",
    "UnitOrder",
    "UnitState",
    "UnitStatus",
    "UnitText",
    "UnitVerdict",
    "UnreadService",
    "check_unit",
    "check_unit_name",
    "copy_units",
    "doubt_silent",
    "expand_names",
    "explain_no_machine",
    "find_remnants",
    "find_silent",
    "find_unread_services",
    "is_fleet_key",
    "is_live_key",
    "is_template",
    "judge_instances",
    "judge_probe_command",
    "judge_units",
    "list_loads",
    "list_placed",
    "list_service_instances",
    "list_unit_instances",
    "order_units",
    "parse_fleet_endpoint",
    "parse_unit_file",
    "plan_rebalance",
    "probe_command",
    "probe_service",
    "read_unit_files",
    "render_environment",
    "render_lease",
    "render_service_keys",
    "target_state_key",
    "template_of",
    "unit_body",
    "unit_path",
]
