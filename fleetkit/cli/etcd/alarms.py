"""``fleetkit etcd alarms``: which alarms are raised, what to do about them in which order, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._approving import ask_approval
from fleetkit.cli._etcd_options import EtcdSource, etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_table

if TYPE_CHECKING:
    from fleetkit.etcd import Alarm

__all__ = ["command"]


@click.command("alarms")
@cluster_argument
@click.option("--disarm", is_flag=True, help="Take back the alarms that are raised, once their cause is gone.")
@click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve that by the cluster's name (of another etcd: its first endpoint), asked for in a terminal, or by the "
    "sha256 of what is raised, where the cluster file demands that.",
)
@etcd_options
@json_option
def command(cluster: str | None, disarm: bool, approve: str, as_json: bool, **options: Any) -> int:
    """List the alarms that are raised, and what to do about each.

    etcd raises NOSPACE when a member reaches its quota, and takes no writes until the alarm is disarmed by hand: first
    compact, then defragment, then disarm. NOSPACE comes back with the next write while its cause is there; CORRUPT does
    not come back by itself, and is not taken back before all members hold the same.

    Exits 3 while an alarm is raised, 4 when disarming it was not approved.
    """
    from fleetkit.etcd import disarm_alarm, list_alarms, list_members
    from fleetkit.workflows import hold_for_disarming

    with open_source(cluster, **options) as source:
        how: dict[str, Any] = {"tls": source.tls, "limits": source.limits}
        raised = list_alarms(source.endpoints, **how)
        names = {one.id: one.name for one in list_members(source.endpoints, **how)} if raised else {}
        if not as_json:
            _show(raised, names)
        disarmed = raised if disarm else ()
        if disarmed:
            _require_approval(source, disarmed, approve)
            with hold_for_disarming(source.workspace):
                for one in disarmed:
                    disarm_alarm(source.endpoints, one, **how)
                    print_note(f"disarmed {one.alarm} of {names.get(one.member_id) or one.member_id or 'the cluster'}")
            raised = list_alarms(source.endpoints, **how)
        steps = _next_steps(raised, source)
    if as_json:
        print_json({"alarms": _facts(raised, names), "disarmed": _facts(disarmed, names), "next": steps})
    else:
        print_lines(*steps)
    return ExitCode.FINDINGS if raised else ExitCode.DONE


def _require_approval(source: EtcdSource, raised: Sequence[Alarm], given: str) -> None:
    """Hold it to the rules of the cluster file; another etcd has none, and is named."""
    from fleetkit.config import Approval
    from fleetkit.etcd import AlarmKind, hash_kv
    from fleetkit.workflows import DisarmPlan, approve

    corrupt = any(one.alarm is AlarmKind.CORRUPT for one in raised)
    hashes = hash_kv(source.endpoints, tls=source.tls, limits=source.limits) if corrupt else None
    rules = Approval() if source.workspace is None else source.workspace.cluster.approval
    plan = DisarmPlan(cluster=_name(source), alarms=tuple(raised), hashes=hashes, rules=rules)
    approve(plan, ask_approval(plan, given))


def _name(source: EtcdSource) -> str:
    return source.endpoints[0].name if source.workspace is None else source.workspace.cluster.name


def _facts(alarms: Sequence[Alarm], names: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": names.get(one.member_id, ""), "member_id": one.member_id, "alarm": one.alarm} for one in alarms]


def _show(raised: Sequence[Alarm], names: dict[str, str]) -> None:
    if raised:
        print_table(
            ("name", "id", "alarm"), [(names.get(one.member_id, ""), one.member_id, one.alarm) for one in raised]
        )
    else:
        print_lines("no alarm is raised")


def _next_steps(raised: Sequence[Alarm], source: EtcdSource) -> list[str]:
    """Say what mends what is raised, in its right order."""
    from fleetkit.etcd import AlarmKind

    kinds = {one.alarm for one in raised}
    steps = []
    if AlarmKind.CORRUPT in kinds:
        steps.append("CORRUPT: fleetkit etcd hash names the member that differs; replace that one, then disarm")
    if AlarmKind.NOSPACE in kinds and source.workspace is None:
        steps += ["NOSPACE: etcdctl compact, etcdctl defrag on each member, then disarm"]
    elif AlarmKind.NOSPACE in kinds:
        name = _name(source)
        steps += [
            "NOSPACE, in this order:",
            f"  1. compact and defragment: fleetkit etcd defragment {name} --compact",
            f"  2. disarm: fleetkit etcd alarms {name} --disarm",
        ]
    return steps
