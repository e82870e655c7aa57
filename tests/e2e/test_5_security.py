"""Each security rule and each grant of a cluster is needed: without it something ends, and with it that comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.e2e_world import CLUSTER, World, wait_for
from support.security_grants import list_grants, withdrawn
from support.security_needs import WITH_A_BASTION, Scene, find_misfits, set_scene, try_without
from support.security_rules import list_rules

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def scene(world: World) -> Iterator[Scene]:
    with set_scene(world) as made:
        yield made


def test_every_rule_is_one_that_is_known_to_be_needed_and_every_need_has_its_rules(scene: Scene) -> None:
    assert find_misfits(list_rules(scene.world), WITH_A_BASTION) == []


@pytest.mark.slow
def test_each_rule_taken_away_ends_what_needs_it_and_put_back_heals_it(scene: Scene) -> None:
    found = {str(rule): try_without(scene, rule, WITH_A_BASTION) for rule in list_rules(scene.world)}
    assert len(found) >= 49
    assert {rule: why for rule, why in found.items() if why} == {}


# What the fetch says when a grant of the machine's role is missing: which object it was not given, or that there
# are no keys at all.
DENIED = {
    **{f"{role} may s3:GetObject archives/*": "/archives/" for role in ("master", "internal", "public")},
    "master may s3:GetObject roles/master/*": "/roles/master/etcd1/manifest: ",
    "internal may s3:GetObject roles/internal/*": "/roles/internal/manifest: ",
    "public may s3:GetObject roles/public/*": "/roles/public/manifest: ",
    "bastion may s3:GetObject roles/bastion/*": "/roles/bastion/manifest: ",
    **{
        f"{role} may be sts:AssumeRole by ec2.amazonaws.com": "came without usable credentials"
        for role in ("master", "internal", "public", "bastion")
    },
}
NOT_SEEN = {
    "flow-logs may be sts:AssumeRole by vpc-flow-logs.amazonaws.com",
    "flow-logs may logs:CreateLogStream log-group:/fleetkit/demo/flow-logs:*",
    "flow-logs may logs:DescribeLogStreams log-group:/fleetkit/demo/flow-logs:*",
    "flow-logs may logs:PutLogEvents log-group:/fleetkit/demo/flow-logs:*",
}
"""Used by Amazon's own service, which writes no flow logs in the sandbox."""


@pytest.mark.slow
def test_each_grant_taken_away_fails_the_fetch_with_amazons_answer_and_given_back_mends_it(scene: Scene) -> None:
    grants = list_grants(scene.world)
    assert {str(one) for one in grants} == set(DENIED) | NOT_SEEN
    for grant in (one for one in grants if str(one) in DENIED):
        # What a machine has already, it does not fetch again.
        fetch = ("sh", "-c", "rm -f /opt/fleetkit/fleet.tar.gz; /opt/bin/fleetkit-fetch")
        with withdrawn(scene.world, grant):
            failed = scene.run_at(grant.role, *fetch)
        said = failed.stderr.decode()
        assert failed.returncode == 1, grant
        assert DENIED[str(grant)] in said, said
        assert ("403" in said) == (grant.resource != ""), said
        assert scene.run_at(grant.role, *fetch).returncode == 0, grant


@pytest.mark.slow
def test_all_is_put_back_as_it_was(scene: Scene) -> None:
    assert scene.world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"
    wait_for("health", lambda: scene.world.health()["verdict"] == "healthy")
