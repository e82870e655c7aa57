"""Facts of starts, access, state, records and backups, read from an emulated AWS and from this computer's files."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from support.aws_moto import emulated_aws, make_subnet, make_vpc, run_machine, seed_images
from support.cluster_files import write_cluster
from support.runs_records import write_record

from fleetkit.aws import FLATCAR_OWNER, AwsSession, list_instances, list_scaling_groups
from fleetkit.checks import FACT_SOURCES, Facts
from fleetkit.core import NotFoundError
from fleetkit.workflows import Workspace, open_workspace
from fleetkit.workflows._audit_reading import read_facts
from fleetkit.workflows._audit_starts import read_given
from fleetkit.workflows.last_backup import LastBackup
from fleetkit.workflows.way_in import find_bastion

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n"


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as opened:
        yield opened


@pytest.fixture
def workspace(tmp_path: Path, session: AwsSession) -> Workspace:
    write_cluster(tmp_path)
    return open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path), "AWS_REGION": "us-west-2"})


def read(workspace: Workspace, *names: str) -> Facts:
    facts = read_facts(workspace, names)
    assert facts.unread == {}
    return facts


def start(session: AwsSession, **more: Any) -> str:
    subnet = make_subnet(session, make_vpc(session), cidr="10.10.3.0/24")
    return run_machine(session, subnet_id=subnet, address="10.10.3.100", cluster="demo", role="master", **more)


def ignition() -> str:
    packed = base64.b64encode(gzip.compress(b"packed away")).decode()
    return json.dumps(
        {
            "ignition": {"version": "3.3.0"},
            "storage": {
                "files": [
                    {"path": "/etc/plain", "contents": {"source": "data:,hello%20there"}},
                    {"path": "/etc/coded", "contents": {"source": "data:;base64,aGVsbG8="}},
                    {"path": "/etc/packed", "contents": {"source": f"data:;base64,{packed}", "compression": "gzip"}},
                    {"path": "/etc/far", "contents": {"source": "s3://demo/roles/master/key"}},
                ]
            },
            "systemd": {"units": [{"name": "fetch.service", "contents": "[Service]\nExecStart=/bin/fetch"}]},
        }
    )


def test_what_a_machine_was_given_is_unfolded_file_by_file(session: AwsSession, workspace: Workspace) -> None:
    machine = start(session, UserData=ignition())
    (given,) = read(workspace, "given").given
    assert (given.resource, given.resource_id) == ("etcd1", machine)
    texts = dict(given.texts)
    assert (texts["/etc/plain"], texts["/etc/coded"], texts["/etc/packed"]) == ("hello there", "hello", "packed away")
    assert texts["/etc/far.source"] == "s3://demo/roles/master/key"
    assert "/bin/fetch" in texts["fetch.service"]


@pytest.mark.parametrize("how", ["replace", "merge"])
def test_a_document_inside_of_another_is_unfolded_too(session: AwsSession, workspace: Workspace, how: str) -> None:
    inner = {"source": f"data:;base64,{base64.b64encode(ignition().encode()).decode()}"}
    config = {how: [inner] if how == "merge" else inner}
    start(session, UserData=json.dumps({"ignition": {"version": "3.3.0", "config": config}}))
    texts = dict(read(workspace, "given").given[0].texts)
    assert (texts["/etc/coded"], texts["/etc/packed"]) == ("hello", "packed away")


def test_user_data_of_another_kind_is_one_text(session: AwsSession, workspace: Workspace) -> None:
    start(session, UserData="#!/bin/sh\necho hello\n")
    assert dict(read(workspace, "given").given[0].texts) == {"user data": "#!/bin/sh\necho hello\n"}


@pytest.mark.parametrize("url", ["data:;base64,###", "data:;base64,AAAA"])
def test_a_file_that_cannot_be_unfolded_leaves_user_data_unknown(
    session: AwsSession, workspace: Workspace, url: str
) -> None:
    contents = {"source": url, "compression": "gzip"}
    start(session, UserData=json.dumps({"storage": {"files": [{"path": "/etc/odd", "contents": contents}]}}))
    assert "a data URL that cannot be read" in read_facts(workspace, ["given"]).unread["given"]


def test_every_version_of_a_pools_launch_template_is_looked_into(session: AwsSession, workspace: Workspace) -> None:
    def data(text: str) -> Any:
        return {"InstanceType": "t3.small", "UserData": base64.b64encode(text.encode()).decode()}

    session.ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData=data("old"))
    session.ec2.create_launch_template_version(LaunchTemplateName="pool", LaunchTemplateData=data("new"))
    session.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="demo-public", MinSize=0, MaxSize=0, AvailabilityZones=["us-west-2a"],
        LaunchTemplate={"LaunchTemplateName": "pool", "Version": "2"},
        Tags=[{"Key": "fleetkit:cluster", "Value": "demo"}, {"Key": "fleetkit:role", "Value": "public"}],
    )  # fmt: skip
    machine = start(session)
    with workspace.session.counting() as calls:
        told = {one.resource_id: dict(one.texts) for one in read(workspace, "given").given}
    assert told[machine] == {}
    assert tuple(calls.made) == FACT_SOURCES["given"].permissions
    told = {one.resource: dict(one.texts) for one in read(workspace, "given").given if one.resource_id != machine}
    assert told == {
        "launch template of public, version 1": {"user data": "old"},
        "launch template of public, version 2": {"user data": "new"},
    }


def test_the_templates_of_some_types_of_a_mixed_pool_are_looked_into_too(session: AwsSession) -> None:
    made = {
        text: session.ec2.create_launch_template(
            LaunchTemplateName=text,
            LaunchTemplateData={"InstanceType": "t3.small", "UserData": base64.b64encode(text.encode()).decode()},
        )["LaunchTemplate"]["LaunchTemplateId"]
        for text in ("first", "other")
    }
    specification: Any = {"LaunchTemplateId": made["first"], "Version": "1"}
    override: Any = {"InstanceType": "c7g.large", "LaunchTemplateSpecification": {"LaunchTemplateId": made["other"]}}
    group: Any = {
        "AutoScalingGroupName": "demo-public", "MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0, "DefaultCooldown": 300,
        "AvailabilityZones": [], "HealthCheckType": "EC2", "CreatedTime": dt.datetime(2026, 11, 27, tzinfo=dt.UTC),
        "MixedInstancesPolicy": {
            "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": [override, {}]}
        },
    }  # fmt: skip
    with Stubber(session.autoscaling) as stub:
        stub.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": [group]})
        pools = list_scaling_groups(session, "demo")
    texts = {one.resource_id: dict(one.texts) for one in read_given(session, {}, pools)}
    assert texts == {template: {"user data": text} for text, template in made.items()}


def test_images_stand_beside_the_newest_of_their_system(session: AwsSession, workspace: Workspace) -> None:
    seed_images(
        ami_old=(FLATCAR_OWNER, "Flatcar-stable-4459.2.4-hvm", "2026-05-12T09:14:03+00:00"),
        ami_new=(FLATCAR_OWNER, "Flatcar-stable-4593.2.5-hvm", "2026-08-13T08:47:19+00:00"),
    )
    start(session, ImageId="ami-old")
    (image,) = read(workspace, "images").images
    assert (image.name, image.newest, image.machines) == (
        "Flatcar-stable-4459.2.4-hvm", "Flatcar-stable-4593.2.5-hvm", ("etcd1",),
    )  # fmt: skip
    assert image.available
    assert image.newest_created == dt.datetime(2026, 8, 13, 8, 47, 19, tzinfo=dt.UTC)


def test_an_image_that_bears_a_publishers_name_and_is_not_its_own_stands_beside_none(
    session: AwsSession, workspace: Workspace
) -> None:
    seed_images(
        ami_theirs=(FLATCAR_OWNER, "Flatcar-stable-4593.2.5-hvm", "2026-08-13T08:47:19+00:00"),
        ami_forged=("123456789012", "Flatcar-stable-4593.2.6-hvm", "2026-08-14T08:47:19+00:00"),
    )
    start(session, ImageId="ami-forged")
    (image,) = read(workspace, "images").images
    assert (image.name, image.newest, image.newest_created) == ("Flatcar-stable-4593.2.6-hvm", "", None)


def test_an_image_that_was_withdrawn_has_no_name(session: AwsSession, workspace: Workspace) -> None:
    seed_images(ami_old=(FLATCAR_OWNER, "Flatcar-stable-4459.2.4-hvm", "2026-05-12T09:14:03+00:00"))
    start(session, ImageId="ami-old")
    session.ec2.deregister_image(ImageId="ami-old")
    (image,) = read(workspace, "images").images
    assert (image.image_id, image.name, image.available) == ("ami-old", "", False)


def test_roles_are_told_with_all_that_they_may_do(session: AwsSession, workspace: Workspace) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    session.iam.create_role(RoleName="demo-master", AssumeRolePolicyDocument=json.dumps(trust))
    session.iam.put_role_policy(RoleName="demo-master", PolicyName="same", PolicyDocument=json.dumps(allow))
    # Somebody's own policy may have the name of one that is attached.
    wider = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    attached = session.iam.create_policy(PolicyName="same", PolicyDocument=json.dumps(wider))["Policy"]["Arn"]
    session.iam.attach_role_policy(RoleName="demo-master", PolicyArn=attached)
    profile = session.iam.create_instance_profile(InstanceProfileName="demo-master")["InstanceProfile"]["Arn"]
    session.iam.add_role_to_instance_profile(InstanceProfileName="demo-master", RoleName="demo-master")
    start(session, IamInstanceProfile={"Arn": profile})
    with workspace.session.counting() as calls:
        (role,) = read(workspace, "roles").roles
    assert (role.resource, role.role_name) == ("master", "demo-master")
    assert {name: dict(document) for name, document in role.policies.items()} == {"same": allow, attached: wider}
    assert tuple(calls.made) == FACT_SOURCES["roles"].permissions


def test_a_user_has_access_keys_and_the_session_of_a_role_has_none(
    session: AwsSession, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign_in(key: Any) -> Workspace:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        return open_workspace("demo", folder=workspace.folder, environ=workspace.environ)

    session.iam.create_user(UserName="ada")
    keys = [session.iam.create_access_key(UserName="ada")["AccessKey"] for _ in range(2)]
    session.iam.update_access_key(UserName="ada", AccessKeyId=keys[1]["AccessKeyId"], Status="Inactive")
    mine = sign_in(keys[0])
    with mine.session.counting() as calls:
        caller = read(mine, "caller").caller
    assert (caller.name, [one.active for one in caller.keys]) == ("ada", [True, False])
    # Who one is may be asked by anybody.
    assert calls.made.keys() - {"sts:GetCallerIdentity"} == set(FACT_SOURCES["caller"].permissions)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = session.iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    theirs = sign_in(session.sts.assume_role(RoleArn=role, RoleSessionName="night")["Credentials"])
    assert read(theirs, "caller").caller.keys == ()


def test_state_in_a_bucket_is_told_with_how_that_is_set_up(tmp_path: Path, session: AwsSession) -> None:
    write_cluster(tmp_path, state={"kind": "s3", "bucket": "states", "key": "demo.tfstate"})
    workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
    where = {"LocationConstraint": "us-west-2"}
    session.s3.create_bucket(Bucket="states", CreateBucketConfiguration=where)  # type: ignore[arg-type]
    bucket = read(workspace, "state").state.bucket
    assert bucket is not None
    assert (bucket.versioned, bucket.closed, bucket.locked) == (False, False, False)
    session.s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    closed = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    session.s3.put_public_access_block(Bucket="states", PublicAccessBlockConfiguration=closed)  # type: ignore[arg-type]
    bucket = read(workspace, "state").state.bucket
    assert bucket is not None
    assert (bucket.versioned, bucket.closed, bucket.locked) == (True, True, False)
    (absent,) = read(workspace, "kept").kept
    assert absent.silence == "no state is in the bucket states"
    session.s3.put_object(Bucket="states", Key="demo.tfstate", Body=KEY.encode())
    (kept,) = read(workspace, "kept").kept
    assert kept.secrets == {"terraform.tfstate": ("a private key",)}


def test_a_bucket_that_is_not_there_leaves_the_state_unknown(tmp_path: Path, session: AwsSession) -> None:
    write_cluster(tmp_path, state={"kind": "s3", "bucket": "nowhere", "key": "demo.tfstate"})
    workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
    assert "nowhere" in read_facts(workspace, ["state"]).unread["state"]


def test_state_and_records_are_looked_into(workspace: Workspace) -> None:
    (absent,) = read(workspace, "kept").kept
    assert (absent.resource, absent.silence) == ("terraform.tfstate", "no state is on this computer")
    workspace.paths.terraform.mkdir(parents=True)
    (workspace.paths.terraform / "terraform.tfstate").write_text('{"outputs": {}}')
    quiet = write_record(workspace.paths.runs.parent, day=1)
    loud = write_record(workspace.paths.runs.parent, day=2)
    (loud / "notebook.ipynb").write_text(KEY)
    kept = {one.resource: one for one in read(workspace, "kept").kept}
    assert kept.keys() == {"terraform.tfstate", f"record {loud.name}", "records"}
    assert kept[f"record {loud.name}"].secrets == {"notebook.ipynb": ("a private key",)}
    assert kept["terraform.tfstate"].secrets == kept["records"].secrets == {}
    assert kept["records"].looked_into == len([*quiet.iterdir()])


@pytest.mark.parametrize("damage", ["unreadable", "broken"])
def test_a_record_that_cannot_be_read_leaves_it_unknown_whether_it_holds_secrets(
    workspace: Workspace, damage: str
) -> None:
    record = write_record(workspace.paths.runs.parent)
    if damage == "broken":
        (record / "run.json").write_text("{")
    else:
        # A file that not even root can read.
        (record / "notebook.ipynb").unlink(missing_ok=True)
        (record / "notebook.ipynb").symlink_to("/proc/self/mem")
    assert record.name in read_facts(workspace, ["kept"]).unread["kept"]


def test_files_of_variables_are_those_that_terraform_reads(workspace: Workspace) -> None:
    workspace.paths.terraform.mkdir(parents=True)
    for name in ("terraform.tfvars.json", "mine.auto.tfvars", "fleetkit-provider.tf", "main.tf"):
        (workspace.paths.terraform / name).write_text(name)
    assert read(workspace, "variables").variables.keys() == {
        "demo.toml", "terraform.tfvars.json", "mine.auto.tfvars", "fleetkit-provider.tf",
    }  # fmt: skip


def test_a_file_that_is_no_utf_8_is_looked_into_all_the_same(workspace: Workspace) -> None:
    workspace.paths.terraform.mkdir(parents=True)
    (workspace.paths.terraform / "mine.tfvars").write_bytes(b'owner = "Andr\xe9"')
    (workspace.paths.terraform / "terraform.tfstate").write_bytes(b"\xe9" + KEY.encode())
    facts = read(workspace, "variables", "kept")
    assert facts.variables["mine.tfvars"] == 'owner = "Andr\ufffd"'
    assert [one.secrets for one in facts.kept] == [{"terraform.tfstate": ("a private key",)}]


def remember(session: AwsSession, workspace: Workspace, place: str) -> None:
    where = {"LocationConstraint": "us-west-2"}
    session.s3.create_bucket(Bucket=workspace.bucket, CreateBucketConfiguration=where)  # type: ignore[arg-type]
    last = LastBackup(
        cluster_id="cc", raft_index=9, raft_term=2, revision=7, digest="", place=place,
        taken=dt.datetime(2026, 11, 27, tzinfo=dt.UTC),
    )  # fmt: skip
    session.s3.put_object(Bucket=workspace.bucket, Key="etcd/last-backup.json", Body=last.to_json())


def test_where_nothing_was_backed_up_nothing_is_there(session: AwsSession, workspace: Workspace) -> None:
    where = {"LocationConstraint": "us-west-2"}
    session.s3.create_bucket(Bucket=workspace.bucket, CreateBucketConfiguration=where)  # type: ignore[arg-type]
    facts = read(workspace, "backups", "backup_bucket")
    assert (facts.backups.newest, facts.backups.place, facts.backup_bucket) == (None, "", None)


def test_backups_of_another_computer_are_told_as_such(session: AwsSession, workspace: Workspace) -> None:
    remember(session, workspace, "elsewhere")
    facts = read(workspace, "backups", "backup_bucket")
    assert facts.backups.newest == dt.datetime(2026, 11, 27, tzinfo=dt.UTC)
    assert "not on this computer" in facts.backups.unread
    assert facts.backup_bucket is None


def test_backups_in_a_bucket_are_listed_within_the_budget(session: AwsSession, workspace: Workspace) -> None:
    remember(session, workspace, "s3://kept/etcd")
    where = {"LocationConstraint": "us-west-2"}
    session.s3.create_bucket(  # type: ignore[call-overload]
        Bucket="kept", CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True
    )
    proof = {
        "drilled": "2026-11-28T01:00:00Z", "sha256": "0" * 64, "findings": ["keys differ"], "rpo_s": 1.0, "rto_s": 2.0,
    }  # fmt: skip
    name = "demo-20261128T000000Z-r12.etcd.tar"
    session.s3.put_object(Bucket="kept", Key=f"etcd/demo/{name}", Body=b"0")
    session.s3.put_object(Bucket="kept", Key=f"etcd/demo/{name}.proof.json", Body=json.dumps(proof).encode())
    with workspace.session.counting() as calls:
        facts = read(workspace, "backups", "backup_bucket")
    assert facts.backups.newest == dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
    assert facts.backups.drill_findings == ("keys differ",)
    assert facts.backup_bucket is not None
    assert (facts.backup_bucket.locked, facts.backup_bucket.closed) == (False, False)
    assert calls.made["s3:ListObjectsV2"] == 1


@pytest.mark.parametrize(
    ("rule", "locked"), [({}, False), ({"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}, True)]
)
def test_a_bucket_is_locked_where_it_says_for_how_long(
    session: AwsSession, workspace: Workspace, rule: Any, locked: bool
) -> None:
    remember(session, workspace, "s3://kept/etcd")
    where = {"LocationConstraint": "us-west-2"}
    session.s3.create_bucket(  # type: ignore[call-overload]
        Bucket="kept", CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True
    )
    session.s3.put_object_lock_configuration(
        Bucket="kept", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule}
    )
    bucket = read(workspace, "backup_bucket").backup_bucket
    assert bucket is not None
    assert bucket.locked is locked


def test_of_backups_that_a_bucket_does_not_have_any_more_none_is_the_newest(
    session: AwsSession, workspace: Workspace
) -> None:
    remember(session, workspace, "s3://kept/etcd")
    where = {"LocationConstraint": "us-west-2"}
    session.s3.create_bucket(Bucket="kept", CreateBucketConfiguration=where)  # type: ignore[arg-type]
    gone = read(workspace, "backups").backups
    assert (gone.newest, gone.drilled, gone.unread) == (None, None, "")
    session.s3.put_object(Bucket="kept", Key="etcd/demo/demo-20261101T000000Z-r12.etcd.tar", Body=b"0")
    assert read(workspace, "backups").backups.newest == dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def test_without_a_way_in_what_lies_behind_it_is_unknown(session: AwsSession, workspace: Workspace) -> None:
    names = ("members", "registered", "strain", "tls")
    with workspace.session.counting() as calls:
        facts = read_facts(workspace, names)
    assert facts.unread.keys() == set(names)
    # It is opened once: whoever comes later is told the same.
    assert len(set(facts.unread.values())) == 1
    assert calls.total <= 1


def test_a_bastion_is_found_among_machines_that_are_known_already(session: AwsSession, workspace: Workspace) -> None:
    subnet = make_subnet(session, make_vpc(session), cidr="10.10.3.0/24")
    run_machine(session, subnet_id=subnet, cluster="demo", role="bastion")
    known = [replace(one, public_address="198.51.100.9") for one in list_instances(session, "demo")]
    with workspace.session.counting() as calls:
        assert find_bastion(workspace, machines=lambda: known) == "198.51.100.9"
        with pytest.raises(NotFoundError, match="no bastion that runs"):
            find_bastion(workspace, machines=lambda: [replace(one, state="stopped") for one in known])
    assert calls.total == 0
