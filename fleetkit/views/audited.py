"""What a rendered audit is made of: the audit as whoever made it tells it, what has changed, and names that last."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fleetkit.checks import Check, CheckResult, Severity, WaiverFinding, WaiverFlaw

__all__ = ["WAIVER_RULES", "AuditChanges", "AuditTold", "PointOfAudit", "find_help", "fingerprint", "name_findings"]

WAIVER_RULES = {
    WaiverFlaw.EXPIRED: "A waiver of the cluster file has not expired.",
    WaiverFlaw.UNMATCHED: "A waiver of the cluster file excuses something that fails.",
    WaiverFlaw.STRANGE: "A waiver of the cluster file names a check that there is.",
}
"""What is demanded of waivers, by what is wrong with one that is not so."""

_SECURITY_HUB = re.compile(r"AWS Security Hub, (([A-Za-z0-9]+)\.[0-9]+)")
_SECURITY_HUB_PAGE = "https://docs.aws.amazon.com/securityhub/latest/userguide/{service}-controls.html#{control}"


class AuditTold(Protocol):
    """An audit, as far as it is rendered."""

    @property
    def cluster(self) -> str:
        """Name of the cluster."""
        ...

    @property
    def region(self) -> str:
        """Where it is; empty where that is not told."""
        ...

    @property
    def at(self) -> str:
        """When, in UTC."""
        ...

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """One for each check and resource."""
        ...

    @property
    def waivers(self) -> tuple[WaiverFinding, ...]:
        """Waivers that are themselves to be looked at."""
        ...

    @property
    def fail_on(self) -> Severity:
        """The least severity that counts for the outcome."""
        ...

    @property
    def outcome(self) -> str:
        """``done``, ``findings`` or ``failed``."""
        ...

    @property
    def summary(self) -> str:
        """One sentence."""
        ...

    @property
    def cost(self) -> str:
        """What was asked of AWS, in a clause."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PointOfAudit:
    """One audit on a line of time: the moment, and how many findings weigh how much."""

    at: str
    counts: Mapping[Severity, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChanges:
    """What has changed since earlier audits, as words, rows and points.

    Attributes
    ----------
    summary
        The change since the last one, in a sentence.
    rows
        What changed and how, then ``state severity check resource reason``.
    points
        Earlier audits by the same checks and this one, the oldest first.
    """

    summary: str
    rows: Sequence[tuple[str, ...]] = ()
    points: Sequence[PointOfAudit] = ()


def name_findings(cluster: str, results: Iterable[CheckResult]) -> Iterator[tuple[str, CheckResult]]:
    """Return each result with a name of its own, which the same finding has in each audit of the cluster.

    It is made of the cluster, the check and the resource's name, for ids of AWS change when a machine is replaced;
    what shares them is counted.
    """
    met: Counter[tuple[str, str]] = Counter()
    for one in results:
        key = one.check.id, one.judgement.resource
        met[key] += 1
        again = f"#{met[key]}" if met[key] > 1 else ""
        yield f"{cluster}/{one.check.id}/{one.judgement.resource}{again}", one


def fingerprint(name: str) -> str:
    """Return the SHA-256 of a finding's name, in hex."""
    return hashlib.sha256(name.encode()).hexdigest()


def find_help(check: Check) -> str | None:
    """Return the address of a page that explains what a check demands; None where its references have none."""
    written = next((one for one in check.references if one.startswith("https://")), None)
    if written is not None:
        return written
    for one in check.references:
        if (found := _SECURITY_HUB.fullmatch(one)) is not None:
            control, service = (text.lower().replace(".", "-") for text in found.groups())
            return _SECURITY_HUB_PAGE.format(service=service, control=control)
    return None
