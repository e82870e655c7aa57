"""Secrets go from where they are kept into the bucket for one pool's machines alone, and are seen nowhere else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_world import World, surrounding_world

from fleetkit import aws
from fleetkit.aws import list_objects, put_object, read_object
from fleetkit.core import AwsError, NotFoundError, PreconditionError, SettingsError, StalePlanError
from fleetkit.runs import EventKind
from fleetkit.workflows import (
    Reporter,
    SecretsPlan,
    Workspace,
    apply_secrets,
    approve,
    plan_secrets,
    verify_secrets,
)
from fleetkit.workflows.bucket_keys import secret_prefix, secret_target
from fleetkit.workflows.delivery import secret_lines
from fleetkit.workflows.supplying import ensure_certificates, find_pending_deliveries, supply_bucket

TOKEN, PASSWORD = "CANARY-token-5c3a", "CANARY-password-9d1e"
FILE = {
    "secrets.token": "ssm:/demo/token",
    "secrets.unused": "ssm:/demo/none",
    "pools.internal.secrets": ["token"],
    "registries": [{"name": "quay.io", "user": "ada", "password": "secretsmanager:demo/quay#password"}],
}
CONFIG, OLD_CONFIG, OWN = "/root/.docker/config.json", "/root/.dockercfg", "/etc/fleetkit/secrets/token"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test resolved: the next one looks for the same words."""
    monkeypatch.setattr("fleetkit.core._remembered._FORMS", set())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        found.write(**FILE)
        put_token(found, TOKEN)
        value = json.dumps({"user": "ada", "password": PASSWORD})
        found.session.client("secretsmanager").create_secret(Name="demo/quay", SecretString=value)
        yield found


@pytest.fixture
def workspace(world: World) -> Workspace:
    """Return the cluster as a deploy left it, with no machine yet."""
    opened = world.open()
    supply_bucket(opened, ensure_certificates(opened))
    return opened


def put_token(world: World, value: str) -> None:
    world.session.client("ssm").put_parameter(Name="/demo/token", Value=value, Type="SecureString", Overwrite=True)


def deliver(workspace: Workspace, plan: SecretsPlan | None = None, *, report: Reporter | None = None) -> str:
    plan = plan or plan_secrets(workspace, report=report)
    return str(apply_secrets(workspace, approve(plan, "demo"), report=report))


def read(workspace: Workspace, key: str) -> bytes:
    return read_object(workspace.session, workspace.bucket, key=key)


def secret_keys(workspace: Workspace, role: str = "internal") -> dict[str, str]:
    """Return where each secret belongs, to its key; each is there once."""
    keys = [one.key for one in list_objects(workspace.session, workspace.bucket, prefix=secret_prefix(role))]
    found = {secret_target(key): key for key in keys}
    assert len(found) == len(keys)
    return found


def changes(plan: SecretsPlan) -> set[tuple[str, str, str]]:
    return {(one.role, one.destination, str(one.change)) for one in plan.changes}


def test_each_pool_is_given_what_its_table_and_its_registries_say_and_nothing_else(workspace: Workspace) -> None:
    plan = plan_secrets(workspace)
    docker = {(role, path, "new") for role in ("internal", "public") for path in (CONFIG, OLD_CONFIG)}
    assert changes(plan) == {*docker, ("internal", OWN, "new")}
    deliver(workspace, plan)
    keys = {role: secret_keys(workspace, role) for role in ("internal", "public", "deploy")}
    assert {(role, path) for role, found in keys.items() for path in found} == {one[:2] for one in changes(plan)}
    assert read(workspace, keys["internal"][OWN]) == TOKEN.encode()
    auth = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    for role in ("internal", "public"):
        assert json.loads(read(workspace, keys[role][CONFIG])) == {"auths": {"quay.io": {"auth": auth}}}
        assert json.loads(read(workspace, keys[role][OLD_CONFIG]))["quay.io"]["auth"] == auth


