"""The cluster file as typed values. What each field is for, and what is legal in it, is said once: here.

The comments of a new cluster file, the messages about a bad one and the reference page all come from `About`.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fleetkit.config import values

__all__ = [
    "About",
    "Access",
    "Bastion",
    "Cluster",
    "DeployHost",
    "Etcd",
    "Fleet",
    "Images",
    "LoadBalancers",
    "Logs",
    "Master",
    "Network",
    "Pins",
    "Pool",
    "State",
    "StateKind",
    "Waiver",
]


@dataclass(frozen=True, slots=True)
class About:
    """What a field is for, and what is legal in it, as clauses without a full stop."""

    text: str
    legal: str


class Access(enum.StrEnum):
    """How the operator reaches the private machines."""

    BASTION = "bastion"
    VPN = "vpn"


class StateKind(enum.StrEnum):
    """Where Terraform keeps its state."""

    LOCAL = "local"
    S3 = "s3"


class _Table(BaseModel):
    # Strict: TOML has types, and "25" where 25 is meant is a slip worth hearing of.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


_NETWORK = "an IPv4 network such as 10.10.0.0/24, with no host bits set"
_AMI = "an image id such as ami-0123456789abcdef0"
_TYPE = "an amd64 instance type such as t3.medium"
_DISK = "a whole number of GB from 8 to 16384"
_ZONE_LIST = "one to six different zones of the region, such as us-west-2a"

Ami: TypeAlias = Annotated[str, Field(pattern=values.pattern("|ami-[0-9a-f]{8}|ami-[0-9a-f]{17}"))]
DiskGb: TypeAlias = Annotated[int, Field(ge=8, le=16384)]
InstanceType: TypeAlias = Annotated[str, AfterValidator(values.check_instance_type)]
Strings: TypeAlias = Annotated[tuple[str, ...], Field(strict=False)]
Networks: TypeAlias = Annotated[tuple[Annotated[str, AfterValidator(values.check_network)], ...], Field(strict=False)]


class Network(_Table):
    """The VPC: one that is made, or one that exists."""

    cidr: Annotated[
        str,
        AfterValidator(values.check_vpc_network),
        About("Network of the VPC", "an IPv4 network of /16 to /28 with no host bits set, such as 10.10.0.0/16"),
    ]
    public_subnets: Annotated[
        Networks, About("Public subnets to make, one per zone in the same order", f"per zone {_NETWORK}")
    ] = ()
    private_subnets: Annotated[
        Networks, About("Private subnets to make, one per zone in the same order", f"per zone {_NETWORK}")
    ] = ()
    nat_gateways: Annotated[
        int,
        Field(ge=1, le=6),
        About(
            "NAT gateways to make, each with its own address; one per zone survives the loss of a zone",
            "1 to the number of zones",
        ),
    ] = 1
    vpc_id: Annotated[
        str,
        Field(pattern=values.pattern("|vpc-[0-9a-f]{8}|vpc-[0-9a-f]{17}")),
        About("An existing VPC to use instead of making one; subnets are then given by id", "a VPC id, or empty"),
    ] = ""
    public_subnet_ids: Annotated[
        Strings, About("Existing public subnets, one per zone in the same order", "per zone a subnet id")
    ] = ()
    private_subnet_ids: Annotated[
        Strings, About("Existing private subnets, one per zone in the same order", "per zone a subnet id")
    ] = ()

    dns_zone: Annotated[
        str,
        AfterValidator(values.check_dns_zone),
        About("Private DNS zone to make", "a DNS name in lower case such as demo.internal"),
    ]

    @property
    def create(self) -> bool:
        """Whether the VPC is ours to make."""
        return not self.vpc_id


class Master(_Table):
    """One etcd member and the machine that it lives on."""

    zone: Annotated[str, About("Zone that the master stands in", "one of the file's zones")]
    address: Annotated[
        str,
        AfterValidator(values.check_address),
        About("Its static private address", "a free IPv4 address inside the private subnet of its zone"),
    ]


class Pool(_Table):
    """A pool of workers, kept by an auto scaling group."""

    minimum: Annotated[int, Field(ge=0), About("Fewest machines", "a whole number from 0")] = 0
    maximum: Annotated[
        int, Field(ge=0), About("Most machines", "at most 25 in the internal pool, 95 in the public one")
    ]
    desired: Annotated[int, Field(ge=0), About("Machines wanted now", "a whole number from minimum to maximum")]
    instance_type: Annotated[InstanceType, About("Instance type of the pool's machines", _TYPE)] = "t3.medium"
    disk_gb: Annotated[DiskGb, About("Root volume in GB", _DISK)] = 30


class Etcd(_Table):
    """The masters' size, and etcd's own settings."""

    instance_type: Annotated[InstanceType, About("Instance type of the masters", _TYPE)] = "t3.small"
    disk_gb: Annotated[DiskGb, About("Root volume of a master in GB", _DISK)] = 50
    heartbeat_ms: Annotated[
        int,
        Field(ge=10, le=10_000),
        About("Leader's heartbeat in ms: about the longest round trip between members", "10 to 10000"),
    ] = 100
    election_ms: Annotated[
        int,
        Field(ge=50, le=50_000),
        About("Silence in ms before an election; ten heartbeats are usual", "5 heartbeats to 50000"),
    ] = 1000
    quota_gb: Annotated[int, Field(ge=1, le=8), About("Largest size of etcd's database in GB", "1 to 8")] = 2


class Fleet(_Table):
    """fleet's settings; the defaults are those that ride out an etcd hiccup."""

    metadata: Annotated[
        dict[str, str],
        AfterValidator(values.check_metadata),
        About("Metadata of every machine beside etcd, type and zone", "words to words; not etcd, type or zone"),
    ] = Field(default={"monitor": "yes"})
    etcd_request_timeout_s: Annotated[
        int, Field(ge=1, le=60), About("Seconds that fleet waits for etcd", "1 to 60")
    ] = 5
    agent_ttl_s: Annotated[
        int, Field(ge=10, le=3600), About("Seconds after which a silent machine loses its units", "10 to 3600")
    ] = 120
    engine_reconcile_interval_s: Annotated[
        int, Field(ge=1, le=300), About("Seconds between two schedulings", "1 to 300")
    ] = 10


