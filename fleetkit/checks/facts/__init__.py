"""The facts that checks judge by: typed values, filled by a workflow, of one cluster alone."""

from fleetkit.checks.facts.balancers import BalancerFact, BalancerSettingsFact, ListenerFact, TargetGroupFact
from fleetkit.checks.facts.cluster import ClusterFact
from fleetkit.checks.facts.facts import FACT_NAMES, Facts, UnreadFactError
from fleetkit.checks.facts.machines import MachineFact, PoolFact, VolumeFact
from fleetkit.checks.facts.network import WORLD, AclFact, GroupFact, RuleFact, SubnetFact, tell_rules
from fleetkit.checks.facts.sources import FACT_SOURCES, FactSource

__all__ = [
    "FACT_NAMES",
    "FACT_SOURCES",
    "WORLD",
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
    "tell_rules",
]
