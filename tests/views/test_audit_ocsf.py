"""OCSF's Compliance Findings are what the schema's models take, with the words that it has for what happened."""

from __future__ import annotations

import json
from typing import Any

from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from support.told_audits import STRANGE_NAME, make_empty_audit, make_mixed_audit

from fleetkit.views import AuditFormat, render_audit


def events() -> list[dict[str, Any]]:
    return list(json.loads(render_audit(make_mixed_audit(), AuditFormat.OCSF)))


def test_each_event_is_a_compliance_finding_that_the_schemas_models_read() -> None:
    found = [ComplianceFinding.model_validate(one) for one in events()]
    assert len(found) == 10
    assert {(one.class_uid, one.category_uid, int(one.type_uid)) for one in found} == {(2003, 2, 200301)}
    assert {one.metadata.version for one in found} == {"1.5.0"}
    assert len({one.finding_info.uid for one in found}) == 10


def test_states_are_told_by_the_schemas_own_words() -> None:
    told = [(one["unmapped"]["state"], one["status_code"], one.get("status")) for one in events()]
    assert told == [
        ("failed", "Fail", "New"),
        ("passed", "Pass", None),
        ("failed", "Fail", "New"),
        ("failed", "Fail", "New"),
        ("waived", "Fail", "Suppressed"),
        ("unknown", "Warning", "New"),
        ("waived", "Warning", "Suppressed"),
        ("expired", "Fail", "New"),
        ("unmatched", "Fail", "New"),
        ("strange", "Fail", "New"),
    ]
    assert [one["severity"] for one in events()][:5] == ["High", "High", "Critical", "Critical", "Low"]


def test_an_event_names_its_resource_and_holds_evidence_and_mending() -> None:
    first, waived = events()[0], events()[4]
    (resource,) = first["resources"]
    assert (resource["name"], resource["region"], resource["namespace"]) == (STRANGE_NAME, "us-west-2", "demo")
    assert resource["data"] == {"seen": STRANGE_NAME}
    assert "operator_cidr" in first["remediation"]["desc"]
    assert first["time_dt"] == "2026-03-01T04:05:07Z"
    assert first["time"] == 1772337907000
    assert waived["unmapped"]["waiver"]["who"] == "ada"


def test_an_audit_without_results_is_an_empty_list() -> None:
    assert json.loads(render_audit(make_empty_audit(), AuditFormat.OCSF)) == []