def test_a_manifest_names_them_for_root_alone_beside_all_that_was_there(workspace: Workspace) -> None:
    before = read(workspace, "roles/internal/manifest").decode().splitlines()
    deliver(workspace)
    lines = read(workspace, "roles/internal/manifest").decode().splitlines()
    assert lines[: len(before)] == before
    sha256 = hashlib.sha256(TOKEN.encode()).hexdigest()
    assert f"{sha256} 0400 root:root {OWN} {secret_keys(workspace)[OWN]}" in lines
    assert len(lines) == len(before) + 3
    assert secret_lines(read(workspace, "roles/master/etcd1/manifest")) == ()


def test_a_deploy_leaves_them_as_they_are(world: World, workspace: Workspace) -> None:
    deliver(workspace)
    before = read(workspace, "roles/internal/manifest")
    assert find_pending_deliveries(workspace) == ()
    assert supply_bucket(workspace, ensure_certificates(workspace)) == ()
    world.write(**FILE, **{"fleet.agent_ttl_s": 60})
    changed = world.open()
    assert "what roles/internal fetches (it changed)" in find_pending_deliveries(changed)
    supply_bucket(changed, ensure_certificates(changed))
    after = read(changed, "roles/internal/manifest")
    assert after != before
    assert secret_lines(after) == secret_lines(before)
    assert plan_secrets(changed).is_empty


def test_delivered_twice_changes_nothing_the_second_time_and_says_so(workspace: Workspace) -> None:
    deliver(workspace)
    plan = plan_secrets(workspace)
    assert plan.is_empty
    assert str(plan) == "Nothing to deliver: 5 files with secrets of demo are as they should be."
    assert deliver(workspace, plan) == "Nothing to do: the secrets of demo are where they should be."


def test_one_that_was_replaced_where_it_is_kept_is_delivered_anew_and_the_others_are_left(
    world: World, workspace: Workspace
) -> None:
    deliver(workspace)
    put_token(world, "CANARY-another-token")
    plan = plan_secrets(workspace)
    assert changes(plan) == {("internal", OWN, "changed")}
    deliver(workspace, plan)
    assert read(workspace, secret_keys(workspace)[OWN]) == b"CANARY-another-token"
    assert plan_secrets(workspace).is_empty


def test_one_that_the_file_no_longer_names_is_removed(world: World, workspace: Workspace) -> None:
    deliver(workspace)
    world.write(
        **{**FILE, "pools.internal.secrets": [], "registries": [{**FILE["registries"][0], "pools": ["public"]}]}
    )  # type: ignore[index,dict-item]
    fewer = world.open()
    plan = plan_secrets(fewer)
    assert changes(plan) == {("internal", path, "removed") for path in (CONFIG, OLD_CONFIG, OWN)}
    deliver(fewer, plan)
    assert secret_keys(fewer) == {}
    assert secret_lines(read(fewer, "roles/internal/manifest")) == ()
    assert len(secret_lines(read(fewer, "roles/public/manifest"))) == 2


