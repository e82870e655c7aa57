"""Schedules: notebooks that are run at set times with nobody there.

The times are kept by whoever keeps such things already: the user's systemd, cron, a JupyterLab or an Airflow.
This room writes down what is to be run, gives them what they need for it, and is what they call: one run at a time,
within its limit, tried again where that can help, recorded as any other run. And it tells who is to know how a run
ended.
"""

from fleetkit.schedule._delivering import Delivery
from fleetkit.schedule._post import Telling
from fleetkit.schedule.adding import Added, Change, Wish, add_entry, draft_entry, find_program, remove_entry
from fleetkit.schedule.airflow import find_dags
from fleetkit.schedule.choosing import find_scheduler
from fleetkit.schedule.cron_line import CronLine, parse_cron, parse_zone
from fleetkit.schedule.destinations import DestinationFacts, DestinationKind, list_destinations
from fleetkit.schedule.entries import entry_file, list_entries, read_entry, render_entry
from fleetkit.schedule.entry import Entry, Order, SchedulerKind
from fleetkit.schedule.environment import apply_environment, choose_environment, is_secret_variable, list_left_out
from fleetkit.schedule.holding import hold_schedule
from fleetkit.schedule.on_calendar import to_on_calendar
from fleetkit.schedule.outbox import Outbox, WaitingNotice
from fleetkit.schedule.running import Attendants, list_scheduled_runs, run_entry
from fleetkit.schedule.scheduler import Placement, Scheduler
from fleetkit.schedule.standing import Unattended, read_unattended, require_schedulable
from fleetkit.schedule.telling import (
    open_outbox,
    require_destinations,
    retry_notices,
    send_test_notice,
    tell_message,
    tell_outcome,
)
from fleetkit.schedule.times import judge_times, next_times

__all__ = [
    "Added",
    "Attendants",
    "Change",
    "CronLine",
    "Delivery",
    "DestinationFacts",
    "DestinationKind",
    "Entry",
    "Order",
    "Outbox",
    "Placement",
    "Scheduler",
    "SchedulerKind",
    "Telling",
    "Unattended",
    "WaitingNotice",
    "Wish",
    "add_entry",
    "apply_environment",
    "choose_environment",
    "draft_entry",
    "entry_file",
    "find_dags",
    "find_program",
    "find_scheduler",
    "hold_schedule",
    "is_secret_variable",
    "judge_times",
    "list_destinations",
    "list_entries",
    "list_left_out",
    "list_scheduled_runs",
    "next_times",
    "open_outbox",
    "parse_cron",
    "parse_zone",
    "read_entry",
    "read_unattended",
    "remove_entry",
    "render_entry",
    "require_destinations",
    "require_schedulable",
    "retry_notices",
    "run_entry",
    "send_test_notice",
    "tell_message",
    "tell_outcome",
    "to_on_calendar",
]
