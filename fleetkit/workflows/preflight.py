"""Preflight: look at everything that a deploy needs, at once, and say of each line how to mend it.

It reads and compares, and changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fleetkit.core import FleetkitError, PreconditionError, ServiceError, format_duration
from fleetkit.views import checks_frame, frame_html
from fleetkit.workflows._check_lines import Check, CheckLine, CheckStatus, failure, unread
from fleetkit.workflows._preflight_account import ACCOUNT_CHECKS, check_credentials
from fleetkit.workflows._preflight_machines import MACHINE_CHECKS
from fleetkit.workflows._preflight_network import NETWORK_CHECKS
from fleetkit.workflows._preflight_software import SOFTWARE_CHECKS, key_check, terraform_check
from fleetkit.workflows._recording import record_checks
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace

__all__ = ["CheckLine", "CheckStatus", "Preflight", "require_preflight", "run_preflight"]

_TIME_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Preflight(Shown):
    """What preflight saw.

    Attributes
    ----------
    cluster
        The cluster's name.
    lines
        One for each thing looked at, in a fixed order.
    """

    cluster: str
    lines: tuple[CheckLine, ...]

    @property
    def failures(self) -> tuple[CheckLine, ...]:
        """What must be mended before a deploy."""
        return tuple(line for line in self.lines if line.status is CheckStatus.FAILURE)

    @property
    def warnings(self) -> tuple[CheckLine, ...]:
        """What may be right, and should be looked at."""
        return tuple(line for line in self.lines if line.status is CheckStatus.WARNING)

    @property
    def unread(self) -> tuple[CheckLine, ...]:
        """What failed because it could not be looked at."""
        return tuple(line for line in self.failures if line.unread)

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def summary(self) -> str:
        """One sentence."""
        return f"{len(self.failures)} failures, {len(self.warnings)} warnings, {len(self.lines)} looked at"

    @property
    def text(self) -> str:
        """The lines as a table, each with its way to mend it below."""
        width = max(len(line.check_id) for line in self.lines)
        rows: list[str] = []
        for line in self.lines:
            rows.append(f"{line.status.value:<7}  {line.check_id:<{width}}  {line.seen}")
            rows += [f"{'':<7}  {'':<{width}}  next: {line.mend}"] if line.mend else []
        return "\n".join(rows)

    def __str__(self) -> str:
        return f"{self.text}\n{self.summary}"

    def _repr_html_(self) -> str:
        table = frame_html(checks_frame(self.lines))
        return f"{table}<p>{self.summary}.</p>"


def run_preflight(
    workspace: Workspace,
    *,
    describe_terraform: Callable[[], str] | None = None,
    list_public_keys: Callable[[Path | None], Sequence[str]] | None = None,
    time_limit_s: float = _TIME_LIMIT_S,
    report: Reporter | None = None,
) -> Preflight:
    """Look at everything that a deploy of the workspace's cluster needs.

    Parameters
    ----------
    workspace
        The cluster.
    describe_terraform
        Returns which Terraform would be used, as words; raises one of fleetkit's errors when there is none.
        The one that a deploy would find where not given.
    list_public_keys
        Returns the public keys, ``<algorithm> <base64>``, that a connection could offer: of the key file where one
        is given, else of the SSH agent and ssh_config. Those that a tunnel would offer where not given.
    time_limit_s
        Seconds for everything together; what has not answered by then has failed.
    report
        Its record is told what was seen.
    """
    end = time.monotonic() + time_limit_s
    checks = (
        *ACCOUNT_CHECKS,
        *NETWORK_CHECKS,
        *MACHINE_CHECKS,
        key_check(list_public_keys or partial(_offered_keys, workspace)),
        *SOFTWARE_CHECKS,
        terraform_check(describe_terraform or partial(_terraform_here, workspace)),
    )
    with_aws = [check for check in checks if check.needs_aws]
    # Without credentials each question to AWS would fail with the same words: they are asked for first.
    credentials = Check("credentials", check_credentials)
    lines = dict(_run([credentials, *(check for check in checks if not check.needs_aws)], workspace, end))
    if lines["credentials"][0].status is CheckStatus.OK:
        lines |= _run(with_aws, workspace, end)
    else:
        lines |= {check.check_id: (_not_looked_at(check),) for check in with_aws}
    order = ["credentials", *(check.check_id for check in checks)]
    told = tuple(line for name in order for line in lines[name])
    record_checks(report or Reporter(), told)
    return Preflight(cluster=workspace.cluster.name, lines=told)


def require_preflight(workspace: Workspace, *, report: Reporter | None = None) -> Preflight:
    """Look as `run_preflight` does, tell the warnings, and refuse to go on when something failed.

    Raises
    ------
    ServiceError
        When something could not be looked at.
    PreconditionError
        When something must be mended first.
    """
    seen = run_preflight(workspace, report=report)
    for line in seen.warnings:
        (report or Reporter()).note(f"{line.check_id}: {line.seen}; {line.mend}")
    if seen.ok:
        return seen
    problems = "".join(f"\n  - {line.check_id}: {line.seen}; {line.mend}" for line in seen.failures)
    hint = f"mend these, then fleetkit preflight {seen.cluster}"
    if seen.unread:
        raise ServiceError(f"some of what {seen.cluster} needs could not be looked at", seen=problems, hint=hint)
    raise PreconditionError(f"{seen.cluster} is not ready to be deployed", seen=problems, hint=hint)


def _terraform_here(workspace: Workspace) -> str:
    from fleetkit.terraform import find_terraform

    found = find_terraform(
        workspace.settings.terraform,
        workspace.environ.get("PATH", ""),
        launcher_folder=workspace.paths.folder / "bin",
        environ=workspace.environ,
    )
    return str(found)


def _offered_keys(workspace: Workspace, key_file: Path | None) -> Sequence[str]:
    from fleetkit.ssh import KnownHosts, SshAccess, SshTarget, list_login_keys

    # The bastion's address is not known before the first deploy: ssh_config is asked for its name in the cluster.
    target = SshTarget(host=f"bastion.{workspace.cluster.dns_zone}", key_file=key_file)
    config_file = workspace.settings.ssh_config
    return list_login_keys(target, SshAccess(known_hosts=KnownHosts(), config_file=config_file))


def _run(checks: Sequence[Check], workspace: Workspace, end: float) -> Mapping[str, tuple[CheckLine, ...]]:
    """Run checks at the same time; one that has no answer at ``end`` is a failure, and is waited for no longer."""
    lines: dict[str, tuple[CheckLine, ...]] = {}
    defects: list[BaseException] = []

    def run(check: Check) -> None:
        try:
            lines[check.check_id] = check.run(workspace)
        except FleetkitError as error:
            lines[check.check_id] = (unread(check.check_id, error, soft=check.soft),)
        except BaseException as error:  # noqa: BLE001 -- a thread's error is nobody's: it is raised again below
            defects.append(error)

    # Daemon threads, not a pool: a pool would wait at the end of the program for an endpoint that never answers.
    threads = [threading.Thread(target=run, args=(check,), daemon=True) for check in checks]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    waited = format_duration(time.monotonic() - started)
    if defects:
        raise defects[0]
    answered = dict(lines)  # a late thread may still write into `lines`
    late = {check.check_id: (_late(check, waited),) for check in checks if check.check_id not in answered}
    return answered | late


def _late(check: Check, waited: str) -> CheckLine:
    line = failure(check.check_id, f"no answer after {waited}", mend="look at the network, and repeat")
    return line.as_unread(soft=check.soft)


def _not_looked_at(check: Check) -> CheckLine:
    return CheckLine(
        check_id=check.check_id,
        status=CheckStatus.WARNING,
        seen="not looked at: AWS does not answer to these credentials",
        mend="mend the credentials first",
    )
