"""What somebody changes behind the cluster's back is found under the right heading, and is gone once mended."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from support.e2e_world import CLUSTER, World, wait_for

from fleetkit.core import Patience

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(600)]


def _reissue_soon_to_expire(world: World, file: Path) -> bytes:
    """Return a certificate like that of ``file``, with the same key and CA, valid for five days."""
    ca = x509.load_pem_x509_certificate((world.pki / "ca.crt").read_bytes())
    ca_key: Any = serialization.load_pem_private_key((world.pki / "ca.key").read_bytes(), None)
    old = x509.load_pem_x509_certificate(file.read_bytes())
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(ca.subject)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=360))
        .not_valid_after(now + dt.timedelta(days=5, hours=1))
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _let_serve(world: World, machine: str, certificate: bytes) -> None:
    """Put a certificate in the place of the one that a member serves; etcd reads it at each handshake."""
    text = base64.b64encode(certificate).decode()
    put = f"echo {text} | base64 -d > /etc/etcd/pki/server.crt"
    world.sandbox("shell", machine, "--", "sh", "-c", put).must(0)


@pytest.fixture(scope="module")
def before(world: World) -> dict[str, Any]:
    return world.inspect()


@pytest.fixture(scope="module")
def amiss(world: World, before: dict[str, Any]) -> dict[str, Any]:
    """Change six things behind the cluster's back, and return the inspection and what was changed."""
    ec2, scaling, elb = world.client("ec2"), world.client("autoscaling"), world.client("elbv2")
    serving, unheard, master = world.instances_of("master")
    group = master["SecurityGroups"][0]["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 4001, "ToPort": 4001, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    ec2.stop_instances(InstanceIds=[master["InstanceId"]])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    scaling.update_auto_scaling_group(AutoScalingGroupName=f"{CLUSTER}-public", DesiredCapacity=2)
    page = elb.describe_target_groups(Names=[f"{CLUSTER}-fleet-ui"])["TargetGroups"][0]["TargetGroupArn"]
    elb.deregister_targets(TargetGroupArn=page, Targets=[{"Id": unheard["InstanceId"]}])
    ui, server = world.pki / "clients" / "ui.crt", world.pki / "members" / "etcd1" / "server.crt"
    kept = ui.read_bytes()
    ui.write_bytes(_reissue_soon_to_expire(world, ui))
    _let_serve(world, serving["InstanceId"], _reissue_soon_to_expire(world, server))
    wait_for("the member to be gone", lambda: world.health()["verdict"] == "degraded")
    ended = world.fleetkit("inspect", CLUSTER, "--json")
    changed = {"master": master, "group": group, "serving": serving, "unheard": unheard, "kept": kept}
    return {**changed, "ended": ended, **ended.json()}


def test_a_cluster_just_deployed_shows_neither_drift_nor_pending_changes(before: dict[str, Any]) -> None:
    for part in ("machines", "members", "quorum", "pools", "certificates", "drift", "pending"):
        assert before["parts"][part]["findings"] == [], part
        assert before["parts"][part]["unknown"] == "", part
    assert len(before["parts"]["machines"]["rows"]) == 9
    assert len(before["parts"]["members"]["rows"]) == 3


def test_findings_are_told_by_the_exit_code(amiss: dict[str, Any]) -> None:
    amiss["ended"].must(3)


def test_a_stopped_master_stands_among_machines_and_members(amiss: dict[str, Any]) -> None:
    parts = amiss["parts"]
    assert f"master {amiss['master']['InstanceId']} is stopped" in parts["machines"]["findings"]
    assert any("etcd3 is not healthy" in one for one in parts["members"]["findings"])


def test_a_stopped_master_leaves_a_degraded_quorum_that_tolerates_nothing(world: World, amiss: dict[str, Any]) -> None:
    assert [row["may still fail"] for row in amiss["parts"]["quorum"]["rows"]] == [0]
    ended = world.fleetkit("etcd", "health", CLUSTER, "--json").must(3)
    assert (ended.json()["verdict"], ended.json()["tolerates"]) == ("degraded", 0)
    assert "is unhealthy" in world.etcdctl("endpoint", "health", member="etcd3").must(1).text
    world.etcdctl("endpoint", "health").must(0)


def test_a_stopped_master_is_out_of_use_behind_its_load_balancers(
    before: dict[str, Any], amiss: dict[str, Any]
) -> None:
    def health(inspection: dict[str, Any]) -> set[str]:
        rows = inspection["parts"]["targets"]["rows"]
        return {row["health"] for row in rows if row["target"] == amiss["master"]["InstanceId"]}

    assert "unused" not in health(before)
    assert health(amiss) == {"unused"}
    pages = [f"{CLUSTER}-{page}" for page in ("etcd-ui", "fleet-ui")]
    assert {page for page in pages for one in amiss["parts"]["targets"]["findings"] if one.startswith(page)} == {*pages}


def test_a_target_that_somebody_took_out_is_no_longer_listed_and_pending(
    before: dict[str, Any], amiss: dict[str, Any]
) -> None:
    def groups(inspection: dict[str, Any]) -> set[str]:
        rows = inspection["parts"]["targets"]["rows"]
        return {row["target group"] for row in rows if row["target"] == amiss["unheard"]["InstanceId"]}

    assert groups(before) - groups(amiss) == {f"{CLUSTER}-fleet-ui"}
    assert groups(amiss) == {f"{CLUSTER}-etcd-ui"}
    assert any("aws_lb_target_group_attachment" in str(row) for row in amiss["parts"]["pending"]["rows"])


def test_a_rule_that_somebody_added_is_drift_and_not_pending(amiss: dict[str, Any]) -> None:
    parts = amiss["parts"]
    assert any(one.startswith("ingress tcp 4001 from 192.0.2.0/24: ") for one in parts["drift"]["findings"])
    assert parts["pending"]["findings"] == ["2 changes are pending"], "the pool's size, the target, and nothing else"
    assert any("aws_security_group.this" in one for one in parts["drift"]["findings"]), parts["drift"]
    assert any("192.0.2.0/24" in str(row) for row in parts["drift"]["rows"])


def test_a_pool_of_another_size_is_seen(amiss: dict[str, Any]) -> None:
    parts = amiss["parts"]
    assert any("aws_autoscaling_group" in one and "public" in one for one in parts["drift"]["findings"]), parts["drift"]
    assert {row["pool"]: row["desired"] for row in parts["pools"]["rows"]}["public"] == 2


def test_a_certificate_that_ends_soon_is_found(amiss: dict[str, Any]) -> None:
    found = [one for one in amiss["parts"]["certificates"]["findings"] if "etcd1" not in one]
    assert len(found) == 1
    assert "clients/ui" in found[0]
    assert "5 days" in found[0]


def test_a_certificate_that_was_swapped_on_a_member_is_seen_as_it_is_served(amiss: dict[str, Any]) -> None:
    part = amiss["parts"]["certificates"]
    swapped, soon = (one for one in part["findings"] if "etcd1" in one)
    assert swapped.startswith("etcd1 serves another certificate than the one made for it: serial ")
    mended_by = f"fleetkit certificates rotate {CLUSTER}"
    assert soon == f"the certificate served by etcd1 expires soon: 5 days left ({mended_by})"
    verdicts = {row["certificate"]: row["verdict"] for row in part["rows"]}
    assert verdicts["members/etcd1/server"] == "ok"
    served = {name: verdict for name, verdict in verdicts.items() if name.startswith("served by ")}
    assert served == {"served by etcd1": "expires soon", "served by etcd2": "ok", "served by etcd3": "unknown"}
    assert part["unknown"] == "", "that etcd3 does not answer stands among the members"


def test_what_was_changed_is_not_nothing_to_do(world: World, amiss: dict[str, Any]) -> None:
    ended = world.fleetkit("plan", CLUSTER).must(3)
    assert "No changes." not in ended.out
    assert "aws_autoscaling_group" in ended.out
    assert f"  - security-group-rule {amiss['group']} ingress tcp 4001 4001 192.0.2.0/24: " in ended.out
    assert f"  > master {amiss['master']['InstanceId']} ({CLUSTER}-etcd3): it is stopped" in ended.out


def test_once_a_deploy_has_mended_it_nothing_is_found_any_more(world: World, amiss: dict[str, Any]) -> None:
    (world.pki / "clients" / "ui.crt").write_bytes(amiss["kept"])
    _let_serve(world, amiss["serving"]["InstanceId"], (world.pki / "members" / "etcd1" / "server.crt").read_bytes())
    ended = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER, "--json").must(0)
    assert "1 unknown things removed, 1 machines started" in ended.err
    told = ended.json()
    assert [told["applied"]["result"][count] for count in ("added", "changed", "removed")] == [1, 1, 0]
    assert told["verified"]["health"]["verdict"] == "healthy"
    assert told["outputs"]["cluster"] == CLUSTER
    parts = world.inspect()["parts"]
    for part in ("machines", "members", "quorum", "certificates", "drift", "pending"):
        assert parts[part]["findings"] == [], part
    assert len(parts["machines"]["rows"]) == 9
    # fleet lists a machine that is gone until its time to live has run out.
    patience = Patience(deadline_s=150, interval_s=5)
    wait_for("fleet to forget the machine", lambda: world.findings("pools") == [], patience=patience)
