"""The verbs of the trade: each composes rooms, and none does input or output of its own beyond that.

What changes something comes in four calls, so that a person, a notebook or a command can stand between them:
plan, approve, apply, verify.
"""

from fleetkit.workflows._audit_budget import reckon_audit_budget
from fleetkit.workflows._change_plan import ChangePlan
from fleetkit.workflows._deploy_plan import DeployPlan
from fleetkit.workflows._destroy_plan import DestroyPlan
from fleetkit.workflows._keys_plan import KeyChange, KeysPlan, warn_of
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._signed_approval import SignedApproval
from fleetkit.workflows._workspace import Workspace, open_workspace
from fleetkit.workflows.alerting import CheckedAlerts, check_alerts, judge_scrapes
from fleetkit.workflows.approval import Approved, approve
from fleetkit.workflows.approving import cluster_of_plan, give_approval, keep_plan, take_up_plan
from fleetkit.workflows.audit_change import AuditChange, compare_audits, find_comparable
from fleetkit.workflows.audit_history import PastAudit, PastAudits, PastFinding, read_past_audits
from fleetkit.workflows.audit_parts import AuditPart
from fleetkit.workflows.audit_trend import AuditTrend, read_audit_trend, trace_audits
from fleetkit.workflows.auditing import Audit, audit_cluster, choose_checks
from fleetkit.workflows.backing_up import TakenBackup, back_up, back_up_etcd, remember_backup
from fleetkit.workflows.backup_place import BackupPlace, open_backup_place, open_cluster_backups, read_backups
from fleetkit.workflows.browsing_units import MachineCards, SeenUnits, browse_units
from fleetkit.workflows.changing_keys import (
    ChangedKeys,
    KeyPlace,
    VerifiedKeys,
    apply_key_changes,
    plan_key_copy,
    plan_key_deletion,
    plan_key_put,
    verify_key_changes,
)
from fleetkit.workflows.cleaning_units import (
    CleanedKeys,
    CleanPlan,
    CleanWaits,
    VerifiedCleaning,
    apply_clean,
    plan_clean,
    verify_clean,
)
from fleetkit.workflows.defragmenting import (
    AppliedDefragment,
    DefragmentPlan,
    VerifiedDefragment,
    apply_defragment,
    plan_defragment,
    verify_defragment,
)
from fleetkit.workflows.delivering_secrets import (
    AppliedSecrets,
    SecretsPlan,
    VerifiedSecrets,
    apply_secrets,
    plan_secrets,
    verify_secrets,
)
from fleetkit.workflows.deploying import AppliedDeploy, apply_deploy, plan_deploy
from fleetkit.workflows.deploying_units import AppliedUnits, UnitGate, VerifiedUnits, apply_units, verify_units
from fleetkit.workflows.describing import draft_description, list_choices, open_description, save_description
from fleetkit.workflows.destroying import AppliedDestroy, apply_destroy, plan_destroy
from fleetkit.workflows.disarming import DisarmPlan, hold_for_disarming
from fleetkit.workflows.draining import AppliedDrain, DrainPlan, VerifiedDrain, apply_drain, plan_drain, verify_drain
from fleetkit.workflows.drill_trend import DrillTrend, PastDrill, read_drill_trend, read_drills
from fleetkit.workflows.drilling import DrilledBackup, drill_backup, drill_etcd
from fleetkit.workflows.emptying import Emptiness, Sweep, forget_cluster, sweep_leftovers, verify_emptiness
from fleetkit.workflows.final_backup import FinalBackup, make_final_backup
from fleetkit.workflows.fleet_reader import FleetReader
from fleetkit.workflows.following_journals import FollowNote, JournalLine, follow_unit_journal
from fleetkit.workflows.freeing_units import plan_unit_freeing
from fleetkit.workflows.handover import PackedCluster, pack_cluster, unpack_cluster
from fleetkit.workflows.history import (
    PastMembers,
    PastScrapes,
    read_member_history,
    read_paces,
    read_scrape_history,
)
from fleetkit.workflows.inspecting import Inspection, Overview, Section, inspect_cluster
from fleetkit.workflows.kept_backups import BackupListing, BackupProof, KeptBackup, select_removable
from fleetkit.workflows.last_backup import LastBackup, find_setback
from fleetkit.workflows.listing_certificates import (
    CertificateListing,
    ListedCertificate,
    list_certificates,
    warn_of_certificates,
)
from fleetkit.workflows.logging_in import find_login
from fleetkit.workflows.making_evidence import MadeEvidence, make_evidence
from fleetkit.workflows.next_steps import list_next_steps
from fleetkit.workflows.outputs import ClusterOutputs, read_outputs
from fleetkit.workflows.planning_units import (
    NAMED_ACTIONS,
    UnitAction,
    UnitsPlan,
    plan_unit_deploy,
    plan_units,
    plan_units_undo,
)
from fleetkit.workflows.preflight import Preflight, require_preflight, run_preflight
from fleetkit.workflows.preparing_sweeps import ALL_CLUSTERS, SweepLimits, prepare_sweep
from fleetkit.workflows.proving_evidence import EvidenceProof, prove_evidence
from fleetkit.workflows.reading_keys import (
    KeyTree,
    KeyTrees,
    find_keys,
    open_key_places,
    read_key_tree,
    read_key_trees,
)
from fleetkit.workflows.reading_units import UnitReading, read_units, read_units_through
from fleetkit.workflows.rebalancing_units import (
    AppliedRebalance,
    RebalancePlan,
    VerifiedRebalance,
    apply_rebalance,
    plan_machine_rebalance,
    verify_rebalance,
)
from fleetkit.workflows.rebooting import (
    AppliedReboot,
    RebootPlan,
    VerifiedReboot,
    apply_reboot,
    plan_reboot,
    verify_reboot,
)
from fleetkit.workflows.record_place import RecordPlace, open_record_place
from fleetkit.workflows.recording import begin_run
from fleetkit.workflows.refreshing_pools import (
    AppliedRefresh,
    RefreshPlan,
    VerifiedRefresh,
    apply_refresh,
    plan_refresh,
    verify_refresh,
)
from fleetkit.workflows.replacing import (
    AppliedReplace,
    ReplacePlan,
    VerifiedReplace,
    apply_replace,
    plan_replace,
    verify_replace,
)
from fleetkit.workflows.resizing import (
    AppliedResize,
    ResizePlan,
    VerifiedResize,
    apply_resize,
    plan_resize,
    verify_resize,
)
from fleetkit.workflows.restoring import (
    AppliedRestore,
    RestorePlan,
    VerifiedRestore,
    apply_restore,
    plan_restore,
    verify_restore,
)
from fleetkit.workflows.rotating import (
    AppliedRotation,
    RotationPlan,
    VerifiedRotation,
    apply_rotation,
    plan_rotation,
    verify_rotation,
)
from fleetkit.workflows.rotating_ca import CaPlan, apply_ca_rotation, plan_ca_rotation, verify_ca_rotation
from fleetkit.workflows.scratch_restoring import RestoredScratch, open_restored_scratch
from fleetkit.workflows.signing import open_signer
from fleetkit.workflows.stopping import StopRequest
from fleetkit.workflows.supposing import SupposedLosses, lay_out_cluster, suppose_each
from fleetkit.workflows.sweeping import SweepEvent, run_sweep
from fleetkit.workflows.swept import ClusterSweep, PreparedSweep, SweptClusters
from fleetkit.workflows.syncing_dns import (
    AppliedDnsSync,
    DnsSyncPlan,
    VerifiedDnsSync,
    apply_dns_sync,
    plan_dns_sync,
    verify_dns_sync,
)
from fleetkit.workflows.unit_journal import read_unit_journal
from fleetkit.workflows.unit_places import read_unit_places
from fleetkit.workflows.unlocking import clear_lock, find_lock
from fleetkit.workflows.upgrading import (
    AppliedUpgrade,
    UpgradePlan,
    VerifiedUpgrade,
    apply_upgrade,
    plan_upgrade,
    verify_upgrade,
)
from fleetkit.workflows.verifying import VerifiedDeploy, verify_deploy
from fleetkit.workflows.watching import ClusterWatch
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = [
    "ALL_CLUSTERS",
    "NAMED_ACTIONS",
    "AppliedDefragment",
    "AppliedDeploy",
    "AppliedDestroy",
    "AppliedDnsSync",
    "AppliedDrain",
    "AppliedRebalance",
    "AppliedReboot",
    "AppliedRefresh",
    "AppliedReplace",
    "AppliedResize",
    "AppliedRestore",
    "AppliedRotation",
    "AppliedSecrets",
    "AppliedUnits",
    "AppliedUpgrade",
    "Approved",
    "Audit",
    "AuditChange",
    "AuditPart",
    "AuditTrend",
    "BackupListing",
    "BackupPlace",
    "BackupProof",
    "CaPlan",
    "CertificateListing",
    "ChangePlan",
    "ChangedKeys",
    "CheckedAlerts",
    "CleanPlan",
    "CleanWaits",
    "CleanedKeys",
    "ClusterOutputs",
    "ClusterSweep",
    "ClusterWatch",
    "DefragmentPlan",
    "DeployPlan",
    "DestroyPlan",
    "DisarmPlan",
    "DnsSyncPlan",
    "DrainPlan",
    "DrillTrend",
    "DrilledBackup",
    "Emptiness",
    "EvidenceProof",
    "FinalBackup",
    "FleetReader",
    "FollowNote",
    "Inspection",
    "JournalLine",
    "KeptBackup",
    "KeyChange",
    "KeyPlace",
    "KeyTree",
    "KeyTrees",
    "KeysPlan",
    "LastBackup",
    "ListedCertificate",
    "MachineCards",
    "MadeEvidence",
    "Overview",
    "PackedCluster",
    "PastAudit",
    "PastAudits",
    "PastDrill",
    "PastFinding",
    "PastMembers",
    "PastScrapes",
    "Preflight",
    "PreparedSweep",
    "RebalancePlan",
    "RebootPlan",
    "RecordPlace",
    "RefreshPlan",
    "ReplacePlan",
    "Reporter",
    "ResizePlan",
    "RestorePlan",
    "RestoredScratch",
    "RotationPlan",
    "SecretsPlan",
    "Section",
    "SeenUnits",
    "SignedApproval",
    "StopRequest",
    "SupposedLosses",
    "Sweep",
    "SweepEvent",
    "SweepLimits",
    "SweptClusters",
    "TakenBackup",
    "UnitAction",
    "UnitGate",
    "UnitReading",
    "UnitsPlan",
    "UpgradePlan",
    "VerifiedCleaning",
    "VerifiedDefragment",
    "VerifiedDeploy",
    "VerifiedDnsSync",
    "VerifiedDrain",
    "VerifiedKeys",
    "VerifiedRebalance",
    "VerifiedReboot",
    "VerifiedRefresh",
    "VerifiedReplace",
    "VerifiedResize",
    "VerifiedRestore",
    "VerifiedRotation",
    "VerifiedSecrets",
    "VerifiedUnits",
    "VerifiedUpgrade",
    "WayIn",
    "Workspace",
    "apply_ca_rotation",
    "apply_clean",
    "apply_defragment",
    "apply_deploy",
    "apply_destroy",
    "apply_dns_sync",
    "apply_drain",
    "apply_key_changes",
    "apply_rebalance",
    "apply_reboot",
    "apply_refresh",
    "apply_replace",
    "apply_resize",
    "apply_restore",
    "apply_rotation",
    "apply_secrets",
    "apply_units",
    "apply_upgrade",
    "approve",
    "audit_cluster",
    "back_up",
    "back_up_etcd",
    "begin_run",
    "browse_units",
    "check_alerts",
    "choose_checks",
    "clear_lock",
    "cluster_of_plan",
    "compare_audits",
    "draft_description",
    "drill_backup",
    "drill_etcd",
    "find_comparable",
    "find_keys",
    "find_lock",
    "find_login",
    "find_setback",
    "follow_unit_journal",
    "forget_cluster",
    "give_approval",
    "hold_for_disarming",
    "inspect_cluster",
    "judge_scrapes",
    "keep_plan",
    "lay_out_cluster",
    "list_certificates",
    "list_choices",
    "list_next_steps",
    "make_evidence",
    "make_final_backup",
    "open_backup_place",
    "open_cluster_backups",
    "open_description",
    "open_key_places",
    "open_record_place",
    "open_restored_scratch",
    "open_signer",
    "open_way_in",
    "open_workspace",
    "pack_cluster",
    "plan_ca_rotation",
    "plan_clean",
    "plan_defragment",
    "plan_deploy",
    "plan_destroy",
    "plan_dns_sync",
    "plan_drain",
    "plan_key_copy",
    "plan_key_deletion",
    "plan_key_put",
    "plan_machine_rebalance",
    "plan_reboot",
    "plan_refresh",
    "plan_replace",
    "plan_resize",
    "plan_restore",
    "plan_rotation",
    "plan_secrets",
    "plan_unit_deploy",
    "plan_unit_freeing",
    "plan_units",
    "plan_units_undo",
    "plan_upgrade",
    "prepare_sweep",
    "prove_evidence",
    "read_audit_trend",
    "read_backups",
    "read_drill_trend",
    "read_drills",
    "read_key_tree",
    "read_key_trees",
    "read_member_history",
    "read_outputs",
    "read_paces",
    "read_past_audits",
    "read_scrape_history",
    "read_unit_journal",
    "read_unit_places",
    "read_units",
    "read_units_through",
    "reckon_audit_budget",
    "remember_backup",
    "require_preflight",
    "run_preflight",
    "run_sweep",
    "save_description",
    "select_removable",
    "suppose_each",
    "sweep_leftovers",
    "take_up_plan",
    "trace_audits",
    "unpack_cluster",
    "verify_ca_rotation",
    "verify_clean",
    "verify_defragment",
    "verify_deploy",
    "verify_dns_sync",
    "verify_drain",
    "verify_emptiness",
    "verify_key_changes",
    "verify_rebalance",
    "verify_reboot",
    "verify_refresh",
    "verify_replace",
    "verify_resize",
    "verify_restore",
    "verify_rotation",
    "verify_secrets",
    "verify_units",
    "verify_upgrade",
    "warn_of",
    "warn_of_certificates",
]
