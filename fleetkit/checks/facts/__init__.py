"""The facts that checks judge by: typed values, filled by a workflow, of one cluster alone."""

from fleetkit.checks.facts.balancers import BalancerFact, BalancerSettingsFact, ListenerFact, TargetGroupFact
from fleetkit.checks.facts.cluster import ClusterFact
from fleetkit.checks.facts.facts import FACT_NAMES, Facts, UnreadFactError
from fleetkit.checks.facts.machines import MachineFact, PoolFact, VolumeFact
from fleetkit.checks.facts.network import AclFact, GroupFact, RuleFact, SubnetFact, is_everybody, tell_rules
from fleetkit.checks.facts.sources import FACT_SOURCES, FactSource

__all__ = [
    "FACT_NAMES",
    "FACT_SOURCES",
    "AclFact",
    "BalancerFact",
    "BalancerSettingsFact",
    "ClusterFact",
    "FactSource",
    "Facts",
    "GroupFact",
    "ListenerFact",
    "MachineFact",
    "PoolFact",
    "RuleFact",
    "SubnetFact",
    "TargetGroupFact",
    "UnreadFactError",
    "VolumeFact",
    "is_everybody",
    "tell_rules",
]
