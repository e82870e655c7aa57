"""A cluster that is entered by a VPN: no bastion, no tunnel; with a deploy host, and with its public web encrypted.

What it has beyond the cluster of the other tests is tried here: its rules, its grants, its other way in.
"""

from __future__ import annotations

import base64
import datetime as dt
import subprocess
from collections.abc import Iterator

import pytest
from support import e2e_world
from support.e2e_world import CLUSTER, Ended, World, tags_of, wait_for
from support.security_grants import Grant, list_grants, withdrawn
from support.security_needs import WITH_ALL_ELSE, Scene, find_misfits, set_scene, try_without
from support.security_rules import list_rules

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(1200)]


def _import_certificate(world: World) -> str:
    """Give the account a certificate for the public web, and return its ARN."""
    key, certificate = world.folder / "web.key", world.folder / "web.crt"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=www.example.com"]
    made += ["-addext", "subjectAltName=DNS:www.example.com", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    acm = world.client("acm")
    answer = acm.import_certificate(Certificate=certificate.read_bytes(), PrivateKey=key.read_bytes())
    return str(answer["CertificateArn"])


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = e2e_world.bring_up(tmp_path_factory.mktemp("vpn"))
    try:
        first = world.work / "first"
        first.mkdir()
        (first / "hello@.service").write_text("[Service]\nExecStart=/bin/sleep 100000\n[X-Fleet]\nConflicts=hello@*\n")
        world.fleetkit("init", CLUSTER).must(0)
        world.edit(r'^access = "bastion"$', 'access = "vpn"')
        world.edit(r'^# vpn_cidr = ""$', 'vpn_cidr = "10.8.0.0/24"')
        world.edit(r'^# certificate_arn = ""$', f'certificate_arn = "{_import_certificate(world)}"')
        world.edit(
            r"(\[deploy_host\]\n(?:#.*\n)*)enabled = false$",
            r'\1enabled = true\nunits = "first"\ninstances = ["hello@{1..2}.service"]',
        )
        for verb in ("pin", "preflight"):
            world.inside("fleetkit", verb, CLUSTER).must(0)
        yield world
    finally:
        e2e_world.take_down(world)


@pytest.fixture(scope="module")
def deployed(private: World) -> Ended:
    return private.inside("fleetkit", "deploy", CLUSTER, "--approve", CLUSTER)


def _outside(world: World, *argv: str) -> Ended:
    """Run a program in a network that leads nowhere, as a computer's does whose VPN is not connected."""
    return world.run("unshare", "--user", "--map-root-user", "--net", *argv)


def test_a_deploy_from_within_the_vpn_verifies_what_it_made_without_a_bastion(private: World, deployed: Ended) -> None:
    assert "demo lives: etcd has its quorum with 3 members" in deployed.must(0).out
    assert private.instances_of("bastion") == []
    # Nothing of it is to be reached from outside but the public web.
    assert {one["port"] for one in private.sandbox("status", "--json").must(0).json()["public"]} == {80, 443}


def test_health_and_inspection_need_no_tunnel_there(private: World, deployed: Ended) -> None:
    health = private.inside("fleetkit", "etcd", "health", CLUSTER, "--json").must(0).json()
    assert (health["verdict"], health["tolerates"]) == ("healthy", 1)
    opened = private.inside("fleetkit", "tunnel", "open", CLUSTER, "--json").must(0)
    assert "reached through a VPN" in opened.err
    assert opened.json()["endpoints"]["etcd1"]["address"] == "10.10.3.100"
    parts = private.inside("fleetkit", "inspect", CLUSTER, "--json").json()["parts"]
    for part in ("machines", "members", "quorum", "certificates", "drift", "pending"):
        assert (parts[part]["findings"], parts[part]["unknown"]) == ([], ""), part
    assert len(parts["members"]["rows"]) == 3


def test_without_the_vpn_nothing_is_said_of_the_members_but_that_the_vpn_is_missing(
    private: World, deployed: Ended
) -> None:
    found = _outside(private, "fleetkit", "etcd", "health", CLUSTER, "--json").must(1)
    assert found.json()["verdict"] == "unknown"
    for member in found.json()["members"]:
        assert "the VPN: it has to be connected" in member["reason"]
    listed = _outside(private, "fleetkit", "etcd", "members", CLUSTER).must(1)
    assert "no way to 10.10.3.100:2379" in listed.err


def test_the_deploy_host_has_left_its_mark_and_ended_and_is_not_wanted_again(private: World, deployed: Ended) -> None:
    (host,) = private.instances_of("deploy", "terminated")
    assert [one["GroupName"] for one in host["SecurityGroups"]] == [f"{CLUSTER}-deploy"]
    mark = private.client("s3").get_object(Bucket=_bucket(private), Key="roles/deploy/done")["Body"].read().decode()
    assert abs(dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(mark)) < dt.timedelta(hours=1)
    assert private.inside("fleetkit", "plan", CLUSTER).must(0).out == "No changes.\n"


def test_the_units_that_the_deploy_host_sent_run_and_so_they_do_when_their_folder_has_gone(
    private: World, deployed: Ended
) -> None:
    def verdicts() -> dict[str, str]:
        told = private.inside("fleetkit", "units", "list", CLUSTER, "--json").json()
        return {one["name"]: one["verdict"] for one in told["units"]}

    wanted = {"hello@.service": "inactive", "hello@1.service": "running", "hello@2.service": "running"}
    wait_for("the first units to run", lambda: verdicts() == wanted)
    (private.work / "first").rename(private.work / "gone")
    assert private.inside("fleetkit", "plan", CLUSTER).must(0).out == "No changes.\n"


def _bucket(world: World) -> str:
    (name,) = [one["Name"] for one in world.client("s3").list_buckets()["Buckets"]]
    return str(name)


def _grant(world: World, text: str) -> Grant:
    (found,) = [one for one in list_grants(world) if str(one) == text]
    return found


@pytest.fixture(scope="module")
def scene(private: World, deployed: Ended) -> Iterator[Scene]:
    """Return the cluster with its deploy host at work, which lasts as long as it may not leave its mark."""
    deployed.must(0)
    (host,) = private.instances_of("deploy", "terminated")
    ec2 = private.client("ec2")
    told = ec2.describe_instance_attribute(InstanceId=host["InstanceId"], Attribute="userData")["UserData"]["Value"]
    with withdrawn(private, _grant(private, "deploy may s3:PutObject roles/deploy/done")):
        again = ec2.run_instances(
            ImageId=host["ImageId"],
            InstanceType=host["InstanceType"],
            MinCount=1,
            MaxCount=1,
            KeyName=host["KeyName"],
            SubnetId=private.instances_of("master")[0]["SubnetId"],
            SecurityGroupIds=[one["GroupId"] for one in host["SecurityGroups"]],
            IamInstanceProfile={"Name": f"fleetkit-{CLUSTER}-{private.sandbox_variables['AWS_REGION']}-deploy"},
            MetadataOptions={"HttpTokens": "required"},
            InstanceInitiatedShutdownBehavior="terminate",
            UserData=base64.b64decode(told),
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags_of(host).items()]}
            ],
        )["Instances"][0]["InstanceId"]
        wait_for("the host to be there", lambda: private.instances_of("deploy") != [])
        with set_scene(private) as made:
            wait_for("the host to try to leave its mark", lambda: "done: " in _said(made, again))
            yield made
    wait_for("the host to end", lambda: private.instances_of("deploy") == [])


