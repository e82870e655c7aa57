"""Rules for single values of the cluster file; each returns the value or says in a ValueError why it is not legal.

What a value must be in relation to others is in `rules`.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import PurePath

from fleetkit.core import SettingsError, parse_public_key, parse_reference

__all__ = [
    "RETENTION_DAYS",
    "check_address",
    "check_approver",
    "check_command",
    "check_dns_zone",
    "check_hidden_root",
    "check_instance_type",
    "check_key_file",
    "check_metadata",
    "check_name",
    "check_network",
    "check_operator_network",
    "check_retention",
    "check_secret_reference",
    "check_tags",
    "check_vpc_network",
    "parse_network",
    "pattern",
]

# CloudWatch Logs API, PutRetentionPolicy: the spans that it takes.
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""Days for which CloudWatch Logs can be told to keep logs."""

_WIDEST_OPERATOR_PREFIX = 16
_VPC_PREFIXES = range(16, 29)  # Amazon VPC user guide, "VPC CIDR blocks": /16 to /28
_DOCKER_BRIDGE = ipaddress.IPv4Network("172.17.0.0/16")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_METADATA_KEY = re.compile(r"[A-Za-z0-9_.-]+")
_METADATA_VALUE = re.compile(r"[A-Za-z0-9_.:/@+-]+")
_METADATA_TAKEN = ("etcd", "type", "zone")
_TAG_TEXT = re.compile(r"[\w .:/=+@-]*")
_TAGS_AT_MOST = 40  # AWS takes 50 on a resource; the rest is kept for fleetkit's own


def pattern(expression: str) -> str:
    """Return ``expression`` anchored at both ends, as a pydantic pattern wants it."""
    return f"^(?:{expression})$"


def check_name(value: str) -> str:
    """Check a cluster's name, which also begins the names of load balancers and buckets."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,18}[a-z0-9]", value):
        raise ValueError("does not fit")
    if value == "internal" or value.startswith("internal-"):
        # Elastic Load Balancing API, CreateLoadBalancer: "must not begin with internal-".
        raise ValueError("would begin the names of load balancers with internal-, and AWS refuses those")
    if value.startswith("sg-"):
        # EC2 API, CreateSecurityGroup: a name "cannot start with sg-".
        raise ValueError("would begin the names of security groups with sg-, and AWS keeps that for their ids")
    return value


def check_hidden_root(value: str) -> str:
    """Check a path of etcd's v2 store that a listing omits, because one of its parts begins with an underscore."""
    if not re.fullmatch(r"(/[^/\s]+)*/_[^/\s]+(/[^/\s]+)*", value):
        raise ValueError("is no hidden path of the v2 store")
    return value


def check_network(value: str) -> str:
    """Check an IPv4 network in CIDR form, without host bits."""
    parse_network(value)
    return value


def parse_network(value: str) -> ipaddress.IPv4Network:
    """Read an IPv4 network; the prefix must be written, and no host bit may be set."""
    if "/" not in value:
        raise ValueError("has no prefix length such as /32")
    try:
        return ipaddress.IPv4Network(value)
    except ipaddress.NetmaskValueError:
        raise ValueError("has a prefix length that IPv4 does not know") from None
    except ValueError:
        pass
    try:
        meant = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        raise ValueError("is not an IPv4 network") from None
    raise ValueError(f"has host bits set; the network is {meant}")


def check_operator_network(value: str) -> str:
    """Check a network from which operators come."""
    network = parse_network(value)
    if network.prefixlen == 0:
        raise ValueError("is the whole internet")
    if network.prefixlen < _WIDEST_OPERATOR_PREFIX:
        raise ValueError(f"is {network.num_addresses:,} addresses wide")
    return value


