"""What somebody changes behind the cluster's back is found under the right heading, and is gone once mended."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from support.e2e_world import CLUSTER, World, wait_for

from fleetkit.core import Patience

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def _reissue_soon_to_expire(world: World) -> None:
    """Put a certificate of the same key and CA in the place of the UIs', valid for five days."""
    folder = world.pki
    ca = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    ca_key: Any = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    file = folder / "clients" / "ui.crt"
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
    file.write_bytes(builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="module")
def before(world: World) -> dict[str, Any]:
    return world.inspect()


@pytest.fixture(scope="module")
def amiss(world: World, before: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Change four things behind the cluster's back, and return the inspection and what was changed."""
    ec2, scaling = world.client("ec2"), world.client("autoscaling")
    kept = tmp_path_factory.mktemp("kept") / "ui.crt"
    shutil.copy2(world.pki / "clients" / "ui.crt", kept)
    master = world.instances_of("master")[2]
    group = master["SecurityGroups"][0]["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 4001, "ToPort": 4001, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    ec2.stop_instances(InstanceIds=[master["InstanceId"]])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    scaling.update_auto_scaling_group(AutoScalingGroupName=f"{CLUSTER}-public", DesiredCapacity=2)
    _reissue_soon_to_expire(world)
    wait_for("the member to be gone", lambda: world.health()["verdict"] == "degraded")
    ended = world.fleetkit("inspect", CLUSTER, "--json")
    return {"master": master, "group": group, "rule": rule, "ended": ended, "kept": kept, **ended.json()}


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


def test_a_rule_that_somebody_added_is_drift_and_not_pending(amiss: dict[str, Any]) -> None:
    parts = amiss["parts"]
    assert any(one.startswith("ingress tcp 4001 from 192.0.2.0/24: ") for one in parts["drift"]["findings"])
    assert parts["pending"]["findings"] == ["1 changes are pending"], "the pool's size, and nothing else"
    assert any("aws_security_group.this" in one for one in parts["drift"]["findings"]), parts["drift"]
    assert any("192.0.2.0/24" in str(row) for row in parts["drift"]["rows"])


def test_a_pool_of_another_size_is_seen(amiss: dict[str, Any]) -> None:
    parts = amiss["parts"]
    assert any("aws_autoscaling_group" in one and "public" in one for one in parts["drift"]["findings"]), parts["drift"]
    assert {row["pool"]: row["desired"] for row in parts["pools"]["rows"]}["public"] == 2


def test_a_certificate_that_ends_soon_is_found(amiss: dict[str, Any]) -> None:
    found = amiss["parts"]["certificates"]["findings"]
    assert len(found) == 1
    assert "clients/ui" in found[0]
    assert "5 days" in found[0]


def test_what_was_changed_is_not_nothing_to_do(world: World, amiss: dict[str, Any]) -> None:
    ended = world.fleetkit("plan", CLUSTER).must(3)
    assert "No changes." not in ended.out
    assert "aws_autoscaling_group" in ended.out
    assert f"  - security-group-rule {amiss['group']} ingress tcp 4001 4001 192.0.2.0/24: " in ended.out
    assert f"  > master {amiss['master']['InstanceId']} ({CLUSTER}-etcd3): it is stopped" in ended.out


def test_once_a_deploy_has_mended_it_nothing_is_found_any_more(world: World, amiss: dict[str, Any]) -> None:
    shutil.copy2(Path(amiss["kept"]), world.pki / "clients" / "ui.crt")
    ended = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER, "--json").must(0)
    assert "1 unknown things removed, 1 machines started" in ended.err
    told = ended.json()
    assert told["applied"]["result"]["changed"] == 1
    assert told["verified"]["health"]["verdict"] == "healthy"
    assert told["outputs"]["cluster"] == CLUSTER
    parts = world.inspect()["parts"]
    for part in ("machines", "members", "quorum", "certificates", "drift", "pending"):
        assert parts[part]["findings"] == [], part
    assert len(parts["machines"]["rows"]) == 9
    # fleet lists a machine that is gone until its time to live has run out.
    patience = Patience(deadline_s=150, interval_s=5)
    wait_for("fleet to forget the machine", lambda: world.findings("pools") == [], patience=patience)
