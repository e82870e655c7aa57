"""How many calls an audit makes, at one and at ten times a cluster's workers, and what others in the account cost it.

Measured in emulated AWS where nothing boots: of a thousand machines no computer makes rooms. So etcd and fleet are not
asked, for which AWS is not asked either.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.judging import judge, take_turns
from benchmarks.sandboxed import bare_aws, turned_to
from fleetkit import aws, workflows
from fleetkit.checks import load_checks
from fleetkit.workflows import Audit, Workspace
from tests.support.audited_cluster import NAME, add_foreign_machines, make_audited_cluster

__all__ = ["GOAL_CALLS", "GOAL_FOREIGN", "audit_aws", "keep_audit", "measure_audit_calls"]

GOAL_CALLS = 1.0
"""An audit makes no more calls than what is reckoned for the cluster: a, and b for each of its resources."""

GOAL_FOREIGN = 1.2
"""With others' machines in the account, an audit takes at most this many times what it takes without them."""

_ELSEWHERE = {"members", "operator_address", "registered", "strain", "tls"}
"""Facts of which AWS is not asked."""

_FEW, _MANY = 2, 20
"""Workers in each pool."""


def measure_audit_calls(*, runs: int, foreign: int) -> Iterator[dict[str, Any]]:
    """Count calls for a cluster and for one with ten times the workers, and time an audit among others' machines."""
    for workers in (_FEW, _MANY):
        with _cluster(workers) as audit:
            yield _judge_calls(keep_audit(audit()), workers)
    with _cluster(_FEW) as alone, _cluster(_FEW, foreign=foreign) as crowded:
        ours, theirs = take_turns([lambda: keep_audit(crowded()), lambda: keep_audit(alone())], runs=runs)
        same = dict(crowded().calls) == dict(alone().calls)
    result = judge(
        "audit-among-others-over-alone",
        f"the audit with {foreign:,} machines of others in the account over the same without them",
        GOAL_FOREIGN,
        ours,
        theirs,
        unit="s",
    )
    yield {**result, "same_calls": same, "met": result["met"] and same}


@contextlib.contextmanager
def _cluster(workers: int, *, foreign: int = 0) -> Iterator[Callable[[], Audit]]:
    """Yield what audits a cluster in an emulated AWS of its own, by the checks for which AWS alone is asked."""
    with bare_aws() as environment, tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        folder = Path(name)
        with turned_to(environment):
            session = aws.open_session()
            make_audited_cluster(session, folder, workers=workers)
            if foreign:
                add_foreign_machines(session, foreign)

        def audit() -> Audit:
            with turned_to(environment):
                return audit_aws(workflows.open_workspace(NAME, folder=folder))

        yield audit


def _judge_calls(found: Audit, workers: int) -> dict[str, Any]:
    return judge(
        f"audit-calls-with-{workers}-workers",
        f"calls of an audit with {workers} workers in each pool over what is reckoned for that cluster",
        GOAL_CALLS,
        [sum(found.calls.values())],
        [found.budget],
        unit="calls",
    )


def audit_aws(workspace: Workspace) -> Audit:
    """Audit by the checks for which AWS alone is asked."""
    names = [one.id for one in load_checks() if not _ELSEWHERE & set(one.facts)]
    return workflows.audit_cluster(workspace, checks=names)


def keep_audit(found: Audit) -> Audit:
    """Refuse an audit that could not read something: it must not pass for a fast or a frugal one."""
    if found.outcome == "failed":
        raise RuntimeError(f"something could not be read: {found}")
    return found
