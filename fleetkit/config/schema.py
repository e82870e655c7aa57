"""The cluster file as typed values. What each field is for, and what is legal in it, is said once: here.

The comments of a new cluster file, the messages about a bad one and the reference page all come from `About`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from fleetkit.config import values
from fleetkit.config.fields import DISK, TYPE, About, DiskGb, InstanceType, Strings, Table
from fleetkit.config.notice import Notice
from fleetkit.config.tables import (
    Approval,
    Bastion,
    DeployHost,
    Etcd,
    Fleet,
    Images,
    LoadBalancers,
    Logs,
    Pins,
    Registry,
    State,
    Waiver,
)
from fleetkit.core import SecretScheme

__all__ = ["Access", "Cluster", "Master", "Network", "Pool"]

_NETWORK = "an IPv4 network such as 10.10.0.0/24, with no host bits set"
_ZONE_LIST = "two to six different zones of the region, such as us-west-2a"

_Networks: TypeAlias = Annotated[tuple[Annotated[str, AfterValidator(values.check_network)], ...], Field(strict=False)]


class Access(enum.StrEnum):
    """How the operator reaches the private machines."""

    BASTION = "bastion"
    VPN = "vpn"


class Network(Table):
    """The VPC: one that is made, or one that exists."""

    cidr: Annotated[
        str,
        AfterValidator(values.check_vpc_network),
        About("Network of the VPC", "an IPv4 network of /16 to /28 with no host bits set, such as 10.10.0.0/16"),
    ]
    public_subnets: Annotated[
        _Networks, About("Public subnets to make, one per zone in the same order", f"per zone {_NETWORK}")
    ] = ()
    private_subnets: Annotated[
        _Networks, About("Private subnets to make, one per zone in the same order", f"per zone {_NETWORK}")
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


class Master(Table):
    """One etcd member and the machine that it lives on."""

    zone: Annotated[str, About("Zone that the master stands in", "one of the file's zones")]
    address: Annotated[
        str,
        AfterValidator(values.check_address),
        About("Its static private address", "a free IPv4 address inside the private subnet of its zone"),
    ]


class Pool(Table):
    """A pool of workers, kept by an auto scaling group."""

    minimum: Annotated[int, Field(ge=0), About("Fewest machines", "a whole number from 0")] = 0
    maximum: Annotated[
        int, Field(ge=0), About("Most machines", "at most 25 in the internal pool, 95 in the public one")
    ]
    desired: Annotated[int, Field(ge=0), About("Machines wanted now", "a whole number from minimum to maximum")]
    instance_type: Annotated[InstanceType, About("Instance type of the pool's machines", TYPE)] = "t3.medium"
    disk_gb: Annotated[DiskGb, About("Root volume in GB", DISK)] = 30
    secrets: Annotated[
        Strings,
        About("Secrets that its machines find in /etc/fleetkit/secrets", "names of the table [secrets], each once"),
    ] = ()


class Cluster(Table):
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
    # Elastic Load Balancing user guide: an application load balancer needs subnets in two zones or more.
    zones: Annotated[
        Strings,
        Field(min_length=2, max_length=6),
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
            f"a reference such as ssm:/path; known are {', '.join(f'{scheme}:' for scheme in SecretScheme)}",
        ),
    ] = Field(default={})
    registries: Annotated[
        tuple[Registry, ...],
        Field(strict=False),
        About("Container registries that machines sign in to", "tables [[registries]], one for each registry"),
    ] = ()
    approval: Annotated[Approval, About("Who may approve a deploy or destroy, and what that takes", "a table")] = (
        Approval()
    )
    state: Annotated[State, About("Where Terraform's state lives", "a table")] = State()
    tags: Annotated[
        dict[str, str],
        AfterValidator(values.check_tags),
        About("Extra tags on everything", "words to words, as AWS allows them; not Name, aws:… or fleetkit:…"),
    ] = Field(default={})
    logs: Annotated[Logs, About("How long logs are kept", "a table")] = Logs()
    notice: Annotated[Notice, About("Who is told how runs end, and when", "a table")] = Notice()
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
