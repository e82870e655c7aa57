"""All facts that checks judge by, each read or not; what was not read raises where it is looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from fleetkit.checks.facts.access import BucketFact, CallerFact, KeptFact, RoleFact, StateFact
from fleetkit.checks.facts.balancers import BalancerFact, BalancerSettingsFact, TargetGroupFact
from fleetkit.checks.facts.cluster import ClusterFact
from fleetkit.checks.facts.etcd import BackupFact, MemberFact, StrainFact, TlsFact
from fleetkit.checks.facts.machines import MachineFact, PoolFact, VolumeFact
from fleetkit.checks.facts.network import AclFact, GroupFact, SubnetFact
from fleetkit.checks.facts.starts import GivenFact, ImageFact

__all__ = ["FACT_NAMES", "Facts", "UnreadFactError"]


class UnreadFactError(Exception):
    """A fact could not be read.

    Parameters
    ----------
    name
        Which.
    reason
        Why not.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"{name}: {reason}")


class Facts:
    """What is known of a cluster; each attribute is one fact, or raises `UnreadFactError` where it could not be read.

    Parameters
    ----------
    cluster
        What the cluster file says.
    read
        Name of each fact that was read to its value.
    unread
        Name of each that could not be to the reason.

    Raises
    ------
    ValueError
        When a name is no fact's.
    """

    def __init__(
        self, cluster: ClusterFact, *, read: Mapping[str, Any] | None = None, unread: Mapping[str, str] | None = None
    ) -> None:
        self.cluster = cluster
        self._read, self._unread = dict(read or {}), dict(unread or {})
        strange = sorted((self._read.keys() | self._unread.keys()) - FACT_NAMES)
        if strange:
            raise ValueError(f"no such facts: {', '.join(strange)}")

    def __repr__(self) -> str:
        return f"Facts({self.cluster.name}: {len(self._read)} read, {len(self._unread)} unread)"

    @property
    def unread(self) -> dict[str, str]:
        """Name of each fact that could not be read to the reason."""
        return dict(self._unread)

    def only(self, names: Collection[str]) -> Facts:
        """Return the facts that a check says it reads, so that it cannot read others unsaid."""
        return Facts(
            self.cluster,
            read={name: value for name, value in self._read.items() if name in names},
            unread={name: reason for name, reason in self._unread.items() if name in names},
        )

    def _get(self, name: str) -> Any:
        if name in self._unread:
            raise UnreadFactError(name, self._unread[name])
        return self._read[name]

    @property
    def groups(self) -> tuple[GroupFact, ...]:
        """Security groups: the cluster's, the VPC's first one, and whatever else its machines wear."""
        return cast("tuple[GroupFact, ...]", self._get("groups"))

    @property
    def wearers(self) -> Mapping[str, tuple[str, ...]]:
        """Id of each group to who wears it: ids of machines and network interfaces, and names of load balancers."""
        return cast("Mapping[str, tuple[str, ...]]", self._get("wearers"))

    @property
    def subnets(self) -> tuple[SubnetFact, ...]:
        """Subnets of the cluster."""
        return cast("tuple[SubnetFact, ...]", self._get("subnets"))

    @property
    def acls(self) -> tuple[AclFact, ...]:
        """Network ACLs of the cluster's subnets."""
        return cast("tuple[AclFact, ...]", self._get("acls"))

    @property
    def flow_logs(self) -> Mapping[str, str]:
        """Id of each flow log of the cluster's VPC to its status: ACTIVE where it writes of all traffic."""
        return cast("Mapping[str, str]", self._get("flow_logs"))

    @property
    def machines(self) -> tuple[MachineFact, ...]:
        """Machines of the cluster that are not terminated."""
        return cast("tuple[MachineFact, ...]", self._get("machines"))

    @property
    def balancers(self) -> tuple[BalancerFact, ...]:
        """Load balancers of the cluster."""
        return cast("tuple[BalancerFact, ...]", self._get("balancers"))

    @property
    def balancer_settings(self) -> Mapping[str, BalancerSettingsFact]:
        """ARN of each load balancer to how it is set up."""
        return cast("Mapping[str, BalancerSettingsFact]", self._get("balancer_settings"))

    @property
    def target_groups(self) -> tuple[TargetGroupFact, ...]:
        """Target groups of the cluster, with how their targets are."""
        return cast("tuple[TargetGroupFact, ...]", self._get("target_groups"))

    @property
    def volumes(self) -> tuple[VolumeFact, ...]:
        """Volumes that the cluster's machines have, whoever made them."""
        return cast("tuple[VolumeFact, ...]", self._get("volumes"))

    @property
    def pools(self) -> tuple[PoolFact, ...]:
        """Pools as their scaling groups have them."""
        return cast("tuple[PoolFact, ...]", self._get("pools"))

    @property
    def protection(self) -> Mapping[str, bool]:
        """Name of each master that is there to whether it is protected against termination."""
        return cast("Mapping[str, bool]", self._get("protection"))

    @property
    def operator_address(self) -> str:
        """The public address from which the audit is made; an IPv4 address."""
        return cast("str", self._get("operator_address"))

    @property
    def backups(self) -> BackupFact:
        """The backups of etcd."""
        return cast("BackupFact", self._get("backups"))

    @property
    def backup_bucket(self) -> BucketFact | None:
        """The bucket in which the last backup lies; None where it lies in none."""
        return cast("BucketFact | None", self._get("backup_bucket"))

    @property
    def caller(self) -> CallerFact:
        """Whose credentials the audit is made with."""
        return cast("CallerFact", self._get("caller"))

    @property
    def given(self) -> tuple[GivenFact, ...]:
        """What machines have as user data, and what the launch templates of pools give."""
        return cast("tuple[GivenFact, ...]", self._get("given"))

    @property
    def images(self) -> tuple[ImageFact, ...]:
        """The images that machines run from."""
        return cast("tuple[ImageFact, ...]", self._get("images"))

    @property
    def kept(self) -> tuple[KeptFact, ...]:
        """State and records, with the secrets that stand in them."""
        return cast("tuple[KeptFact, ...]", self._get("kept"))

    @property
    def managed(self) -> frozenset[str]:
        """Ids of the machines that Systems Manager hears of."""
        return cast("frozenset[str]", self._get("managed"))

    @property
    def members(self) -> tuple[MemberFact, ...]:
        """Members of etcd as they tell of themselves and of the others."""
        return cast("tuple[MemberFact, ...]", self._get("members"))

    @property
    def registered(self) -> frozenset[str]:
        """Private addresses of the machines that fleet has."""
        return cast("frozenset[str]", self._get("registered"))

    @property
    def roles(self) -> tuple[RoleFact, ...]:
        """The roles that machines have, one for each kind of machine."""
        return cast("tuple[RoleFact, ...]", self._get("roles"))

    @property
    def state(self) -> StateFact:
        """Where Terraform's state lies."""
        return cast("StateFact", self._get("state"))

    @property
    def strain(self) -> tuple[StrainFact, ...]:
        """How hard the members' disks and databases are pressed."""
        return cast("tuple[StrainFact, ...]", self._get("strain"))

    @property
    def tls(self) -> tuple[TlsFact, ...]:
        """How members speak to clients and peers."""
        return cast("tuple[TlsFact, ...]", self._get("tls"))

    @property
    def variables(self) -> Mapping[str, str]:
        """Name of each file that tells Terraform of the cluster to its text; never shown."""
        return cast("Mapping[str, str]", self._get("variables"))


FACT_NAMES = frozenset(name for name, its in vars(Facts).items() if isinstance(its, property) and name != "unread")
"""Names of all facts."""
