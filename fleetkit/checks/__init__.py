"""The checks of an audit: what is demanded of a cluster, judged by facts that somebody else has read.

Nothing here asks AWS, etcd or fleet, and nothing here knows a cluster file.
"""

from fleetkit.checks.check import Check, find_check, load_checks
from fleetkit.checks.facts import (
    FACT_NAMES,
    FACT_SOURCES,
    AclFact,
    BalancerFact,
    BalancerSettingsFact,
    ClusterFact,
    Facts,
    FactSource,
    GroupFact,
    ListenerFact,
    MachineFact,
    PoolFact,
    RuleFact,
    SubnetFact,
    TargetGroupFact,
    UnreadFactError,
    VolumeFact,
    is_everybody,
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
    "AclFact",
    "Area",
    "BalancerFact",
    "BalancerSettingsFact",
    "Check",
    "CheckResult",
    "ClusterFact",
    "FactSource",
    "Facts",
    "GroupFact",
    "Judgement",
    "ListenerFact",
    "MachineFact",
    "PoolFact",
    "ResultState",
    "RuleFact",
    "Severity",
    "SubnetFact",
    "TargetGroupFact",
    "UnreadFactError",
    "Verdict",
    "VolumeFact",
    "WaiverFact",
    "WaiverFinding",
    "WaiverFlaw",
    "failed",
    "find_check",
    "is_everybody",
    "judge_waivers",
    "load_checks",
    "passed",
    "run_checks",
    "unknown",
]
