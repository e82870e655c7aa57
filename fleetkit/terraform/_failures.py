"""From what Terraform said at its end to the error that is raised: the known causes, each with its way out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import BusyError, FleetkitError, StalePlanError, TerraformError
from fleetkit.terraform.diagnostics import Diagnostic, LockInfo, Severity

__all__ = ["failure_from"]

_MOST_SHOWN = 8
"""A plan with one wrong variable can bring dozens of errors; the first ones name the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    pattern: re.Pattern[str]
    what: str
    hint: str
    transient: bool = False


def _cause(pattern: str, what: str, hint: str, *, transient: bool = False) -> _Cause:
    return _Cause(pattern=re.compile(pattern, re.IGNORECASE), what=what, hint=hint, transient=transient)


# The first that fits counts, so the narrower stand before the wider.
_CAUSES = (
    _cause(
        r"no space left on device|disk quota exceeded",
        "the disk is full",
        "free some space; if there is a file errored.tfstate in the working copy, "
        "put it back with: terraform state push errored.tfstate",
    ),
    _cause(
        r"errored\.tfstate|failed to (save|persist) state",
        "Terraform could not store the state of what it did",
        "it lies in errored.tfstate in the working copy; mend what is named, "
        "and run: terraform state push errored.tfstate",
    ),
    _cause(
        r"unsupported terraform core version",
        "this Terraform is too old for the configuration",
        "install a newer Terraform, or name one in FLEETKIT_TERRAFORM",
    ),
    _cause(
        r"state snapshot was created by terraform v",
        "the state was written by a newer Terraform than this one",
        "use the version that wrote the state, or a later one",
    ),
    _cause(
        r"failed to query available provider packages|could not retrieve the list of available versions"
        r"|failed to install provider",
        "Terraform's provider cannot be had",
        "check the network, or the mirror that Terraform's CLI configuration (TF_CLI_CONFIG_FILE) names",
    ),
    _cause(
        r"failed to (load plugin schemas|instantiate provider)|could not load (the )?(plugin|schema)"
        r"|plugin did not respond|unrecognized remote plugin message|failed to obtain provider schema"
        r"|plugin exited before",
        "the provider of the configuration will not start",
        "remove the folder .terraform of the working copy and run again; if that does not help, the provider "
        "is not made for this computer",
    ),
    _cause(
        r"required plugins are not installed|backend initialization required|module not installed"
        r"|inconsistent dependency lock file|plugin reinitialization required|missing required provider"
        r"|please run \"?terraform init|initialization required",
        "the working copy is not initialised",
        "prepare it again; if that does not help, remove its folder .terraform",
    ),
    _cause(
        r"no valid credential sources|invalidclienttokenid|unrecognizedclient|authfailure|signaturedoesnotmatch"
        r"|expiredtoken|request has expired|incompletesignature|failed to refresh cached credentials"
        r"|invalidaccesskeyid|security token included in the request is|not allowed account|account id not allowed",
        "AWS does not accept the credentials",
        "check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN with: aws sts get-caller-identity",
    ),
    _cause(
        r"accessdenied|unauthorizedoperation|not authorized to perform",
        "the credentials lack a permission",
        "grant the action that is named to the caller, and run again",
    ),
    _cause(
        r"invalidipaddress\.inuse|address .* is in use",
        "a static address is taken",
        "an instance that the state does not know holds it, as after an interrupted deploy: "
        "deploy again to have it adopted, or terminate it",
    ),
    _cause(
        r"limitexceeded|quota",
        "a quota of the AWS account is reached",
        "raise the quota that is named, or free what it counts",
    ),
    _cause(
        r"insufficientinstancecapacity",
        "AWS has no such instance free in that zone",
        "try again later, or choose another instance type in the cluster file",
        transient=True,
    ),
    _cause(
        r"no such host|connection refused|i/o timeout|connection reset|tls handshake timeout|requestlimitexceeded"
        r"|throttling|serviceunavailable|internalerror",
        "AWS could not be reached, or asked to slow down",
        "check the network and run again",
        transient=True,
    ),
)


def failure_from(
    diagnostics: Sequence[Diagnostic],
    *,
    doing: str,
    exit_code: int,
    leftover: str = "",
    unlock_words: Sequence[str] = (),
) -> FleetkitError:
    """Return the error for a Terraform that failed.

    Parameters
    ----------
    diagnostics
        All that it said.
    doing
        The command, as in ``terraform apply``.
    leftover
        Last lines of standard error, for the case of no diagnostic at all (a crash).
    unlock_words
        Command line that clears a lock, without the lock's id.
    """
    errors = [one for one in diagnostics if one.severity is Severity.ERROR]
    text = "\n".join(one.text for one in errors) or leftover
    lock = LockInfo.parse(text)
    if lock is not None:
        return _busy(lock, doing=doing, unlock_words=unlock_words)
    if re.search(r"saved plan is stale|saved plan does not match", text, re.IGNORECASE):
        return StalePlanError(
            "the saved plan is stale",
            seen="the state was changed by another operation after the plan was made",
            hint="plan again, look at the new plan, and apply that",
        )
    seen = _list_errors(errors) or leftover.strip() or "it said nothing"
    for cause in _CAUSES:
        if cause.pattern.search(text):
            return TerraformError(
                f"{doing} failed: {cause.what}", seen=seen, hint=cause.hint, transient=cause.transient
            )
    return TerraformError(f"{doing} ended with exit code {exit_code}", seen=seen)


def _list_errors(errors: Sequence[Diagnostic]) -> str:
    # The same cause is often told once for each resource it stopped.
    lines = list(dict.fromkeys(str(error) for error in errors))
    rest = len(lines) - _MOST_SHOWN
    if rest > 0:
        lines = [*lines[:_MOST_SHOWN], f"and {rest} more"]
    return lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines)


def _busy(lock: LockInfo, *, doing: str, unlock_words: Sequence[str]) -> BusyError:
    seen = (
        f"{lock}\n  ID: {lock.lock_id}\n  Who: {lock.who}\n  Operation: {lock.operation}\n  Created: {lock.created}"
        f"\n  Path: {lock.path}"
    )
    if lock.is_local:
        # Terraform itself can't clear this one; the kernel does, the moment its holder ends.
        hint = "wait until that process ends; the lock of a state file on this computer ends with its holder"
    else:
        hint = f"wait until it ends; if nobody is at work any more: {shlex.join([*unlock_words, lock.lock_id])}"
    return BusyError(f"{doing} found the state locked", seen=seen, hint=hint)
