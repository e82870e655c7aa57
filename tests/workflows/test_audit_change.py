"""Between two audits, what is new and what was mended is told; what nobody could tell, or asked for, is not mended."""

from __future__ import annotations

import pytest
from support.audits import Stood, make_audit, make_flawed

from fleetkit.checks import WaiverFinding, WaiverFlaw
from fleetkit.workflows import Audit, PastAudit, compare_audits, find_comparable

SSH, UNUSED, LOGS = "ssh-open-to-world", "security-group-unused", "vpc-flow-logs"


def past(audit: Audit) -> PastAudit:
    return PastAudit.from_facts(audit.to_json(), where="a test")


def told(before: Audit, now: Audit) -> dict[str, list[str]]:
    """Return each kind of change with the resources that it was, and what is the same."""
    change = compare_audits(now, past(before))
    kinds = {**dict(change.parts), "same": change.same}
    return {kind: [f"{one.resource} {one.state}" for one in found] for kind, found in kinds.items() if found}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({(SSH, "a"): "passed"}, {(SSH, "a"): "failed"}, {"new": ["a failed"]}),
        ({(SSH, "a"): "failed"}, {(SSH, "a"): "passed"}, {"mended": ["a failed"]}),
        ({(SSH, "a"): "failed"}, {(SSH, "a"): "failed"}, {"same": ["a failed"]}),
        ({(SSH, "a"): "failed"}, {(SSH, "a"): "waived"}, {"waived now": ["a failed"]}),
        ({(SSH, "a"): "waived"}, {(SSH, "a"): "failed"}, {"new": ["a failed"]}),
        ({(SSH, "a"): "waived"}, {(SSH, "a"): "passed"}, {}),
        # The resource is gone, and its check can tell.
        ({(SSH, "a"): "failed", (SSH, "b"): "passed"}, {(SSH, "b"): "passed"}, {"mended": ["a failed"]}),
        ({(SSH, "a"): "failed"}, {(SSH, "demo"): "unknown"}, {"new": ["demo unknown"], "unknown now": ["a failed"]}),
        ({(SSH, "a"): "failed"}, {(SSH, "a"): "unknown"}, {"new": ["a unknown"], "unknown now": ["a failed"]}),
        # Another resource cannot be told, and this one can.
        (
            {(SSH, "a"): "failed"},
            {(SSH, "a"): "passed", (SSH, "b"): "unknown"},
            {"new": ["b unknown"], "mended": ["a failed"]},
        ),
        ({(SSH, "a"): "unknown"}, {(SSH, "a"): "failed"}, {"new": ["a failed"]}),
        ({(SSH, "demo"): "unknown"}, {(SSH, "a"): "failed"}, {"new": ["a failed"]}),
        ({(SSH, "demo"): "unknown"}, {(SSH, "a"): "passed"}, {"mended": ["demo unknown"]}),
        ({(SSH, "demo"): "unknown"}, {(SSH, "demo"): "unknown"}, {"same": ["demo unknown"]}),
        # Its check was not judged by.
        ({(SSH, "a"): "failed", (LOGS, "vpc"): "failed"}, {(LOGS, "vpc"): "passed"}, {"mended": ["vpc failed"]}),
        ({(LOGS, "vpc"): "passed"}, {(LOGS, "vpc"): "passed", (SSH, "a"): "failed"}, {}),
    ],
)
def test_a_finding_is_new_mended_waived_or_untold(before: Stood, now: Stood, expected: dict[str, list[str]]) -> None:
    assert told(make_audit(before, day=1), make_audit(now, day=2)) == expected


EXPIRED, UNMATCHED = make_flawed(LOGS), make_flawed(LOGS, flaw=WaiverFlaw.UNMATCHED)
STRANGE = make_flawed("no-such-check", flaw=WaiverFlaw.STRANGE)


@pytest.mark.parametrize(
    ("before", "now", "state", "expected"),
    [
        ([], [EXPIRED], "passed", {"new": ["* expired"]}),
        ([EXPIRED], [], "passed", {"mended": ["* expired"]}),
        ([EXPIRED], [EXPIRED], "passed", {"same": ["* expired"]}),
        ([UNMATCHED], [EXPIRED], "passed", {"new": ["* expired"]}),
        ([UNMATCHED], [], "unknown", {"new": ["vpc unknown"], "unknown now": ["* unmatched"]}),
        ([], [STRANGE], "passed", {"new": ["* strange"]}),
        ([STRANGE], [], "passed", {"mended": ["* strange"]}),
    ],
)
def test_a_flawed_waiver_is_a_finding_too(
    before: list[WaiverFinding], now: list[WaiverFinding], state: str, expected: dict[str, list[str]]
) -> None:
    earlier = make_audit({(LOGS, "vpc"): "passed"}, *before, day=1)
    assert told(earlier, make_audit({(LOGS, "vpc"): state}, *now, day=2)) == expected


def test_a_waiver_of_no_check_is_not_mended_by_an_audit_of_fewer_checks() -> None:
    before = make_audit({(LOGS, "vpc"): "passed", (SSH, "a"): "passed"}, STRANGE, day=1)
    assert told(before, make_audit({(LOGS, "vpc"): "passed"}, day=2)) == {}


def test_the_last_audit_by_all_the_same_checks_is_compared_with() -> None:
    full = {(SSH, "a"): "passed", (LOGS, "vpc"): "passed"}
    audits = [past(make_audit(stood, day=day)) for day, stood in enumerate([full, full, {(SSH, "a"): "passed"}], 1)]
    now = make_audit(full, day=4)
    assert find_comparable(now, audits) is audits[1]
    assert find_comparable(make_audit({(SSH, "a"): "failed"}, day=4), audits) is audits[2]
    assert find_comparable(make_audit({**full, (UNUSED, "g"): "passed"}, day=4), audits) is None
    # Its own record tells of it already.
    assert find_comparable(make_audit(full, day=2), audits) is audits[0]


def test_a_change_is_told_in_words_and_names_are_no_markup() -> None:
    before = make_audit({(SSH, "<a>"): "failed", (LOGS, "vpc"): "failed"}, day=1)
    change = compare_audits(make_audit({(SSH, "<a>"): "passed", (LOGS, "vpc"): "failed"}, day=2), past(before))
    assert str(change).splitlines() == [
        "since the audit of 2026-03-01T04:05:07Z: 1 mended, 1 as before",
        "  mended: high ssh-open-to-world <a>: it is failed",
    ]
    assert "&lt;a&gt;" in change._repr_html_()
    assert str(compare_audits(make_audit({}), None)) == "no earlier audit by these checks to compare with"