def test_whatever_breaks_a_delivery_off_a_machine_that_starts_finds_what_its_manifest_names(
    world: World, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(workspace)
    put_token(world, "CANARY-another-token")
    before = read(workspace, "roles/internal/manifest")

    def refuse(*_given: object, key: str, **_options: object) -> bool:
        if key.endswith("/manifest"):
            raise AwsError("AWS does not answer", transient=True)
        return put_object(*_given, key=key, **_options)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(aws, "put_object", refuse)
        with pytest.raises(AwsError):
            deliver(workspace)
    assert read(workspace, "roles/internal/manifest") == before
    for line in secret_lines(before):
        sha256, *_, key = line.split(" ")
        assert hashlib.sha256(read(workspace, key)).hexdigest() == sha256
    deliver(workspace)
    assert read(workspace, secret_keys(workspace)[OWN]) == b"CANARY-another-token"
    assert plan_secrets(workspace).is_empty


def test_an_object_that_somebody_wrote_over_is_put_back(workspace: Workspace) -> None:
    deliver(workspace)
    key = secret_keys(workspace)[OWN]
    workspace.session.s3.put_object(Bucket=workspace.bucket, Key=key, Body=b"another's")
    assert changes(plan_secrets(workspace)) == {("internal", OWN, "changed")}
    deliver(workspace)
    assert read(workspace, secret_keys(workspace)[OWN]) == TOKEN.encode()


def test_where_other_secrets_would_change_than_were_shown_the_approval_is_not_for_that(
    world: World, workspace: Workspace
) -> None:
    deliver(workspace)
    put_token(world, "CANARY-another-token")
    plan = plan_secrets(workspace)
    value = json.dumps({"password": "CANARY-another-password"})
    world.session.client("secretsmanager").put_secret_value(SecretId="demo/quay", SecretString=value)
    with pytest.raises(StalePlanError, match="other secrets of demo would change"):
        deliver(workspace, plan)
    assert read(workspace, secret_keys(workspace)[OWN]) == TOKEN.encode()


def test_before_a_deploy_it_is_refused_with_what_makes_the_bucket(world: World) -> None:
    plan = plan_secrets(world.open())
    with pytest.raises(PreconditionError, match=r"(?s)bucket .* is not there.*fleetkit deploy demo"):
        approve(plan, "demo")


def no_parameter(world: World) -> None:
    world.session.client("ssm").delete_parameter(Name="/demo/token")


def in_vault(world: World) -> None:
    world.write(**{**FILE, "secrets.token": "vault:kv/demo#token"})


def several_lines(world: World) -> None:
    value = json.dumps({"password": f"{PASSWORD}\n{PASSWORD}"})
    world.session.client("secretsmanager").put_secret_value(SecretId="demo/quay", SecretString=value)


@pytest.mark.parametrize(
    ("spoil", "error", "seen"),
    [
        (no_parameter, NotFoundError, "the secret ssm:/demo/token is not there"),
        (in_vault, NotFoundError, "no VAULT_ADDR"),
        (several_lines, SettingsError, r"password of the registry quay\.io cannot be used"),
    ],
)
def test_what_cannot_be_read_or_used_is_told_while_it_is_planned_and_nothing_is_put(
    world: World,
    workspace: Workspace,
    spoil: Callable[[World], None],
    error: type[Exception],
    seen: str,
) -> None:
    before = {one.key for one in list_objects(workspace.session, workspace.bucket)}
    spoil(world)
    with pytest.raises(error, match=seen) as caught:
        plan_secrets(world.open())
    assert "CANARY" not in str(caught.value)
    assert {one.key for one in list_objects(workspace.session, workspace.bucket)} == before


def test_neither_plan_nor_record_nor_result_holds_a_value_or_what_it_could_be_guessed_from(
    workspace: Workspace,
) -> None:
    told: list[Any] = []
    report = Reporter(note=told.append, record=lambda kind, facts: told.append((str(kind), dict(facts))))
    plan = plan_secrets(workspace, report=report)
    applied = apply_secrets(workspace, approve(plan, "demo"), report=report)
    verified = verify_secrets(workspace, report=report)
    told += [str(plan), repr(plan), plan._repr_html_(), plan.sha256, dict(plan.facts), str(applied), str(verified)]
    text = json.dumps(told)
    lines = [
        line for role in ("internal", "public") for line in secret_lines(read(workspace, f"roles/{role}/manifest"))
    ]
    assert len(lines) == 5
    for hidden in (TOKEN, PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), *(line.split()[0] for line in lines)):
        assert hidden not in text
    kinds = {kind for kind, _ in (one for one in told if isinstance(one, tuple))}
    assert kinds == {str(kind) for kind in (EventKind.PLAN, EventKind.APPROVAL, EventKind.CHANGE, EventKind.VERIFIED)}


def test_whoever_records_is_told_every_value_before_it_is_used(workspace: Workspace) -> None:
    told: list[str] = []
    plan_secrets(workspace, protect=told.extend)
    assert {TOKEN, PASSWORD} <= set(told)


def test_where_no_machine_runs_there_is_nothing_amiss(workspace: Workspace) -> None:
    deliver(workspace)
    verified = verify_secrets(workspace)
    assert verified.findings == ()
    assert verified.summary == "0 machines of demo have the secrets that were delivered to them"