def check_vpc_network(value: str) -> str:
    """Check the network of a VPC."""
    network = parse_network(value)
    if network.prefixlen not in _VPC_PREFIXES:
        raise ValueError("is of a size that no VPC can have")
    if network.is_loopback or network.is_link_local or network.is_multicast or network.is_reserved:
        raise ValueError("is not for unicast hosts")
    if network.overlaps(_DOCKER_BRIDGE):
        raise ValueError(f"overlaps {_DOCKER_BRIDGE}, the bridge of Docker on every machine")
    return value


def check_address(value: str) -> str:
    """Check one IPv4 address."""
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        raise ValueError("is not an IPv4 address") from None
    return value


def check_approver(value: str) -> str:
    """Check a public key, with or without the name of whose it is behind it."""
    key, _, _owner = value.partition(" ")
    parse_public_key(key)
    return value


def check_command(value: tuple[str, ...]) -> tuple[str, ...]:
    """Check a command: its program is named from any folder the same, and under a scheduler's short PATH too."""
    if not value[0].startswith("~/") and not PurePath(value[0]).is_absolute():
        raise ValueError("a program that is not named by an absolute path")
    return value


def check_dns_zone(value: str) -> str:
    """Check the name of a private DNS zone: two labels or more, lower case, no dot at the end."""
    labels = value.split(".")
    if value.endswith("."):
        raise ValueError("ends in a dot")
    if len(value) > 200 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("is not a DNS name in lower case")
    if len(labels) < 2 or labels[-1].isdigit():
        raise ValueError("is not a zone of two labels or more")
    if labels[-1] == "local":
        raise ValueError("ends in .local, which machines resolve by multicast")
    return value


def check_instance_type(value: str) -> str:
    """Check the form of an instance type, and that it is not of the ARM family: fleet exists for amd64 alone."""
    family, dot, _size = value.partition(".")
    if not dot or not re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", value):
        raise ValueError("is not an instance type")
    generation = re.fullmatch(r"[a-z]+\d+([a-z]*).*", family)
    if family == "a1" or (generation and "g" in generation.group(1)):
        raise ValueError("is an ARM machine, and fleet was only ever built for amd64")
    return value


def check_key_file(value: str) -> str:
    """Check the path of a private key; empty means the agent or ssh_config knows it."""
    if value and not value.startswith("~/") and not PurePath(value).is_absolute():
        raise ValueError("is relative, and fleetkit works from any folder")
    return value


def check_retention(value: int) -> int:
    """Check a span of days against those that CloudWatch Logs knows."""
    if value not in RETENTION_DAYS:
        raise ValueError("is no span that CloudWatch Logs knows")
    return value


def check_secret_reference(value: str) -> str:
    """Check that a secret is a reference and not the secret itself. The message never repeats the value."""
    try:
        return str(parse_reference(value))
    except SettingsError as error:
        raise ValueError(error.seen) from error


def check_metadata(value: dict[str, str]) -> dict[str, str]:
    """Check fleet metadata, which travels as ``key=value,key=value``."""
    for key, text in value.items():
        if key in _METADATA_TAKEN:
            raise ValueError(f"sets {key!r}, which fleetkit sets itself")
        if not _METADATA_KEY.fullmatch(key) or not _METADATA_VALUE.fullmatch(text):
            raise ValueError(f"has characters in {key!r} or its value that fleet cannot carry")
    return value


def check_tags(value: dict[str, str]) -> dict[str, str]:
    """Check extra tags against AWS's rules and the tags that fleetkit sets itself."""
    if len(value) > _TAGS_AT_MOST:
        raise ValueError(f"has {len(value)} tags; at most {_TAGS_AT_MOST} are left beside fleetkit's own")
    for key, text in value.items():
        if key == "Name" or key.lower().startswith(("aws:", "fleetkit:")):
            raise ValueError(f"sets {key!r}, which is not the user's to set")
        if not 0 < len(key) <= 128 or len(text) > 256:
            raise ValueError(f"has a key or value that is too long at {key[:20]!r}")
        if not _TAG_TEXT.fullmatch(key) or not _TAG_TEXT.fullmatch(text):
            raise ValueError(f"has characters at {key[:20]!r} that AWS refuses")
    return value