class Bastion(_Table):
    """The SSH bastion, made with access = "bastion"."""

    instance_type: Annotated[InstanceType, About("Instance type of the bastion", _TYPE)] = "t3.micro"
    disk_gb: Annotated[DiskGb, About("Root volume of the bastion in GB", _DISK)] = 30


class DeployHost(_Table):
    """A machine that joins fleet, starts the first units and ends itself."""

    enabled: Annotated[bool, About("Whether to make the deploy host", "true or false")] = False
    instance_type: Annotated[InstanceType, About("Instance type of the deploy host", _TYPE)] = "t3.small"


class LoadBalancers(_Table):
    """What the public load balancer may be given."""

    certificate_arn: Annotated[
        str,
        Field(
            pattern=values.pattern(
                r"|arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:[0-9]{12}:(certificate|server-certificate)/.+"
            )
        ),
        About(
            "Certificate of the public load balancer; with it, it also listens on 443", "a certificate's ARN, or empty"
        ),
    ] = ""


class Images(_Table):
    """Machine images, pinned by id; `fleetkit pin` finds the newest."""

    flatcar: Annotated[Ami, About("Flatcar stable for masters and workers", _AMI)] = ""
    ubuntu: Annotated[Ami, About("Ubuntu LTS for the bastion", _AMI)] = ""


class Pins(_Table):
    """Software, pinned by digest and hash; `fleetkit pin` resolves them."""

    etcd_version: Annotated[
        str,
        Field(pattern=values.pattern(r"3\.5\.[0-9]{1,3}")),
        About("Version of etcd; 3.5 is the last line with the v2 store that fleet needs", "3.5.N"),
    ] = "3.5.33"
    etcd_image: Annotated[
        str,
        Field(pattern=values.pattern(r"|[a-z0-9][a-z0-9.:/_-]*@sha256:[0-9a-f]{64}")),
        About("Container image of etcd, by digest", "repository@sha256:64 hex digits"),
    ] = ""
    fleet_version: Annotated[
        str,
        Field(pattern=values.pattern(r"[0-9]+\.[0-9]+\.[0-9]+")),
        About("Version of fleet; 1.0.0 is the last", "N.N.N"),
    ] = "1.0.0"
    fleet_archive: Annotated[
        str,
        Field(pattern=values.pattern(r"|https?://[^\s@]+\.tar\.gz")),
        About("Where fleet's release archive comes from", "an HTTP address ending in .tar.gz"),
    ] = ""
    fleet_sha256: Annotated[
        str,
        Field(pattern=values.pattern("|[0-9a-f]{64}")),
        About("SHA-256 of that archive", "64 hex digits"),
    ] = ""


class State(_Table):
    """Where Terraform's state lives."""

    kind: Annotated[
        StateKind, Field(strict=False), About("Where: here, or in a bucket, shared and locked", "local or s3")
    ] = StateKind.LOCAL
    bucket: Annotated[
        str,
        Field(pattern=values.pattern(r"|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")),
        About("Bucket of the state; it exists already and outlasts the cluster", "a bucket's name; only with s3"),
    ] = ""
    key: Annotated[
        str,
        Field(pattern=values.pattern(r"|[^/\s][^\s]{0,1000}")),
        About("Key of the state in that bucket", "a key without a slash at its start; only with s3"),
    ] = ""


class Logs(_Table):
    """Log groups: flow logs of the VPC."""

    retention_days: Annotated[
        int,
        AfterValidator(values.check_retention),
        About("Days that logs are kept", f"one of {', '.join(str(days) for days in values.RETENTION_DAYS)}"),
    ] = 90


