"""Preflight: each line ok, warned of or failed for its own reason, and told how to mend."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.stub import Stubber
from support.aws_moto import make_subnet, make_vpc, run_machine, tag_specification
from support.aws_world import World, surrounding_world
from support.http_answers import Reply
from support.pki_made import LONG_AGO, MEMBERS, ZONE, make_demo_pki

from fleetkit.core import PreconditionError, ServiceError, TerraformError
from fleetkit.pki import renew_leaf
from fleetkit.workflows import preflight as module
from fleetkit.workflows import warn_of_certificates
from fleetkit.workflows._check_lines import Check
from fleetkit.workflows._preflight_software import SOFTWARE_CHECKS
from fleetkit.workflows.preflight import CheckLine, CheckStatus, Preflight, require_preflight, run_preflight

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        yield found


def look(world: World, **environ: str) -> Preflight:
    return run_preflight(
        world.open(**environ), describe_terraform=lambda: "Terraform 1.15.5", list_public_keys=lambda _path: [KEY]
    )


def test_a_check_that_breaks_is_told_and_not_taken_for_silence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_workspace: object) -> tuple[CheckLine, ...]:
        raise KeyError("Scheme")

    world.write()
    monkeypatch.setattr(module, "ACCOUNT_CHECKS", (Check("quota", broken),))
    with pytest.raises(KeyError, match="Scheme"):
        look(world)


def line(seen: Preflight, check_id: str) -> CheckLine:
    (found,) = [one for one in seen.lines if one.check_id == check_id]
    return found


def test_a_fitting_cluster_has_no_failure_and_every_line_says_what_was_seen(world: World) -> None:
    world.write()
    seen = look(world)
    assert [(one.check_id, one.seen) for one in seen.failures] == []
    assert all(one.seen for one in seen.lines)
    assert all(one.mend for one in seen.warnings)
    ok = {one.check_id for one in seen.lines if one.status is CheckStatus.OK}
    assert {
        "credentials",
        "name",
        "quota-vpcs",
        "zones",
        "instance-types",
        "operator-address",
        "network",
        "master-addresses",
        "key-pair",
        "image-flatcar",
        "image-ubuntu",
        "pin-etcd-image",
        "pin-fleet-archive",
        "terraform",
        "certificates",
        "settings",
    } <= ok


def test_a_limit_that_cannot_be_read_is_warned_of_and_never_ok(world: World) -> None:
    world.write()
    told = line(look(world), "quota-vcpus")
    assert told.status is CheckStatus.WARNING
    assert "the limit could not be read" in told.seen


def test_an_address_service_that_is_out_of_reach_is_warned_of_and_never_ok(world: World) -> None:
    world.write()
    world.replies["/address"] = Reply(status=503)
    told = line(look(world), "operator-address")
    assert (told.status, told.unread) == (CheckStatus.WARNING, True)


def test_behind_a_vpn_the_operators_public_address_is_of_no_account(world: World) -> None:
    vpn = {"access": "vpn", "vpn_cidr": "10.99.0.0/16"}
    world.write(operator_cidr="203.0.113.7/32", **vpn)
    told = line(look(world), "operator-address")
    assert (told.status, told.mend) == (CheckStatus.OK, "")
    assert "VPN" in told.seen


@pytest.mark.parametrize(
    ("known", "check_id", "seen", "mend"),
    [
        ({"operator_cidr": "203.0.113.7/32"}, "operator-address", "you come from 198.51.100.7", "198.51.100.7/32"),
        ({"key_name": "nobody"}, "key-pair", "no key pair 'nobody'; it has fleetkit", "import-key-pair"),
        ({"images.flatcar": "ami-0123456789abcdef0"}, "image-flatcar", "no longer", "fleetkit pin demo"),
        ({"images.ubuntu": ""}, "image-ubuntu", "not pinned", "fleetkit pin demo"),
        ({"pins.etcd_image": ""}, "pin-etcd-image", "not pinned", "fleetkit pin demo"),
        ({"pins.fleet_sha256": "0" * 64}, "pin-fleet-archive", "is pinned", "find out why"),
        ({"etcd.instance_type": "zz9.huge"}, "instance-types", "zz9.huge in us-west-2a", "another instance type"),
        ({"key_file": "/nowhere/key.pem"}, "key-file", "/nowhere/key.pem is not there", "key_file"),
    ],
)
def test_what_does_not_fit_fails_and_says_how_to_mend_it(
    world: World, known: dict[str, object], check_id: str, seen: str, mend: str
) -> None:
    world.write(**known)
    told = line(look(world), check_id)
    assert (told.status, told.unread) == (CheckStatus.FAILURE, False)
    assert seen in told.seen
    assert mend in told.mend


def test_a_digest_that_changed_in_the_registry_fails(world: World) -> None:
    world.write(**{"pins.etcd_image": "quay.io/coreos/etcd@sha256:" + "1" * 64})
    told = line(look(world), "pin-etcd-image")
    assert told.status is CheckStatus.FAILURE
    assert world.pins["pins.etcd_image"] in told.seen


def test_a_version_of_etcd_below_the_floor_is_a_warning_that_names_its_flaws(world: World) -> None:
    world.write(**{"pins.etcd_version": "3.5.32"})
    world.replies["/v2/coreos/etcd/manifests/v3.5.32"] = world.replies["/v2/coreos/etcd/manifests/v3.5.33"]
    told = line(look(world), "pin-etcd-image")
    assert told.status is CheckStatus.WARNING
    assert "etcd 3.5.32 is below 3.5.33, the oldest that real machines should run" in told.seen
    assert "GHSA-6vch-q96h-7gc3" in told.seen
    assert 'pins.etcd_version = "3.5.33"' in told.mend
    assert "fleetkit etcd upgrade demo" in told.mend


def test_a_mirror_that_is_out_of_reach_could_not_be_looked_at(world: World) -> None:
    world.write()
    del world.replies["/mirror/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz"]
    seen = look(world)
    assert [one.check_id for one in seen.unread] == ["pin-fleet-archive"]


def test_a_cluster_of_the_same_name_from_elsewhere_fails_and_our_own_does_not(world: World) -> None:
    world.write()
    subnet = make_subnet(world.session, make_vpc(world.session, cluster="demo"), cidr="10.10.3.0/24")
    run_machine(world.session, subnet_id=subnet, cluster="demo", role="master")
    assert line(look(world), "name").status is CheckStatus.FAILURE
    world.open().paths.pki.mkdir(parents=True)
    assert line(look(world), "name").status is CheckStatus.OK


def test_a_quota_that_is_used_up_fails(world: World) -> None:
    world.write()
    for number in range(5):
        make_vpc(world.session, cidr=f"10.{20 + number}.0.0/16")
    told = line(look(world), "quota-vpcs")
    assert told.status is CheckStatus.FAILURE
    assert "L-F678F1CE" in told.mend


def existing_network(world: World) -> dict[str, object]:
    """Make a VPC with subnets in three zones, and return what the cluster file says of it."""
    ec2 = world.session.client("ec2")
    vpc = make_vpc(world.session)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    out, inner = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.create_route(RouteTableId=out, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    subnets: dict[str, list[str]] = {"public": [], "private": []}
    for index, letter in enumerate("abc"):
        for kind, table, shift in (("public", out, 0), ("private", inner, 3)):
            subnet = make_subnet(world.session, vpc, cidr=f"10.10.{index + shift}.0/24", zone=f"us-west-2{letter}")
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            subnets[kind].append(subnet)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets["public"][0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=inner, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    return {
        "network": {
            "cidr": "10.10.0.0/16",
            "vpc_id": vpc,
            "public_subnet_ids": subnets["public"],
            "private_subnet_ids": subnets["private"],
            "dns_zone": "demo.internal",
        }
    }


def test_an_existing_network_is_compared_with_the_file(world: World) -> None:
    known = existing_network(world)
    world.write(**known)
    assert line(look(world), "network").status is CheckStatus.OK
    assert line(look(world), "master-addresses").status is CheckStatus.OK


def test_what_does_not_fit_an_existing_network_is_told_line_by_line(world: World) -> None:
    known = existing_network(world)
    network = known["network"]
    assert isinstance(network, dict)
    private = network["private_subnet_ids"]
    public = network["public_subnet_ids"]
    network["private_subnet_ids"] = [private[1], private[0], public[2]]
    network["public_subnet_ids"] = [public[0], public[1], private[2]]
    world.write(**known)
    told = [one.seen for one in look(world).failures if one.check_id == "network"]
    assert any(f"{private[1]} is in us-west-2b, and the file has it for us-west-2a" in text for text in told)
    assert any("has a default route to an internet gateway" in text for text in told)
    assert any(f"{private[2]} has no default route to an internet gateway" in text for text in told)
    assert any("masters.etcd1.address 10.10.3.100 is not within" in text for text in told)


def test_a_masters_address_that_somebody_has_fails(world: World) -> None:
    known = existing_network(world)
    network = known["network"]
    assert isinstance(network, dict)
    stranger = run_machine(world.session, subnet_id=network["private_subnet_ids"][0], address="10.10.3.100")
    world.write(**known)
    told = line(look(world), "master-addresses")
    assert f"10.10.3.100 of etcd1 is taken by {stranger}" in told.seen
    world.session.client("ec2").create_tags(Resources=[stranger], Tags=tag_specification("instance", "demo")[0]["Tags"])
    assert line(look(world), "master-addresses").status is CheckStatus.OK


def test_without_credentials_one_line_fails_and_the_rest_says_that_it_was_not_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    seen = look(world)
    assert [one.check_id for one in seen.unread] == ["credentials"]
    assert line(seen, "zones").seen.startswith("not looked at")
    assert line(seen, "pin-etcd-image").status is CheckStatus.OK


def test_a_denied_question_fails_its_own_line_alone(world: World) -> None:
    world.write()
    workspace = world.open()
    with Stubber(workspace.session.client("autoscaling")):
        ec2 = workspace.session.client("ec2")
        real = ec2.describe_key_pairs
        ec2.describe_key_pairs = lambda **_more: _refuse(ec2)
        seen = run_preflight(workspace, describe_terraform=lambda: "", list_public_keys=lambda _path: [])
        ec2.describe_key_pairs = real
    told = line(seen, "key-pair")
    assert (told.status, told.unread) == (CheckStatus.FAILURE, True)
    assert "UnauthorizedOperation" in told.seen
    assert line(seen, "zones").status is CheckStatus.OK


def _refuse(client: object) -> None:
    from botocore.exceptions import ClientError

    raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DescribeKeyPairs")


def test_no_terraform_is_a_failure_that_was_seen(world: World) -> None:
    world.write()

    def none_here() -> str:
        raise TerraformError("no Terraform is new enough", hint="install 1.11 or later")

    seen = run_preflight(world.open(), describe_terraform=none_here, list_public_keys=lambda _path: [])
    told = line(seen, "terraform")
    assert (told.status, told.unread, told.mend) == (CheckStatus.FAILURE, False, "install 1.11 or later")


def test_a_private_key_that_is_another_fails_and_an_agents_only_warns(world: World, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("", encoding="utf-8")
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy"
    world.session.client("ec2").import_key_pair(KeyName="mine", PublicKeyMaterial=f"{public} ada@here".encode())
    world.write(key_name="mine", key_file=str(key))
    assert line(look(world), "key-file").status is CheckStatus.FAILURE
    fits = run_preflight(world.open(), describe_terraform=lambda: "", list_public_keys=lambda _path: [public])
    assert line(fits, "key-file").status is CheckStatus.OK
    world.write(key_name="mine")
    assert line(look(world), "key-file").status is CheckStatus.WARNING


def test_a_misspelt_setting_is_warned_of(world: World) -> None:
    world.write()
    told = line(look(world, FLEETKIT_TERAFORM="/opt/terraform"), "settings")
    assert told.status is CheckStatus.WARNING
    assert "did you mean FLEETKIT_TERRAFORM" in told.seen


def test_a_certificate_that_expires_is_warned_of_with_the_command_that_renews_it(world: World) -> None:
    workspace = (world.write(), world.open())[1]
    folder = workspace.paths.pki
    (check,) = [one for one in SOFTWARE_CHECKS if one.check_id == "certificates"]
    pki = make_demo_pki(folder)
    (fresh,) = check.run(workspace)
    assert fresh.status is CheckStatus.OK
    assert "the first to expire is " in fresh.seen
    assert warn_of_certificates(workspace) == ""
    renew_leaf(folder, "members/etcd2/peer", members=MEMBERS, dns_zone=ZONE, now=LONG_AGO)
    (old,) = check.run(workspace)
    assert (old.status, old.mend) == (CheckStatus.WARNING, "fleetkit certificates rotate demo")
    assert "members/etcd2/peer first: expired" in old.seen
    # The same words wherever etcd's health or alerts are told.
    assert warn_of_certificates(workspace) == f"certificates: {old.seen} ({old.mend})"
    pki.clients["ui"].key.unlink()
    (partly,) = check.run(workspace)
    assert (partly.status, partly.unread) == (CheckStatus.WARNING, False)
    assert "clients/ui.key" in partly.seen
    assert "clients/ui.key" in warn_of_certificates(workspace)


def test_what_never_answers_is_given_up_at_the_time_limit(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        world.write(**{"pins.fleet_archive": f"http://127.0.0.1:{mute.getsockname()[1]}/a.tar.gz"})
        seen = run_preflight(
            world.open(), describe_terraform=lambda: "", list_public_keys=lambda _path: [], time_limit_s=3
        )
        told = line(seen, "pin-fleet-archive")
    assert (told.status, told.unread) == (CheckStatus.FAILURE, True)
    assert "no answer after" in told.seen


def test_a_deploy_is_refused_while_something_must_be_mended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = (world.write(key_name="nobody"), world.open())[1]
    monkeypatch.setattr(module, "_terraform_here", lambda _workspace: "Terraform 1.15.5")
    with pytest.raises(PreconditionError, match=r"(?s)not ready.*key-pair.*nobody"):
        require_preflight(workspace)
    world.replies.clear()
    with pytest.raises(ServiceError, match="could not be looked at"):
        require_preflight(workspace)
