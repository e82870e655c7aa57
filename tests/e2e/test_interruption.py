"""A deploy that is killed, again and again, on the way to one cluster; and one that is ended with Ctrl-C."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.account_census import compare_account, things_outside
from support.aws_between import Between, serve_between
from support.recovery_deploys import Deploy, run_fleetkit

from fleetkit.aws import AwsSession, Thing, ThingKind, open_session

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(3000)]

HELD = {
    "CreateRole": ThingKind.ROLE,
    "CreateVpc": ThingKind.VPC,
    "CreateNatGateway": ThingKind.NAT_GATEWAY,
    "CreateHostedZone": ThingKind.HOSTED_ZONE,
    "CreateTargetGroup": ThingKind.TARGET_GROUP,
    "CreateLoadBalancer": ThingKind.LOAD_BALANCER,
    "RunInstances": ThingKind.INSTANCE,
    "CreateAutoScalingGroup": ThingKind.AUTO_SCALING_GROUP,
}
"""Creations that AWS carries out and of which Terraform never hears, because it is killed before the answer comes."""

KILLS = 8
"""So many deploys are killed at the least; until then, each after a few creations when nothing of the above happens."""

FEW = 5
CUT_AFTER = 5
"""After so many kills the state file is found cut off once, as by a power cut in the middle of its writing."""


class Interruptions:
    """Deploys that are killed one after the other, and what they left outside the state."""

    def __init__(self, place: Path, session: AwsSession) -> None:
        self.place = place
        self.session = session
        self.state = place / "clusters" / "demo" / "terraform" / "terraform.tfstate"
        self.open_kinds = dict(HELD)
        self.orphans: list[Thing] = []
        self.told: list[str] = []
        self.kills = 0
        self.cut = b""

    def kill_one(self, between: Between, environ: dict[str, str]) -> None:
        """Kill a deploy when AWS has done what it must not hear of, or after a few creations."""
        anything = threading.Event()
        done = {action: between.hold(action, tell=anything) for action in self.open_kinds}
        few = FEW if self.open_kinds else 1
        with Deploy(self.place, "demo", environ=environ) as deploy:
            assert deploy.run_until(anything, creations=few if self.kills < KILLS or not self.cut else 1000), (
                f"a deploy ended and had nothing to do with {', '.join(self.open_kinds)}:\n{deploy.tail}"
            )
            deploy.kill()
        # What was on its way to AWS at that moment is carried out all the same, and counts as not heard of.
        between.settle()
        between.pass_all()
        self.kills += 1
        self.told += deploy.lines
        outside = things_outside(self.session, "demo", self.state)
        for action in [action for action, event in done.items() if event.is_set()]:
            kind = self.open_kinds.pop(action)
            lost = [one for one in outside if one.kind is kind]
            assert lost, f"AWS has made nothing by {action} that the state does not know"
            self.orphans += lost

    def cut_off_state(self) -> None:
        """Cut the state file in half, unless the kill itself has left it empty: then a later one is cut."""
        self.cut = self.state.read_bytes()[: self.state.stat().st_size // 2]
        self.state.write_bytes(self.cut)

    @property
    def forgotten(self) -> list[str]:
        """What was left outside the state, and was neither adopted nor removed by a later deploy."""
        said = "\n".join(self.told)
        return [
            str(one)
            for one in self.orphans
            if f"unknown to the state: {one}; to be adopted as" not in said and f"\nremoved {one}" not in said
        ]


def test_a_deploy_killed_at_many_points_ends_as_one_whole_cluster(place: Path, environ: dict[str, str]) -> None:
    session = open_session(environ["AWS_REGION"])
    run = Interruptions(place, session)
    with serve_between(environ, place) as (between, through):
        while run.open_kinds or run.kills < KILLS or not run.cut:
            run.kill_one(between, through)
            if run.kills >= CUT_AFTER and not run.cut:
                run.cut_off_state()
    with Deploy(place, "demo", environ=environ) as last:
        assert last.finish() == 0, last.tail
    run.told += last.lines
    assert {one.kind for one in run.orphans} == set(HELD.values())
    assert run.forgotten == [], "\n".join(line for line in run.told if "unknown to the state" in line)
    said = "\n".join(run.told)
    assert f"terraform.tfstate was cut off while it was written ({len(run.cut)} bytes)" in said
    assert run.cut in [path.read_bytes() for path in run.state.parent.glob("terraform.tfstate.broken-*")]
    assert compare_account(session, "demo", run.state) == []
    plan = run_fleetkit(place, environ, "plan", "demo")
    assert (plan.returncode, plan.stdout.strip()) == (0, "No changes."), plan.stdout + plan.stderr


def test_ctrl_c_ends_a_deploy_in_good_order_and_the_next_one_goes_on(place: Path, environ: dict[str, str]) -> None:
    with Deploy(place, "demo", environ=environ) as deploy:
        assert deploy.run_until("created module.network[0].aws_nat_gateway"), deploy.tail
        deploy.interrupt()
        assert deploy.finish() == 130, deploy.tail
    with Deploy(place, "demo", environ=environ) as again:
        assert again.finish() == 0, again.tail
    plan = run_fleetkit(place, environ, "plan", "demo")
    assert (plan.returncode, plan.stdout.strip()) == (0, "No changes."), plan.stdout + plan.stderr