def _said(scene: Scene, machine: str) -> str:
    return scene.sandbox.run_on(machine, ["journalctl", "-u", "fleetkit-deploy"]).stdout.decode()


def test_without_its_grant_the_deploy_host_says_so_and_goes_on(scene: Scene) -> None:
    (host,) = scene.world.instances_of("deploy")
    assert "roles/deploy/done: curl: (22) The requested URL returned error: 403" in _said(scene, host["InstanceId"])


def test_every_rule_is_one_that_is_known_to_be_needed_and_every_need_has_its_rules(scene: Scene) -> None:
    assert find_misfits(list_rules(scene.world), WITH_ALL_ELSE) == []


def test_each_rule_taken_away_ends_what_needs_it_and_put_back_heals_it(scene: Scene) -> None:
    found = {str(rule): try_without(scene, rule, WITH_ALL_ELSE) for rule in list_rules(scene.world)}
    assert len(found) >= 46
    assert {rule: why for rule, why in found.items() if why} == {}


def test_each_grant_of_the_deploy_host_taken_away_fails_its_fetch(scene: Scene) -> None:
    denied = {
        "deploy may be sts:AssumeRole by ec2.amazonaws.com": "came without usable credentials",
        "deploy may s3:GetObject archives/*": "/archives/",
        "deploy may s3:GetObject roles/deploy/*": "/roles/deploy/manifest: ",
    }
    grants = {str(one): one for one in list_grants(scene.world) if one.role == "deploy"}
    assert set(grants) == set(denied)
    fetch = ("sh", "-c", "rm -f /opt/fleetkit/fleet.tar.gz; /opt/bin/fleetkit-fetch")
    for text, grant in grants.items():
        with withdrawn(scene.world, grant):
            failed = scene.run_at("deploy", *fetch)
        assert failed.returncode == 1, text
        assert denied[text] in failed.stderr.decode()
        assert scene.run_at("deploy", *fetch).returncode == 0, text
