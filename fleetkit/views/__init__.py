"""What is shown, as plain state: no widget, no reading, no writing. The only room that makes DataFrames."""

from fleetkit.views._frames import frame_html
from fleetkit.views._what_if_stops import NO_QUORUM_UNTIL
from fleetkit.views.alerts import ALERT_COLUMNS, alert_rows, alerts_frame, render_alerts_table
from fleetkit.views.apply import ApplyLog, ApplyView, FailedResource, RunningResource, Throttle
from fleetkit.views.board import Board, BoardPart, MemberHistory, MemberSample
from fleetkit.views.charts import Measure, draw_history, draw_series
from fleetkit.views.form import ClusterForm
from fleetkit.views.form_fields import FormField, FormGroup, Offer, Offers, find_shared_causes
from fleetkit.views.guide import Guide, GuideStep, StepState
from fleetkit.views.guide_steps import (
    DEFRAGMENT_STEPS,
    DEPLOY_STEPS,
    DESTROY_STEPS,
    REPLACE_STEPS,
    RESIZE_STEPS,
    RESTORE_STEPS,
    ROTATE_STEPS,
    UPGRADE_STEPS,
    StepPlan,
)
from fleetkit.views.inspect import (
    certificates_frame,
    drift_frame,
    fault_tolerance_frame,
    judge_days_left,
    machine_counts_frame,
    machines_frame,
    members_frame,
    pending_changes_frame,
    pools_frame,
    quorum_frame,
    raft_lag,
    targets_frame,
)
from fleetkit.views.markup import grouped_table_html, table_html
from fleetkit.views.outputs import Reach, Signpost, outputs_frame, outputs_html
from fleetkit.views.pace import Pace, choose_pace
from fleetkit.views.pictures import draw_certificates, draw_latencies, draw_quorum
from fleetkit.views.plan import NO_CHANGES, PlanRow, PlanView
from fleetkit.views.plan_markup import alarm_html, attributes_html, changes_html, counts_html
from fleetkit.views.plan_picture import draw_plan
from fleetkit.views.plan_values import show_value
from fleetkit.views.preflight import checks_frame
from fleetkit.views.units import (
    FLEET_MACHINE_COLUMNS,
    UNIT_COLUMNS,
    count_verdicts,
    fleet_machine_rows,
    fleet_machines_frame,
    name_machine,
    render_verdicts_table,
    tell_next_step,
    unit_rows,
    units_frame,
)
from fleetkit.views.what_if import Consequences, Effect, Fate, Part, judge_supposition
from fleetkit.views.what_if_shown import consequences_lines, suppositions_frame
from fleetkit.views.what_if_values import (
    ClusterLayout,
    LaidBalancer,
    LaidMember,
    LaidPool,
    LaidWayIn,
    Spread,
    Supposition,
)

__all__ = [
    "ALERT_COLUMNS",
    "DEFRAGMENT_STEPS",
    "DEPLOY_STEPS",
    "DESTROY_STEPS",
    "FLEET_MACHINE_COLUMNS",
    "NO_CHANGES",
    "NO_QUORUM_UNTIL",
    "REPLACE_STEPS",
    "RESIZE_STEPS",
    "RESTORE_STEPS",
    "ROTATE_STEPS",
    "UNIT_COLUMNS",
    "UPGRADE_STEPS",
    "ApplyLog",
    "ApplyView",
    "Board",
    "BoardPart",
    "ClusterForm",
    "ClusterLayout",
    "Consequences",
    "Effect",
    "FailedResource",
    "Fate",
    "FormField",
    "FormGroup",
    "Guide",
    "GuideStep",
    "LaidBalancer",
    "LaidMember",
    "LaidPool",
    "LaidWayIn",
    "Measure",
    "MemberHistory",
    "MemberSample",
    "Offer",
    "Offers",
    "Pace",
    "Part",
    "PlanRow",
    "PlanView",
    "Reach",
    "RunningResource",
    "Signpost",
    "Spread",
    "StepPlan",
    "StepState",
    "Supposition",
    "Throttle",
    "alarm_html",
    "alert_rows",
    "alerts_frame",
    "attributes_html",
    "certificates_frame",
    "changes_html",
    "checks_frame",
    "choose_pace",
    "consequences_lines",
    "count_verdicts",
    "counts_html",
    "draw_certificates",
    "draw_history",
    "draw_latencies",
    "draw_plan",
    "draw_quorum",
    "draw_series",
    "drift_frame",
    "fault_tolerance_frame",
    "find_shared_causes",
    "fleet_machine_rows",
    "fleet_machines_frame",
    "frame_html",
    "grouped_table_html",
    "judge_days_left",
    "judge_supposition",
    "machine_counts_frame",
    "machines_frame",
    "members_frame",
    "name_machine",
    "outputs_frame",
    "outputs_html",
    "pending_changes_frame",
    "pools_frame",
    "quorum_frame",
    "raft_lag",
    "render_alerts_table",
    "render_verdicts_table",
    "show_value",
    "suppositions_frame",
    "table_html",
    "targets_frame",
    "tell_next_step",
    "unit_rows",
    "units_frame",
]
