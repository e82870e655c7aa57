"""A whole deploy against a bare ``terraform apply`` of the same cluster, in an AWS on this computer.

Both sides deploy the same cluster file from nothing, and destroy it again untimed.
Ours is everything between the approval and the verification: certificates, bucket, apply.
The bare side is handed bucket and certificates, since Terraform makes neither.
Waiting for the quorum is timed apart and belongs to neither.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.deploy_overhead import GOAL_DEPLOY
from benchmarks.judging import describe_times, judge
from benchmarks.sandboxed import sandboxed
from fleetkit import workflows
from fleetkit.workflows import DeployPlan, Reporter, Workspace
from fleetkit.workflows.supplying import ensure_certificates, supply_bucket

__all__ = ["measure_whole_deploy"]

_NAME = "bench"


def measure_whole_deploy(*, runs: int = 2) -> Iterator[dict[str, Any]]:
    """Deploy and destroy the cluster ``runs`` times on each side, in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    waits: list[float] = []
    applies: list[float] = []
    with sandboxed(_NAME) as folder:
        for turn in range(runs):
            for is_ours in (turn % 2 == 0, turn % 2 == 1):
                workspace = workflows.open_workspace(_NAME, folder=folder)
                if is_ours:
                    whole, apply = _deploy(workspace)
                    ours.append(whole)
                    applies.append(apply)
                    waits.append(_timed(lambda workspace=workspace: workflows.verify_deploy(workspace)))
                else:
                    theirs.append(_deploy_bare(workspace))
                _destroy(workspace)
    title = "deploy of a whole cluster over a bare `terraform apply` of the same plan"
    result = judge("whole-deploy-over-bare-apply", title, GOAL_DEPLOY, ours, theirs, unit="s")
    # How much of our side is Terraform's apply, and what came after it: for who looks for lost time.
    parts = {"apply": describe_times(applies, unit="s"), "quorum_wait": describe_times(waits, unit="s")}
    yield {**result, "parts": parts}


def _deploy(workspace: Workspace) -> tuple[float, float]:
    """Deploy as the command does, and return the seconds of the whole and of Terraform's part."""
    approved = workflows.approve(workflows.plan_deploy(workspace), _NAME)
    first_event: list[float] = []

    def note_first(_event: object) -> None:
        if not first_event:
            first_event.append(time.monotonic())

    whole = _timed(lambda: workflows.apply_deploy(workspace, approved, report=Reporter(event=note_first)))
    return whole, time.monotonic() - first_event[0]


def _deploy_bare(workspace: Workspace) -> float:
    supply_bucket(workspace, ensure_certificates(workspace))
    plan = workflows.plan_deploy(workspace)
    seconds = _timed(lambda: _apply_bare(workspace, plan))
    plan.saved.discard()
    return seconds


def _apply_bare(workspace: Workspace, plan: DeployPlan) -> None:
    from fleetkit.terraform import find_terraform

    launchers = workspace.paths.folder / "bin"
    binary = find_terraform(None, workspace.environ["PATH"], launcher_folder=launchers, environ=workspace.environ)
    words = [str(binary.path), "apply", "-input=false", "-no-color", str(plan.saved.path)]
    subprocess.run(words, cwd=workspace.paths.terraform, env=workspace.environ, stdout=subprocess.DEVNULL, check=True)


def _destroy(workspace: Workspace) -> None:
    approved = workflows.approve(workflows.plan_destroy(workspace, backs_up=False), _NAME)
    workflows.apply_destroy(workspace, approved, backup=workflows.make_final_backup(workspace, approved))
    workflows.sweep_leftovers(workspace)
    # The next deploy starts from nothing too: no certificates, no working copy.
    shutil.rmtree(workspace.paths.folder)


def _timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started
