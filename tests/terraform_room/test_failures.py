"""What Terraform says at its end becomes an error that names the cause and the way out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleetkit.core import BusyError, FleetkitError, StalePlanError, TerraformError
from fleetkit.terraform import Diagnostic, LockInfo, Severity
from fleetkit.terraform._failures import failure_from
from fleetkit.terraform.diagnostics import parse_text_diagnostics

FIXTURES = Path(__file__).parent / "fixtures"
UNLOCK = ("/opt/my terraform", "-chdir=/c/demo", "force-unlock", "-force")


def told(*diagnostics: Diagnostic, leftover: str = "") -> FleetkitError:
    return failure_from(diagnostics, doing="terraform apply", exit_code=1, leftover=leftover, unlock_words=UNLOCK)


def error(summary: str, detail: str = "", **more: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, summary=summary, detail=detail, **more)


def captured(name: str) -> list[Diagnostic]:
    lines = map(json.loads, (FIXTURES / name).read_text(encoding="utf-8").splitlines())
    return [Diagnostic.from_json(line["diagnostic"]) for line in lines if line["type"] == "diagnostic"]


@pytest.mark.parametrize("version", ["1.11.4", "1.15.5"])
def test_a_lock_names_its_owner(version: str) -> None:
    busy = told(*captured(f"events-locked-{version}.jsonl"))
    assert isinstance(busy, BusyError)
    assert "operator@laptop" in str(busy)
    lock = LockInfo.parse(str(busy))
    assert lock is not None
    assert (lock.who, lock.operation, lock.path) == ("operator@laptop", "OperationTypeApply", "terraform.tfstate")
    assert lock.created.startswith("2026-")
    assert lock.is_local
    assert "force-unlock" not in str(busy), "Terraform cannot clear the lock of a local state from another process"


S3_LOCK = """operation error S3: PutObject, https response error StatusCode: 412, PreconditionFailed
Lock Info:
  ID:        0a1b-2c
  Path:      states/demo/terraform.tfstate
  Operation: OperationTypePlan
  Who:       anna@build-7
  Version:   1.11.4
  Created:   2026-11-22 10:00:00 +0000 UTC
  Info:

Terraform acquires a state lock"""


def test_a_lock_in_s3_comes_with_the_exact_command_that_clears_it() -> None:
    busy = told(error("Error acquiring the state lock", S3_LOCK))
    assert isinstance(busy, BusyError)
    assert "plan by anna@build-7 since 2026-11-22 10:00:00 +0000 UTC" in str(busy)
    assert "'/opt/my terraform' -chdir=/c/demo force-unlock -force 0a1b-2c" in (busy.hint or "")


@pytest.mark.parametrize("version", ["1.11.4", "1.15.5"])
def test_a_stale_plan_is_told_as_one(version: str) -> None:
    assert isinstance(told(*captured(f"events-stale-{version}.jsonl")), StalePlanError)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("Failed to write: write terraform.tfstate: no space left on device", "the disk is full"),
        ("Failed to save state", "could not store the state"),
        ("Unsupported Terraform Core version", "too old"),
        ("state snapshot was created by Terraform v1.15.5, which is newer", "newer Terraform"),
        ("Failed to query available provider packages", "provider cannot be had"),
        ('Failed to instantiate provider "aws"', "will not start"),
        ("Failed to load plugin schemas", "will not start"),
        ("Required plugins are not installed", "not initialised"),
        ("Inconsistent dependency lock file", "not initialised"),
        ("Module not installed", "not initialised"),
        ('Backend initialization required, please run "terraform init"', "not initialised"),
        (
            "error using credentials: InvalidClientTokenId: The security token included",
            "does not accept the credentials",
        ),
        ("AuthFailure: AWS was not able to validate the provided access credentials", "does not accept"),
        ("No valid credential sources found", "does not accept"),
        ("ExpiredToken: The security token included in the request is expired", "does not accept"),
        ("UnauthorizedOperation: You are not authorized to perform this operation", "lack a permission"),
        ("InvalidIPAddress.InUse: Address 10.0.0.1 is in use", "static address is taken"),
        ("VcpuLimitExceeded: You have requested more vCPU", "quota"),
    ],
)
def test_known_causes_are_named_with_a_way_out(said: str, cause: str) -> None:
    failure = told(error("Error", said))
    assert isinstance(failure, TerraformError)
    assert cause in failure.what
    assert failure.hint
    assert not failure.transient
    assert said.splitlines()[0] in str(failure)


@pytest.mark.parametrize(
    "said", ["InsufficientInstanceCapacity", "dial tcp: connection refused", "Throttling: Rate exceeded"]
)
def test_what_may_well_pass_by_itself_is_transient(said: str) -> None:
    failure = told(error("Error", said))
    assert isinstance(failure, TerraformError)
    assert failure.transient


def test_any_other_error_is_shown_with_its_address_and_summary_once() -> None:
    same = error("Provider blew a fuse", "the red one\nand more", address="aws_lb.web")
    failure = told(same, same, Diagnostic(severity=Severity.WARNING, summary="old syntax"))
    assert failure.seen == "aws_lb.web: Provider blew a fuse: the red one"


def test_of_many_errors_the_first_are_shown_and_the_rest_counted() -> None:
    failure = told(*(error(f"trouble {number}") for number in range(20)))
    assert "trouble 7" in str(failure)
    assert "trouble 8" not in str(failure)
    assert "and 12 more" in str(failure)


def test_a_crash_without_any_diagnostic_shows_its_last_words() -> None:
    assert "panic: nil map" in str(told(leftover="panic: nil map\n"))
    assert "said nothing" in str(told())


BOXED = """
\x1b[31m╷\x1b[0m
│ Error: Invalid target address
│
│   with aws_lb.web,
│   on main.tf line 3, in resource
│
│ No matching objects found.
╵
"""

PLAIN = """
Error: Resource already managed by Terraform

Terraform is already managing a remote object for a.b. To
import to this address, remove it first.

Warning: Old

thing
"""


def test_errors_written_for_people_are_read_with_or_without_their_box() -> None:
    (boxed,) = parse_text_diagnostics(BOXED)
    assert (boxed.summary, boxed.detail, boxed.address) == (
        "Invalid target address",
        "No matching objects found.",
        "aws_lb.web",
    )
    first, second = parse_text_diagnostics(PLAIN)
    assert first.summary == "Resource already managed by Terraform"
    assert first.detail.startswith("Terraform is already managing")
    assert (second.severity, second.detail) == (Severity.WARNING, "thing")
    (bare,) = parse_text_diagnostics("\x1b[31mExpected a single argument: LOCK_ID\x1b[0m\n")
    assert bare.summary == "Expected a single argument: LOCK_ID"
    assert parse_text_diagnostics("\n") == []


def test_a_diagnostics_snippet_is_left_out_because_it_quotes_values() -> None:
    read = Diagnostic.from_json(
        {
            "severity": "error",
            "summary": "s",
            "detail": None,
            "range": {"filename": "main.tf", "start": {"line": 12}},
            "snippet": {"code": "x = var.pw", "values": [{"traversal": "var.pw", "statement": 'is "hush"'}]},
        }
    )
    assert "hush" not in repr(read)
    assert str(read) == "main.tf:12: s"
