"""SARIF is what OASIS's own schema has it to be; kinds, levels, suppressions and fingerprints say what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker
from support.told_audits import STRANGE_NAME, make_empty_audit, make_mixed_audit

from fleetkit.checks import load_checks
from fleetkit.views import AuditFormat, render_audit
from fleetkit.workflows import Audit

SCHEMA = json.loads((Path(__file__).parent / "fixtures" / "sarif-schema-2.1.0-errata01.json").read_text())
VALIDATOR = Draft4Validator(SCHEMA, format_checker=FormatChecker())


def run_of(audit: Audit) -> dict[str, Any]:
    """Return the one run of the log, which is valid."""
    log = json.loads(render_audit(audit, AuditFormat.SARIF))
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    return dict(run)


def told(run: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    return [(one["ruleId"], one["kind"], one["level"], len(one["suppressions"])) for one in run["results"]]


def test_each_result_has_the_kind_and_level_of_what_happened() -> None:
    assert told(run_of(make_mixed_audit())) == [
        ("ssh-open-to-world", "fail", "error", 0),
        ("ssh-open-to-world", "pass", "none", 0),
        ("etcd-ports-open", "fail", "error", 0),
        ("etcd-ports-open", "fail", "error", 0),
        ("security-group-unused", "fail", "note", 1),
        ("volume-encrypted", "open", "none", 0),
        ("vpc-flow-logs", "open", "none", 1),
        ("waiver-expired", "fail", "note", 0),
        ("waiver-unmatched", "fail", "note", 0),
        ("waiver-strange", "fail", "note", 0),
    ]


def test_what_nobody_could_tell_is_a_failure_of_the_run_and_names_its_check() -> None:
    run = run_of(make_mixed_audit())
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notice,) = invocation["toolExecutionNotifications"]
    rule = run["tool"]["driver"]["rules"][notice["associatedRule"]["index"]]
    assert (notice["level"], notice["associatedRule"]["id"], rule["id"]) == ("error", *["volume-encrypted"] * 2)


def test_each_rule_says_what_is_demanded_why_and_how_it_is_mended() -> None:
    rules = {one["id"]: one for one in run_of(make_mixed_audit())["tool"]["driver"]["rules"]}
    etcd = rules["etcd-ports-open"]
    assert etcd["helpUri"] == "https://etcd.io/docs/v3.5/op-guide/security/"
    assert etcd["properties"]["security-severity"] == "9.5"
    assert "fleetkit deploy" in etcd["help"]["text"]
    hub = "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-22"
    assert rules["security-group-unused"]["helpUri"] == hub
    assert {"waiver-expired", "waiver-unmatched", "waiver-strange"} <= set(rules)


@pytest.mark.parametrize("check", load_checks(), ids=lambda check: check.id)
def test_every_check_of_the_catalogue_makes_a_legal_rule(check: Any) -> None:
    audit = make_mixed_audit()
    result = replace(audit.results[0], check=check)
    (rule,) = run_of(replace(audit, results=(result,), waivers=()))["tool"]["driver"]["rules"]
    assert rule["id"] == check.id


def test_each_result_points_to_its_rule_and_its_resource() -> None:
    run = run_of(make_mixed_audit())
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    place = run["results"][0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "clusters/demo.toml"
    assert place["logicalLocations"][0]["name"] == STRANGE_NAME
    assert run["results"][0]["properties"]["evidence"] == {"seen": STRANGE_NAME}


def marks(audit: Audit) -> list[str]:
    return [one["partialFingerprints"]["primaryLocationLineHash"] for one in run_of(audit)["results"]]


def test_fingerprints_tell_findings_apart_and_last_when_moment_id_and_reason_change() -> None:
    audit = make_mixed_audit()
    assert len(set(marks(audit))) == len(audit.results) + len(audit.waivers)
    later = tuple(
        replace(one, judgement=replace(one.judgement, resource_id="i-new", reason="told otherwise"))
        for one in audit.results
    )
    assert marks(replace(audit, at="2026-04-01T00:00:00Z", results=later)) == marks(audit)
    assert not set(marks(replace(audit, cluster="other"))) & set(marks(audit))


def test_a_waiver_is_told_with_its_reason_its_name_and_its_day() -> None:
    waived = run_of(make_mixed_audit())["results"][4]
    (suppression,) = waived["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "decided (until 2026-12-01, by ada)"


def test_clusters_are_kept_apart_by_the_category_that_code_scanning_reads() -> None:
    assert run_of(make_mixed_audit())["automationDetails"]["id"].rpartition("/")[0] == "fleetkit-audit/demo"


def test_an_audit_without_results_is_legal_too() -> None:
    run = run_of(make_empty_audit())
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
    assert run["invocations"][0]["executionSuccessful"] is True


def test_the_schema_refuses_what_is_no_sarif() -> None:
    log = json.loads(render_audit(make_mixed_audit(), AuditFormat.SARIF))
    log["runs"][0]["results"][0]["kind"] = "perhaps"
    assert not VALIDATOR.is_valid(log)
