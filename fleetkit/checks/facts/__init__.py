"""The facts that checks judge by: typed values, filled by a workflow, of one cluster alone."""

from fleetkit.checks.facts.access import BucketFact, CallerFact, KeptFact, KeyFact, RoleFact, StateFact
from fleetkit.checks.facts.balancers import BalancerFact, BalancerSettingsFact, ListenerFact, TargetGroupFact
from fleetkit.checks.facts.cluster import ClusterFact
from fleetkit.checks.facts.etcd import BackupFact, CertificateFact, ListedFact, MemberFact, StrainFact, TlsFact
from fleetkit.checks.facts.facts import FACT_NAMES, Facts, UnreadFactError
from fleetkit.checks.facts.machines import MachineFact, PoolFact, VolumeFact
from fleetkit.checks.facts.network import AclFact, GroupFact, RuleFact, SubnetFact, is_everybody, tell_rules
from fleetkit.checks.facts.sources import FACT_SOURCES, FactSource
from fleetkit.checks.facts.starts import GivenFact, ImageFact

__all__ = [
    "FACT_NAMES",
    "FACT_SOURCES",
    "AclFact",
    "BackupFact",
    "BalancerFact",
    "BalancerSettingsFact",
    "BucketFact",
    "CallerFact",
    "CertificateFact",
    "ClusterFact",
    "FactSource",
    "Facts",
    "GivenFact",
    "GroupFact",
    "ImageFact",
    "KeptFact",
    "KeyFact",
    "ListedFact",
    "ListenerFact",
    "MachineFact",
    "MemberFact",
    "PoolFact",
    "RoleFact",
    "RuleFact",
    "StateFact",
    "StrainFact",
    "SubnetFact",
    "TargetGroupFact",
    "TlsFact",
    "UnreadFactError",
    "VolumeFact",
    "is_everybody",
    "tell_rules",
]
