"""Facts of keys, roles, state, records and variables for an audit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fleetkit import aws, checks
from fleetkit.config import StateKind
from fleetkit.core import FleetkitError, NotFoundError, call_each, name_secrets
from fleetkit.runs import list_runs
from fleetkit.workflows._workspace import Workspace

__all__ = ["read_bucket", "read_caller", "read_kept", "read_roles", "read_state", "read_variables"]

_MOST_RECORDS = 50
"""Records are looked into from the newest on: what is older was looked into when it was new."""

_STATE = "terraform.tfstate"
_VARIABLES = ("*.tfvars", "*.tfvars.json", "fleetkit-*.tf")


def read_caller(session: aws.AwsSession) -> checks.CallerFact:
    """Return whose credentials these are, with their access keys."""
    keys = aws.list_own_access_keys(session)
    return checks.CallerFact(
        name=session.caller().name,
        keys=tuple(
            checks.KeyFact(number=number, created=one.created, active=one.active)
            for number, one in enumerate(keys, start=1)
        ),
    )


def read_roles(session: aws.AwsSession, machines: Iterable[aws.Instance]) -> tuple[checks.RoleFact, ...]:
    """Return the roles that machines have."""
    wearers = {one.profile_arn: one.role or one.instance_id for one in machines if one.profile_arn}
    found = call_each(list(wearers), lambda arn: aws.read_roles(session, arn))
    for error in found.failed.values():
        raise error
    return tuple(
        checks.RoleFact(resource=wearers[arn], role_name=one.name, policies=one.policies)
        for arn, roles in found.ok.items()
        for one in roles
    )


def read_bucket(session: aws.AwsSession, bucket: str) -> checks.BucketFact:
    """Return how a bucket is set up."""
    found = aws.read_bucket_settings(session, bucket)
    return checks.BucketFact(
        name=found.name,
        encryption=found.encryption,
        versioned=found.versioned,
        closed=found.closed,
        locked=found.locked,
    )


def read_state(workspace: Workspace) -> checks.StateFact:
    """Return where Terraform's state lies."""
    state = workspace.cluster.state
    if state.kind is StateKind.LOCAL:
        return checks.StateFact(resource=_STATE, bucket=None)
    return checks.StateFact(resource=_STATE, bucket=read_bucket(workspace.session, state.bucket))


def read_kept(workspace: Workspace) -> tuple[checks.KeptFact, ...]:
    """Look for secrets in the state and in the newest records.

    Returns
    -------
    tuple
        The state, one for each record that gives something away, and one for all that do not.
    """
    state = _look_into_state(workspace)
    found = list_runs(workspace.paths.runs.parent, cluster=workspace.cluster.name)
    for error in found.failed.values():
        raise error
    quiet, loud = 0, []
    for folder in list(found.ok)[:_MOST_RECORDS]:
        texts = _read_record(folder)
        secrets = {name: kinds for name, text in texts.items() if (kinds := name_secrets(text))}
        if secrets:
            loud.append(checks.KeptFact(resource=f"record {folder.name}", looked_into=len(texts), secrets=secrets))
        else:
            quiet += len(texts)
    return (
        state,
        *loud,
        *([checks.KeptFact(resource="records", looked_into=quiet, secrets={})] if quiet else []),
    )


def _read_record(folder: Path) -> dict[str, str]:
    try:
        return {one.name: one.read_text("utf-8", errors="replace") for one in folder.iterdir() if one.is_file()}
    except OSError as error:
        raise FleetkitError(f"the record {folder.name} cannot be read", seen=str(error)) from error


def _look_into_state(workspace: Workspace) -> checks.KeptFact:
    try:
        kinds = name_secrets(_read_state_text(workspace))
    except (FileNotFoundError, NotFoundError):
        # Who audits from elsewhere has the records in a store, and no state: that is no state without secrets.
        remote = workspace.cluster.state.kind is not StateKind.LOCAL
        place = f"in the bucket {workspace.cluster.state.bucket}" if remote else "on this computer"
        return checks.KeptFact(resource=_STATE, looked_into=0, secrets={}, silence=f"no state is {place}")
    return checks.KeptFact(resource=_STATE, looked_into=1, secrets={_STATE: kinds} if kinds else {})


def _read_state_text(workspace: Workspace) -> str:
    state, file = workspace.cluster.state, workspace.paths.terraform / _STATE
    if state.kind is not StateKind.LOCAL:
        return aws.read_object(workspace.session, state.bucket, key=state.key).decode("utf-8", errors="replace")
    try:
        return file.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FleetkitError(f"{file.name} cannot be read", seen=str(error)) from error


def read_variables(workspace: Workspace) -> dict[str, str]:
    """Return the files that tell Terraform of the cluster: the cluster file, and what is laid out for it."""
    files = [workspace.paths.file]
    files += sorted(file for shape in _VARIABLES for file in workspace.paths.terraform.glob(shape))
    provider = workspace.settings.terraform_provider
    files += [provider] if provider is not None else []
    try:
        return {one.name: one.read_text("utf-8", errors="replace") for one in files}
    except OSError as error:
        raise FleetkitError("a file of variables cannot be read", seen=str(error)) from error
