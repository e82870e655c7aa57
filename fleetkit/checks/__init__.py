"""The checks of an audit: what is demanded of a cluster, judged by facts that somebody else has read.

Nothing here asks AWS, etcd or fleet, and nothing here knows a cluster file.
"""

from fleetkit.checks.check import Check, find_check, load_checks
from fleetkit.checks.facts import (
    FACT_NAMES,
    FACT_SOURCES,
    WORLD,
    AclFact,
    BalancerFact,
    ClusterFact,
    Facts,
    FactSource,
    GroupFact,
    MachineFact,
    RuleFact,
    SubnetFact,
    UnreadFactError,
)
from fleetkit.checks.results import (
    CheckResult,
    ResultState,
    WaiverFact,
    WaiverFinding,
    WaiverFlaw,
    judge_waivers,
    run_checks,
)
from fleetkit.checks.values import Area, Judgement, Severity, Verdict, failed, passed, unknown

__all__ = [
    "FACT_NAMES",
    "FACT_SOURCES",
    "WORLD",
    "AclFact",
    "Area",
    "BalancerFact",
    "Check",
    "CheckResult",
    "ClusterFact",
    "FactSource",
    "Facts",
    "GroupFact",
    "Judgement",
    "MachineFact",
    "ResultState",
    "RuleFact",
    "Severity",
    "SubnetFact",
    "UnreadFactError",
    "Verdict",
    "WaiverFact",
    "WaiverFinding",
    "WaiverFlaw",
    "failed",
    "find_check",
    "judge_waivers",
    "load_checks",
    "passed",
    "run_checks",
    "unknown",
]
