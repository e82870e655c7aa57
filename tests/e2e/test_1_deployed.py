"""A deployed cluster is as its file says, stays so, answers as etcdctl does, and gives no secret away."""

from __future__ import annotations

import base64
import gzip
import json
import signal
from pathlib import Path

import pytest
from support.e2e_world import CLUSTER, World

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

MEMBERS = {"etcd1": "10.10.3.100", "etcd2": "10.10.4.100", "etcd3": "10.10.5.100"}


def test_a_plan_after_the_deploy_is_empty(world: World) -> None:
    assert world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"


def test_its_sandbox_ends_with_the_tests_even_when_they_are_killed(world: World) -> None:
    assert world.sandbox("status", "--json").must(0).json()["ends_with_parent"] is True


def test_a_second_deploy_has_nothing_to_do_and_makes_no_certificate_again(world: World) -> None:
    before = {path: path.read_bytes() for path in world.pki.rglob("*") if path.is_file()}
    assert before
    ended = world.fleetkit("deploy", CLUSTER).must(0)
    assert "Nothing to do" in ended.out
    assert {path: path.read_bytes() for path in world.pki.rglob("*") if path.is_file()} == before


def test_a_preflight_of_a_cluster_that_is_there_has_all_its_answers(world: World) -> None:
    seen = world.fleetkit("preflight", CLUSTER, "--json").must(0).json()
    assert [line for line in seen["lines"] if line["unread"]] == []
    assert [line for line in seen["lines"] if line["status"] == "failure"] == []


def test_health_says_what_etcdctl_says(world: World) -> None:
    health = world.fleetkit("etcd", "health", CLUSTER, "--json").must(0).json()
    assert set(health) == {"verdict", "tolerates", "setback", "certificates", "below_floor", "members"}
    assert (health["verdict"], health["tolerates"], health["setback"]) == ("healthy", 1, "")
    assert health["below_floor"] == dict.fromkeys(MEMBERS, "3.5.1"), "the sandbox's etcd has known flaws, and says so"
    assert all(set(one) == {"name", "id", "healthy", "reason", "took_ms"} for one in health["members"])
    assert {one["name"] for one in health["members"] if one["healthy"]} == set(MEMBERS)

    listed = world.etcdctl("member", "list", "--hex", "--write-out=simple").must(0).out
    theirs = {parts[2]: parts[0] for line in listed.splitlines() if (parts := line.split(", "))}
    assert theirs == {one["name"]: one["id"] for one in health["members"]}


def test_where_the_way_in_is_a_bastion_a_vpn_is_not_let_in(world: World) -> None:
    address = MEMBERS["etcd1"]
    assert world.inside("curl", "-skS", "--max-time", "2", f"https://{address}:2379/version").code == 28


@pytest.mark.parametrize("address", MEMBERS.values())
def test_a_member_knows_whom_to_answer_inside_the_vpc(world: World, address: str) -> None:
    worker = world.instances_of("public")[0]["InstanceId"]
    pki, url = "/etc/fleet/pki", f"https://{address}:2379/version"
    curl = ("shell", worker, "--", "curl", "-sS", "--fail", "--max-time", "5", "--cacert", f"{pki}/ca.crt")
    shown = ("--cert", f"{pki}/client.crt", "--key", f"{pki}/client.key")
    assert "etcdserver" in world.sandbox(*curl, *shown, url).must(0).out
    assert world.sandbox(*curl, url).code != 0


def test_etcdctl_checks_the_members_names_through_the_tunnel(world: World) -> None:
    process = world.start("fleetkit", "tunnel", "open", CLUSTER, "--json")
    try:
        assert process.stdout is not None
        text = ""
        while True:
            line = process.stdout.readline()
            assert line, f"the tunnel did not open: {process.stderr.read() if process.stderr else ''}"
            text += line
            if line == "}\n":
                break
        variables = json.loads(text)["environment"]
        argv = world.etcdctl_argv(variables["ETCDCTL_ENDPOINTS"])
        ended = world.run("env", "ETCDCTL_API=3", *argv, "endpoint", "health")
        assert ended.must(0).text.count("is healthy") == 3
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err


def _user_data(world: World) -> dict[str, bytes]:
    ec2 = world.client("ec2")
    found = {}
    for one in world.instances():
        answer = ec2.describe_instance_attribute(InstanceId=one["InstanceId"], Attribute="userData")
        content = base64.b64decode(answer["UserData"].get("Value", ""))
        found[one["InstanceId"]] = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    assert len(found) == 9
    assert all(found.values())
    return found


def _kept_files(world: World) -> dict[str, bytes]:
    """Return every file of the working folder but the certificates: state, plans, records, logs."""
    left_out = (world.pki, world.work / "clusters" / CLUSTER / "terraform" / ".terraform")
    files = (path for path in world.work.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): path.read_bytes() for path in files if not any(map(path.is_relative_to, left_out))}


def _secrets(world: World) -> dict[str, bytes]:
    keys = [path for path in world.pki.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert len(keys) >= 12
    # A line out of the middle: that is what stays of a key however it is wrapped.
    lines = {str(path): path.read_bytes().splitlines()[1] for path in keys}
    return {**lines, "AWS": world.sandbox_variables["AWS_SECRET_ACCESS_KEY"].encode()}


def assert_no_secret(world: World, places: dict[str, bytes]) -> None:
    for secret, content in _secrets(world).items():
        for place, text in places.items():
            assert content not in text, f"the secret of {secret} stands in {place}"
    for place, text in places.items():
        assert b"PRIVATE KEY-----" not in text, f"a private key stands in {place}"


def test_no_secret_is_in_state_files_user_data_or_output(world: World) -> None:
    places = {**_kept_files(world), **_user_data(world)}
    places |= {" ".join(one.argv): one.text.encode() for one in world.said if one.argv[1:3] != ("sandbox", "env")}
    assert any(place.endswith("terraform.tfstate") for place in places)
    assert_no_secret(world, places)


def test_private_keys_are_for_their_owner_alone(world: World) -> None:
    loose = [str(path) for path in world.pki.rglob("*.key") if path.stat().st_mode & 0o077]
    assert loose == []
    assert Path(world.pki).stat().st_mode & 0o077 == 0
