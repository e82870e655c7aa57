"""HashiCorp's provider against an emulated AWS: drift, credentials, broken providers, and state in S3 with its lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tf_aws import REGION, EmulatedAws, emulated_aws, unpack_provider, write_cli_configuration
from support.tf_configuration import (
    any_terraform,
    await_truth,
    plain_environment,
    processes_in,
    write_configuration,
)

from fleetkit.core import BusyError, TerraformError
from fleetkit.terraform import Action, LockInfo, S3Backend, TerraformBinary, WorkingCopy
from fleetkit.views import drift_frame, pending_changes_frame

pytestmark = pytest.mark.sandbox

GROUP = "aws_cloudwatch_log_group.flow"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_provider(tmp_path_factory.mktemp("mirror"))


@pytest.fixture
def binary(tmp_path: Path) -> TerraformBinary:
    return any_terraform(tmp_path / "launcher")


@pytest.fixture
def aws(tmp_path: Path, mirror: Path) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path, mirror, environ=plain_environment()) as emulated:
        yield emulated


def test_drift_and_pending_changes_are_never_mixed(tmp_path: Path, aws: EmulatedAws, binary: TerraformBinary) -> None:
    copy = WorkingCopy(tmp_path / "copy", binary=binary, environ=aws.environ, modules=aws.modules)
    copy.prepare({}, provider_file=aws.provider)
    copy.apply(copy.plan())
    assert copy.drift().is_empty
    assert copy.plan().plan.is_empty

    logs = aws.client("logs")
    logs.put_retention_policy(logGroupName="/fleetkit/demo/flow", retentionInDays=7)
    copy.prepare({"retention": 60}, provider_file=aws.provider)
    (drifted,) = copy.drift().changes
    assert drifted.address == GROUP
    assert drift_frame(copy.drift()).to_dict("records") == [
        {
            "address": GROUP,
            "what": "changed",
            "attribute": "retention_in_days",
            "in the state": "30",
            "in the world": "7",
        }
    ]
    pending = copy.plan().plan
    assert [(one.path, one.before, one.after) for one in pending.changes[0].attributes] == [
        ("retention_in_days", 7, 60)
    ]
    assert list(pending_changes_frame(pending)["action"]) == ["update"]

    logs.delete_log_group(logGroupName="/fleetkit/demo/flow")
    assert [one.action for one in copy.drift().changes] == [Action.DELETE]
    assert [one.action for one in copy.plan().plan.changes] == [Action.CREATE]


def test_credentials_that_aws_refuses_are_told_as_such(
    tmp_path: Path, aws: EmulatedAws, binary: TerraformBinary
) -> None:
    real = tmp_path / "real.tf"
    text = aws.provider.read_text(encoding="utf-8")
    real.write_text(text.replace("skip_credentials_validation = true", ""), encoding="utf-8")
    environ = {name: value for name, value in aws.environ.items() if not name.startswith("AWS_")}
    environ |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}
    copy = WorkingCopy(tmp_path / "copy", binary=binary, environ=environ, modules=aws.modules)
    copy.prepare({}, provider_file=real)
    with pytest.raises(TerraformError, match="does not accept the credentials") as caught:
        copy.plan()
    assert "sts get-caller-identity" in (caught.value.hint or "")


def test_a_provider_that_cannot_be_had_is_told_as_such(
    tmp_path: Path, aws: EmulatedAws, binary: TerraformBinary
) -> None:
    (tmp_path / "empty").mkdir()
    write_cli_configuration(tmp_path / "terraformrc", tmp_path / "empty")
    copy = WorkingCopy(tmp_path / "copy", binary=binary, environ=aws.environ, modules=aws.modules)
    with pytest.raises(TerraformError, match="provider cannot be had"):
        copy.prepare({}, provider_file=aws.provider)


def test_a_provider_that_will_not_start_is_told_as_such(
    tmp_path: Path, mirror: Path, aws: EmulatedAws, binary: TerraformBinary
) -> None:
    (good,) = mirror.rglob("terraform-provider-aws_*")
    broken = tmp_path / "broken" / good.relative_to(mirror)
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\necho no provider >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    write_cli_configuration(tmp_path / "terraformrc", tmp_path / "broken")
    copy = WorkingCopy(tmp_path / "copy", binary=binary, environ=aws.environ, modules=aws.modules)
    copy.prepare({}, provider_file=aws.provider)
    with pytest.raises(TerraformError, match="provider of the configuration will not start"):
        copy.plan()


def test_a_mirror_that_moved_initialises_again(
    tmp_path: Path, mirror: Path, aws: EmulatedAws, binary: TerraformBinary
) -> None:
    other = tmp_path / "other"
    (good,) = mirror.rglob("terraform-provider-aws_*")
    linked = other / good.relative_to(mirror)
    linked.parent.mkdir(parents=True)
    linked.hardlink_to(good)
    write_cli_configuration(tmp_path / "terraformrc", other)
    copy = WorkingCopy(tmp_path / "copy", binary=binary, environ=aws.environ, modules=aws.modules)
    copy.prepare({}, provider_file=aws.provider)
    linked.unlink()
    linked.parent.rmdir()
    write_cli_configuration(tmp_path / "terraformrc", mirror)
    assert copy.prepare({}, provider_file=aws.provider).initialised
    assert not copy.plan().plan.is_empty


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_lock_left_behind_in_s3_is_explained_and_cleared(
    tmp_path: Path, aws: EmulatedAws, binary: TerraformBinary
) -> None:
    aws.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    backend = S3Backend(bucket="states", key="demo/terraform.tfstate", region=REGION, endpoint_url=aws.url)
    (tmp_path / "none.tf").write_text("# The builtin provider takes no block.\n", encoding="utf-8")
    copy = WorkingCopy(
        tmp_path / "copy", binary=binary, environ=aws.environ, modules=write_configuration(tmp_path / "builtin")
    )
    copy.prepare({}, provider_file=tmp_path / "none.tf", backend=backend)
    copy.apply(copy.plan())
    assert not (copy.folder / "terraform.tfstate").exists()
    assert len(copy.state()) == 6

    s3 = aws.client("s3")
    lock_key = {"Bucket": "states", "Prefix": "demo/terraform.tfstate.tflock"}
    words = [str(binary.path), "apply", "-auto-approve", "-var=sleep_s=300"]
    words.append('-replace=module.workers["public"].terraform_data.pool')
    with subprocess.Popen(
        words, cwd=copy.folder, env=aws.environ, stdout=subprocess.DEVNULL, start_new_session=True
    ) as holder:
        await_truth(lambda: s3.list_objects_v2(**lock_key)["KeyCount"] == 1, what="the lock")
        os.killpg(holder.pid, signal.SIGKILL)
    await_truth(lambda: processes_in(copy.folder) == [], what="everything to be gone")

    with pytest.raises(BusyError) as caught:
        copy.plan()
    lock = LockInfo.parse(str(caught.value))
    assert lock is not None
    assert not lock.is_local
    assert f"{binary.path} -chdir={copy.folder} force-unlock -force {lock.lock_id}" in (caught.value.hint or "")
    copy.force_unlock(lock.lock_id)
    copy.plan()


def test_who_holds_the_lock_of_a_state_in_s3_works_on_it_and_nobody_else(
    tmp_path: Path, aws: EmulatedAws, binary: TerraformBinary
) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    backend = S3Backend(bucket="states", key="demo/terraform.tfstate", region=REGION, endpoint_url=aws.url)
    (tmp_path / "none.tf").write_text("# The builtin provider takes no block.\n", encoding="utf-8")
    mine = LockInfo(lock_id="0a-1b", who="ann@desk", operation="restore", created="2026-11-26T10:00:00Z", path="states")
    s3.put_object(Bucket="states", Key="demo/terraform.tfstate.tflock", Body=mine.to_json())
    modules = write_configuration(tmp_path / "builtin")
    theirs = WorkingCopy(tmp_path / "theirs", binary=binary, environ=aws.environ, modules=modules)
    held = WorkingCopy(tmp_path / "held", binary=binary, environ=aws.environ, modules=modules, locks_state=False)
    for copy in (theirs, held):
        copy.prepare({}, provider_file=tmp_path / "none.tf", backend=backend)
    with pytest.raises(BusyError, match="restore by ann@desk since 2026-11-26"):
        theirs.plan()
    held.apply(held.plan())
    held.refresh()
    held.remove_from_state(held.state()[0].address)
    there = s3.get_object(Bucket="states", Key="demo/terraform.tfstate.tflock")["Body"].read()
    assert LockInfo.parse_json(there) == mine, "it is still there"
    theirs.force_unlock("0a-1b")
    theirs.plan().discard()


def test_a_state_moves_from_the_folder_to_s3(tmp_path: Path, aws: EmulatedAws, binary: TerraformBinary) -> None:
    aws.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    backend = S3Backend(bucket="states", key="demo/terraform.tfstate", region=REGION, endpoint_url=aws.url)
    (tmp_path / "none.tf").write_text("# The builtin provider takes no block.\n", encoding="utf-8")
    copy = WorkingCopy(
        tmp_path / "copy", binary=binary, environ=aws.environ, modules=write_configuration(tmp_path / "builtin")
    )
    copy.prepare({}, provider_file=tmp_path / "none.tf")
    copy.apply(copy.plan())
    before = copy.state()
    with pytest.raises(TerraformError, match="the cluster file now says s3://states"):
        copy.prepare({}, provider_file=tmp_path / "none.tf", backend=backend)
    copy.prepare({}, provider_file=tmp_path / "none.tf", backend=backend, move_state=True)
    assert copy.state() == before
    assert copy.plan().plan.is_empty
