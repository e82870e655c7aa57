"""A deploy that is killed, again and again, on the way to one cluster; and one that is ended with Ctrl-C."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recovery_deploys import Deploy

from fleetkit.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(3000)]

MOMENTS = (
    ("created module.security.aws_iam_role.this", 3),
    ("created module.network[0].aws_vpc.this", 8),
    ("created module.network[0].aws_subnet", 6),
    ("created module.network[0].aws_eip.nat", 12),
    ("created module.security.aws_security_group_rule", 6),
    ("created module.network[0].aws_nat_gateway", 25),
    ("created module.workers", 25),
    ("creating module.dns.aws_route53_zone", 8),
    ("created module.etcd.aws_instance.member", 6),
)
"""What a progress line says before the kill, or after how many creations it comes at the latest: what is being made
depends on what the deploys before have left."""

ADOPTED = ("aws_lb.", "aws_route53_zone.")
"""What takes so long that a kill always finds it half made."""


@pytest.fixture
def place() -> Iterator[Path]:
    # Socket paths are short, so is the folder's.
    folder = Path(tempfile.mkdtemp(prefix="fk-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def environ(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with Sandbox(place / "box") as sandbox:
        values = sandbox.environment_for(os.environ)
        for name in ("init", "pin"):
            fleetkit(place, values, name, "demo")
        yield values


def fleetkit(place: Path, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fleetkit.cli", *words], cwd=place, env=environ, capture_output=True, text=True
    )


def test_a_deploy_killed_at_many_points_ends_as_one_whole_cluster(place: Path, environ: dict[str, str]) -> None:
    kills = 0
    told: list[str] = []
    for moment, creations in MOMENTS:
        deploy = Deploy(place, "demo", environ=environ)
        if deploy.run_until(moment, creations=creations):
            deploy.kill()
            kills += 1
        else:
            assert deploy.process.wait() == 0, "\n".join(deploy.lines[-40:])
        told += [line for line in deploy.lines if "to be adopted as" in line]
    assert kills >= 8, "\n".join(told)
    last = Deploy(place, "demo", environ=environ)
    assert last.finish() == 0, "\n".join(last.lines[-40:])
    told += [line for line in last.lines if "to be adopted as" in line]
    assert [kind for kind in ADOPTED if not any(kind in line for line in told)] == [], "\n".join(told)
    plan = fleetkit(place, environ, "plan", "demo")
    assert (plan.returncode, plan.stdout.strip()) == (0, "No changes."), plan.stdout + plan.stderr


def test_ctrl_c_ends_a_deploy_in_good_order_and_the_next_one_goes_on(place: Path, environ: dict[str, str]) -> None:
    deploy = Deploy(place, "demo", environ=environ)
    assert deploy.run_until("created module.network[0].aws_nat_gateway"), "\n".join(deploy.lines[-40:])
    deploy.interrupt()
    assert deploy.finish() == 130, "\n".join(deploy.lines[-40:])
    again = Deploy(place, "demo", environ=environ)
    assert again.finish() == 0, "\n".join(again.lines[-40:])
    plan = fleetkit(place, environ, "plan", "demo")
    assert (plan.returncode, plan.stdout.strip()) == (0, "No changes."), plan.stdout + plan.stderr
