"""How much longer an apply takes through fleetkit than by a bare ``terraform apply`` of the same plan.

Both sides apply a saved plan of the same configuration to a state of their own, turn by turn, so
that a busy moment of the computer falls on both.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.judging import judge
from fleetkit.terraform import Event, SavedPlan, TerraformBinary, WorkingCopy, find_terraform
from fleetkit.views import ApplyView

__all__ = ["GOAL_DEPLOY", "Subject", "builtin_subject", "measure_deploy_overhead"]

GOAL_DEPLOY = 1.10
"""At most this many times as long as the bare apply."""

_CONFIGURATION = """
variable "resources" {}
variable "seconds" {}
resource "terraform_data" "one" {
  count = var.resources
  provisioner "local-exec" { command = "sleep ${var.seconds}" }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A configuration to apply: root module, its variables, its provider block, and the environment."""

    modules: Path
    variables: Mapping[str, Any]
    provider: Path
    environ: Mapping[str, str]


@contextmanager
def builtin_subject(*, resources: int = 20, seconds: float = 1.0) -> Iterator[Subject]:
    """Yield a configuration of builtin resources, each of which takes some seconds and needs no provider."""
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        modules = Path(name, "modules")
        modules.mkdir()
        (modules / "main.tf").write_text(_CONFIGURATION, encoding="utf-8")
        provider = Path(name, "provider.tf")
        provider.write_text("# Builtin resources need no provider.\n", encoding="utf-8")
        variables = {"resources": resources, "seconds": seconds}
        yield Subject(modules=modules, variables=variables, provider=provider, environ=dict(os.environ))


def measure_deploy_overhead(subject: Subject, *, runs: int = 5) -> dict[str, Any]:
    """Apply ``subject`` and destroy it again, ``runs`` times on each side.

    Returns
    -------
    dict
        As `benchmarks.judging.judge` gives it, in seconds.
    """
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        folder = Path(name)
        search = subject.environ.get("PATH", os.defpath)
        binary = find_terraform(None, search, launcher_folder=folder / "launcher", environ=subject.environ)
        copy = WorkingCopy(folder / "copy", binary=binary, environ=subject.environ, modules=subject.modules)
        copy.prepare(subject.variables, provider_file=subject.provider)
        for turn in range(runs):
            # Who comes first alternates, so that a warm disk favours neither.
            for is_ours in (turn % 2 == 0, turn % 2 == 1):
                saved = copy.plan()
                started = time.monotonic()
                if is_ours:
                    _apply_ours(copy, saved)
                else:
                    _apply_bare(copy, saved, binary=binary, environ=subject.environ)
                (ours if is_ours else theirs).append(time.monotonic() - started)
                copy.apply(copy.plan_destroy())
    title = "apply over a bare `terraform apply` of the same plan"
    return judge("deploy-over-bare-apply", title, GOAL_DEPLOY, ours, theirs, unit="s")


def _apply_ours(copy: WorkingCopy, saved: SavedPlan) -> None:
    view = ApplyView.for_plan(saved.plan)

    def fold(event: Event) -> None:
        nonlocal view
        view = view.after(event, at_s=time.monotonic())

    copy.apply(saved, fold)


def _apply_bare(copy: WorkingCopy, saved: SavedPlan, *, binary: TerraformBinary, environ: Mapping[str, str]) -> None:
    words = [str(binary.path), "apply", "-input=false", "-no-color", str(saved.path)]
    subprocess.run(
        words,
        cwd=copy.folder,
        env={**environ, "CHECKPOINT_DISABLE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    saved.discard()
