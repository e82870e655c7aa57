"""The tables of the cluster file that stand beside the network, the masters and the pools."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Annotated

from pydantic import AfterValidator, Field

from fleetkit.config import values
from fleetkit.config.fields import AMI, DISK, TYPE, About, Ami, DiskGb, InstanceType, Strings, Table

__all__ = [
    "Approval",
    "ApprovalKind",
    "Bastion",
    "DeployHost",
    "Etcd",
    "Fleet",
    "Images",
    "LoadBalancers",
    "Logs",
    "Pins",
    "Registry",
    "State",
    "StateKind",
    "Waiver",
]


class StateKind(enum.StrEnum):
    """Where Terraform keeps its state."""

    LOCAL = "local"
    S3 = "s3"


class ApprovalKind(enum.StrEnum):
    """What it takes to approve a plan, from the least to the most."""

    NAME = "name"
    SHA256 = "sha256"
    SIGNED = "signed"


class Approval(Table):
    """Who may approve a deploy or destroy, and what that takes."""

    required: Annotated[
        ApprovalKind,
        Field(strict=False),
        About(
            "The least that approves a plan: the cluster's name, the sha256 of a kept plan, or a signed approval",
            "name, sha256 or signed; what is more than the least approves as well",
        ),
    ] = ApprovalKind.NAME
    keys: Annotated[
        tuple[Annotated[str, AfterValidator(values.check_approver)], ...],
        Field(strict=False),
        About(
            "Public keys whose signed approvals hold; fleetkit key show prints yours",
            "each ed25519:… or p256:… with base64 behind it, and after a space whose it is",
        ),
    ] = ()
    distinct: Annotated[
        bool, About("Whether the approver must be another than the planner", 'true or false; true with "signed" only')
    ] = False

    def owner_of(self, public_key: str) -> str | None:
        """Return whose listed key it is, empty where the file does not say; None where it is not listed."""
        owners = {key: owner.strip() for key, _, owner in (entry.partition(" ") for entry in self.keys)}
        return owners.get(public_key)


class Etcd(Table):
    """The masters' size, and etcd's own settings."""

    instance_type: Annotated[InstanceType, About("Instance type of the masters", TYPE)] = "t3.small"
    disk_gb: Annotated[DiskGb, About("Root volume of a master in GB", DISK)] = 50
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
    token: Annotated[
        str,
        Field(pattern=values.pattern(r"|[A-Za-z0-9][A-Za-z0-9._-]{0,99}")),
        About(
            "Initial cluster token of etcd, NAME.ZONE where empty; `fleetkit etcd restore` writes a new one",
            "letters, digits and ._-",
        ),
    ] = ""
    hidden_roots: Annotated[
        tuple[Annotated[str, AfterValidator(values.check_hidden_root)], ...],
        Field(strict=False),
        About(
            "Hidden paths of the v2 store that a backup reads beside /, which omits them",
            "paths with a part that begins with _, such as /_coreos.com, in which fleet keeps its state",
        ),
    ] = ("/_coreos.com",)

    @property
    def v2_roots(self) -> tuple[str, ...]:
        """All roots of the v2 store: what a listing shows, and what it omits."""
        return ("/", *self.hidden_roots)


class Fleet(Table):
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


class Bastion(Table):
    """The SSH bastion, made with access = "bastion"."""

    instance_type: Annotated[InstanceType, About("Instance type of the bastion", TYPE)] = "t3.micro"
    disk_gb: Annotated[DiskGb, About("Root volume of the bastion in GB", DISK)] = 30


class DeployHost(Table):
    """A machine that joins fleet, starts the first units and ends itself."""

    enabled: Annotated[bool, About("Whether to make the deploy host", "true or false")] = False
    instance_type: Annotated[InstanceType, About("Instance type of the deploy host", TYPE)] = "t3.small"
    units: Annotated[
        str,
        About(
            "Folder of the unit files that it starts, as seen from the folder that holds clusters; none where empty",
            "a folder such as units, or empty",
        ),
    ] = ""
    instances: Annotated[
        Strings,
        About("Instances of templates among them that it starts", 'names such as ["web@{1..3}.service"]'),
    ] = ()


class LoadBalancers(Table):
    """What the public load balancer may be given."""

    certificate_arn: Annotated[
        str,
        Field(pattern=values.pattern(r"|arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+")),
        About(
            "Certificate of the public load balancer; with it, it also listens on 443",
            "the ARN of an ACM certificate, or empty",
        ),
    ] = ""


class Images(Table):
    """Machine images, pinned by id; `fleetkit pin` finds the newest."""

    flatcar: Annotated[Ami, About("Flatcar stable for masters and workers", AMI)] = ""
    ubuntu: Annotated[Ami, About("Ubuntu LTS for the bastion", AMI)] = ""


class Pins(Table):
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
    python_image: Annotated[
        str,
        Field(pattern=values.pattern(r"|[a-z0-9][a-z0-9.:/_-]*@sha256:[0-9a-f]{64}")),
        About("Container image of Python, in which the pages run on masters", "repository@sha256:64 hex digits"),
    ] = ""
    pages_sha256: Annotated[
        str,
        Field(pattern=values.pattern("|[0-9a-f]{64}")),
        About("SHA-256 of the archive that those pages are", "64 hex digits"),
    ] = ""


class Registry(Table):
    """Who signs in to a container registry, and where."""

    name: Annotated[
        str,
        Field(pattern=values.pattern(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?")),
        About(
            "Registry, as images name it", "a name in lower case such as quay.io or docker.io, with :PORT if need be"
        ),
    ]
    user: Annotated[
        str,
        Field(pattern=values.pattern(r"[!-9;-~]{1,256}")),
        About("Who signs in", "a name without spaces and colons"),
    ]
    password: Annotated[
        str,
        AfterValidator(values.check_secret_reference),
        About("Where the password lies", "a reference such as ssm:/path"),
    ]
    pools: Annotated[
        Strings,
        Field(min_length=1),
        About("Pools whose machines sign in", "internal, public or both, each once"),
    ] = ("internal", "public")


class State(Table):
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


class Logs(Table):
    """Log groups: flow logs of the VPC."""

    retention_days: Annotated[
        int,
        AfterValidator(values.check_retention),
        About("Days that logs are kept", f"one of {', '.join(str(days) for days in values.RETENTION_DAYS)}"),
    ] = 90


class Waiver(Table):
    """A check's demand that is left out by decision, and until when."""

    check: Annotated[str, Field(min_length=1), About("Name of the check", "a check's name")]
    resource: Annotated[str, Field(min_length=1), About("What is excused; * means all", "a resource's name or *")]
    reason: Annotated[str, Field(min_length=8), About("Why", "a reason of eight characters or more")]
    who: Annotated[str, Field(min_length=1), About("Who decided", "a name")]
    until: Annotated[dt.date, About("Last day on which it holds", "a date such as 2027-02-22, at most 366 days ahead")]

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the waiver still holds on ``day``."""
        return day <= self.until
