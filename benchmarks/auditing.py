"""What an audit adds to its calls, and prowler beside it, on one deployed cluster.

The calls alone are those that an audit made, written down once and made again by bare clients of boto3: as many at the
same time as the audit had under way at the most, none waiting for another. The audit cannot do that: it must know a
VPC before it can ask what lies in it. Beside them etcd and fleet are asked what an audit asks, through the way in.
Both sides make their clients anew, as every command does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.asked import Asked, ask_again, note_requests
from benchmarks.audit_calls import audit_aws, keep_audit, measure_audit_calls
from benchmarks.judging import describe_times, judge, take_turns
from benchmarks.prowler import judge_prowler
from benchmarks.sandboxed import sandboxed
from fleetkit import aws, workflows
from fleetkit.core import call_each
from fleetkit.workflows import Audit, Workspace
from fleetkit.workflows import _audit_etcd as inside
from fleetkit.workflows.way_in import open_way_in

__all__ = ["GOAL_OVER_CALLS", "measure_auditing"]

GOAL_OVER_CALLS = 1.5
"""An audit takes at most this many times what its calls take alone."""

_BENCH = "bench"


def measure_auditing(*, runs: int = 7, foreign: int = 1000, prowler: Path | None = None) -> Iterator[dict[str, Any]]:
    """Measure all of it.

    Parameters
    ----------
    runs
        Counted runs of each side.
    foreign
        Others' machines in the account.
    prowler
        Where prowler is to be found (`benchmarks.prowler.judge_prowler`); not measured where not given.
    """
    yield from measure_audit_calls(runs=runs, foreign=foreign)
    with sandboxed(_BENCH) as folder:
        _deploy(folder)
        yield from _judge_over_calls(folder, runs=runs)
        if prowler is not None:
            yield judge_prowler(folder, _BENCH, environment=prowler)


def _judge_over_calls(folder: Path, *, runs: int) -> Iterator[dict[str, Any]]:
    machines = aws.list_instances(workflows.open_workspace(_BENCH, folder=folder).session, _BENCH)
    parts: Mapping[str, tuple[str, Callable[[Workspace], Audit], Callable[[Workspace], None]]] = {
        "audit": ("the whole audit over its calls to AWS, etcd and fleet alone", _audit, _ask_inside(machines)),
        "audit-of-aws": ("the audit by checks of AWS over its calls alone", audit_aws, lambda _: None),
    }
    for name, (title, audit, ask_others) in parts.items():
        with note_requests() as asked:
            found = keep_audit(audit(workflows.open_workspace(_BENCH, folder=folder)))
        calls: list[float] = [sum(found.calls.values())]

        def ours(audit: Callable[[Workspace], Audit] = audit) -> None:
            keep_audit(audit(workflows.open_workspace(_BENCH, folder=folder)))

        def theirs(asked: Asked = asked, ask_others: Callable[[Workspace], None] = ask_others) -> None:
            workspace = workflows.open_workspace(_BENCH, folder=folder)
            sides: dict[str, Callable[[], None]] = {
                "aws": lambda: ask_again(asked, region=workspace.cluster.region),
                "others": lambda: ask_others(workspace),
            }
            for error in call_each(list(sides), lambda side: sides[side]()).failed.values():
                raise error

        taken = take_turns([ours, theirs], runs=runs)
        result = judge(f"{name}-over-its-calls", title, GOAL_OVER_CALLS, *taken, unit="s")
        yield {**result, "at_once": asked.at_once, "parts": {"calls": describe_times(calls, unit="calls")}}


def _audit(workspace: Workspace) -> Audit:
    return workflows.audit_cluster(workspace)


def _ask_inside(machines: tuple[aws.Instance, ...]) -> Callable[[Workspace], None]:
    """Return what asks etcd, fleet and the address service for what an audit asks of them, and does no more."""

    def ask(workspace: Workspace) -> None:
        with open_way_in(workspace, machines=lambda: machines) as way:
            readers: list[Callable[[], object]] = [
                lambda: inside.read_members(way),
                lambda: inside.read_registered(way),
                lambda: inside.read_strain(way),
                lambda: inside.read_tls(workspace, way),
                lambda: aws.read_public_address(workspace.settings.address_url),
            ]
            for error in call_each(range(len(readers)), lambda number: readers[number]()).failed.values():
                raise error

    return ask


def _deploy(folder: Path) -> None:
    workspace = workflows.open_workspace(_BENCH, folder=folder)
    workflows.apply_deploy(workspace, workflows.approve(workflows.plan_deploy(workspace), _BENCH))
    workflows.verify_deploy(workspace)