class Waiver(_Table):
    """A check's demand that is left out by decision, and until when."""

    check: Annotated[str, Field(min_length=1), About("Name of the check", "a check's name")]
    resource: Annotated[str, Field(min_length=1), About("What is excused; * means all", "a resource's name or *")]
    reason: Annotated[str, Field(min_length=8), About("Why", "a reason of eight characters or more")]
    who: Annotated[str, Field(min_length=1), About("Who decided", "a name")]
    until: Annotated[dt.date, About("Last day on which it holds", "a date such as 2027-02-22, at most 366 days ahead")]

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the waiver still holds on ``day``."""
        return day <= self.until


class Cluster(_Table):
    """One cluster, as its file describes it."""

    name: Annotated[
        str,
        AfterValidator(values.check_name),
        About(
            "Name of the cluster; this file is called after it",
            "3 to 20 of a-z, 0-9 and -, beginning with a letter, not ending in -",
        ),
    ]
    region: Annotated[
        str,
        Field(pattern=values.pattern(r"[a-z]{2}(-[a-z]+)+-[0-9]")),
        About("AWS region", "a region such as us-west-2"),
    ]
    zones: Annotated[
        Strings,
        Field(min_length=1, max_length=6),
        About("Availability zones; with three or more, no zone may hold a quorum of masters", _ZONE_LIST),
    ]
    operator_cidr: Annotated[
        str,
        AfterValidator(values.check_operator_network),
        About(
            "Where operators come from: SSH is open to this network alone",
            "an IPv4 network of /16 or narrower, such as 198.51.100.7/32",
        ),
    ]
    access: Annotated[
        Access, Field(strict=False), About("The way in: an SSH bastion, or a VPN of yours", "bastion or vpn")
    ] = Access.BASTION
    vpn_cidr: Annotated[
        str,
        AfterValidator(lambda text: values.check_operator_network(text) if text else text),
        About(
            'With access = "vpn": the network from which VPN users reach the machines',
            'an IPv4 network of /16 or narrower with access = "vpn", else empty',
        ),
    ] = ""
    key_name: Annotated[
        str,
        Field(pattern=values.pattern(r"\S(?:[ -~]{0,253}\S)?")),
        About("EC2 key pair that machines let in", "the name of a key pair of the region"),
    ]
    key_file: Annotated[
        str,
        AfterValidator(values.check_key_file),
        About("Private key of that pair; empty: the SSH agent or ssh_config has it", "an absolute path, ~/…, or empty"),
    ] = ""
    network: Annotated[Network, About("The VPC: one to make, or one that exists", "a table")]
    masters: Annotated[
        Mapping[str, Master],
        About("The etcd members, each with its own machine and static address", "1, 3, 5 or 7 tables [masters.NAME]"),
    ]
    pools: Annotated[
        Mapping[str, Pool], About("The two pools of workers", "exactly the tables [pools.internal] and [pools.public]")
    ]
    etcd: Annotated[Etcd, About("The masters' size, and etcd's settings", "a table")] = Etcd()
    fleet: Annotated[Fleet, About("fleet's settings", "a table")] = Fleet()
    bastion: Annotated[Bastion, About("The SSH bastion", "a table")] = Bastion()
    deploy_host: Annotated[DeployHost, About("A machine that starts the first units and ends itself", "a table")] = (
        DeployHost()
    )
    load_balancers: Annotated[LoadBalancers, About("The public load balancer's certificate", "a table")] = (
        LoadBalancers()
    )
    images: Annotated[Images, About("Machine images; fleetkit pin finds the newest", "a table")] = Images()
    pins: Annotated[Pins, About("Software by digest and hash; fleetkit pin resolves them", "a table")] = Pins()
    secrets: Annotated[
        dict[str, Annotated[str, AfterValidator(values.check_secret_reference)]],
        About(
            "Secrets, by reference alone",
            f"a reference such as ssm:/path; known are {', '.join(f'{scheme}:' for scheme in values.SECRET_SCHEMES)}",
        ),
    ] = Field(default={})
    state: Annotated[State, About("Where Terraform's state lives", "a table")] = State()
    tags: Annotated[
        dict[str, str],
        AfterValidator(values.check_tags),
        About("Extra tags on everything", "words to words, as AWS allows them; not Name, aws:… or fleetkit:…"),
    ] = Field(default={})
    logs: Annotated[Logs, About("How long logs are kept", "a table")] = Logs()
    waivers: Annotated[
        tuple[Waiver, ...],
        Field(strict=False),
        About("What checks demand and is left out by decision, each until a date", "tables [[waivers]]"),
    ] = ()

    @property
    def dns_zone(self) -> str:
        """The private DNS zone's name."""
        return self.network.dns_zone

    @property
    def key_path(self) -> Path | None:
        """The private key's path, or None where the SSH agent or ssh_config has the key."""
        return Path(self.key_file).expanduser() if self.key_file else None

    def bucket_name(self, account_id: str) -> str:
        """Return the name of the cluster's bucket in an account."""
        return f"fleetkit-{self.name}-{account_id}-{self.region}"
