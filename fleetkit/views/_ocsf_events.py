"""The event of the Open Cybersecurity Schema Framework that tells a finding; imported by whoever renders some.

https://schema.ocsf.io/classes/compliance_finding
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from py_ocsf_models.events.findings.activity_id import ActivityID
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.events.findings.compliance_finding_type_id import ComplianceFindingTypeID
from py_ocsf_models.events.findings.severity_id import SeverityID
from py_ocsf_models.events.findings.status_id import StatusID
from py_ocsf_models.objects.check import Check as OcsfCheck
from py_ocsf_models.objects.compliance import Compliance
from py_ocsf_models.objects.compliance_status import StatusID as ComplianceStatus
from py_ocsf_models.objects.finding_info import FindingInformation
from py_ocsf_models.objects.metadata import Metadata
from py_ocsf_models.objects.product import Product
from py_ocsf_models.objects.remediation import Remediation
from py_ocsf_models.objects.resource_details import ResourceDetails

from fleetkit import __version__
from fleetkit.checks import ResultState, Severity, Verdict

__all__ = ["ToldFinding", "make_event"]

_MS = 1000
# "Warning" is the schema's word for a check that gave no result for want of information.
_COMPLIANCE = {
    Verdict.FAILED: ComplianceStatus.Fail,
    Verdict.UNKNOWN: ComplianceStatus.Warning,
    Verdict.PASSED: ComplianceStatus.Pass,
}
_SEVERITIES = {
    Severity.CRITICAL: SeverityID.Critical,
    Severity.HIGH: SeverityID.High,
    Severity.MEDIUM: SeverityID.Medium,
    Severity.LOW: SeverityID.Low,
}
# What passed is nothing that somebody has to review, and nothing that somebody resolved.
_STATUSES = {
    ResultState.FAILED: StatusID.New,
    ResultState.UNKNOWN: StatusID.New,
    ResultState.WAIVED: StatusID.Suppressed,
    ResultState.PASSED: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFinding:
    """What is to be told of a result, or of a flawed waiver.

    Attributes
    ----------
    uid
        Its name, which is the same in each audit.
    code, title, area
        Of the demand.
    resource
        Name, id, type and facts of what was judged, as the schema calls them.
    unmapped
        What the schema has no place for.
    """

    uid: str
    code: str
    title: str
    area: str
    why: str
    mend: str
    message: str
    severity: Severity
    verdict: Verdict
    state: ResultState
    resource: Mapping[str, Any]
    unmapped: Mapping[str, Any]
    references: tuple[str, ...] = ()
    address: str | None = None


def make_event(told: ToldFinding, *, at: dt.datetime) -> ComplianceFinding:
    """Return the event that tells a finding."""
    weight, status, time = _SEVERITIES[told.severity], _STATUSES[told.state], int(at.timestamp() * _MS)
    compliance = _make_compliance(told)
    return ComplianceFinding(
        activity_id=ActivityID.Create,
        activity_name=ActivityID.Create.name,
        compliance=compliance,
        finding_info=FindingInformation(
            uid=told.uid, title=told.title, desc=told.why, types=[told.area], src_url=told.address,
            created_time=time, created_time_dt=at,
        ),
        message=told.message,
        metadata=Metadata(
            event_code=told.code, product=Product(name="fleetkit", vendor_name="fleetkit", version=__version__)
        ),
        remediation=Remediation(desc=told.mend, references=list(told.references)),
        resources=[ResourceDetails(**told.resource)],
        severity=weight.name,
        severity_id=weight,
        status=None if status is None else status.name,
        status_code=_COMPLIANCE[told.verdict].name,
        status_detail=told.message,
        status_id=status,
        time=time,
        time_dt=at,
        type_uid=ComplianceFindingTypeID.Create,
        type_name="Compliance Finding: Create",
        unmapped=dict(told.unmapped),
    )  # fmt: skip


def _make_compliance(told: ToldFinding) -> Compliance:
    judged = _COMPLIANCE[told.verdict]
    check = OcsfCheck(
        uid=told.code, name=told.title, severity_id=_SEVERITIES[told.severity], status=judged.name, status_id=judged
    )
    return Compliance(
        category=told.area, checks=[check], control=told.code, desc=told.why, standards=list(told.references),
        status_id=judged,
    )  # fmt: skip
