"""Where moto differs from AWS in what a cluster needs, one patch per difference.

All are small, all replace private functions of one exact version of moto, and each has a test that fails without it.
"""

from fleetkit.sandbox.aws.patches._patch import ABSENT, Patch, Replacement, applied, apply_patches, source_digest
from fleetkit.sandbox.aws.patches.balancer_schemes import BALANCER_SCHEMES
from fleetkit.sandbox.aws.patches.bucket_policies import BUCKET_POLICIES
from fleetkit.sandbox.aws.patches.classic_balancers import CLASSIC_BALANCERS
from fleetkit.sandbox.aws.patches.ended_targets import ENDED_TARGETS
from fleetkit.sandbox.aws.patches.flow_log_groups import FLOW_LOG_GROUPS
from fleetkit.sandbox.aws.patches.freed_addresses import FREED_ADDRESSES
from fleetkit.sandbox.aws.patches.group_rules import GROUP_RULES
from fleetkit.sandbox.aws.patches.held_subnets import HELD_SUBNETS
from fleetkit.sandbox.aws.patches.interface_groups import INTERFACE_GROUPS
from fleetkit.sandbox.aws.patches.pool_instances import POOL_INSTANCES
from fleetkit.sandbox.aws.patches.private_zones import PRIVATE_ZONES
from fleetkit.sandbox.aws.patches.public_addresses import PUBLIC_ADDRESSES
from fleetkit.sandbox.aws.patches.quotas import QUOTAS
from fleetkit.sandbox.aws.patches.reboots import REBOOTS, count_reboots
from fleetkit.sandbox.aws.patches.shutdown_behavior import SHUTDOWN_BEHAVIOR
from fleetkit.sandbox.aws.patches.signed_reads import SIGNED_READS
from fleetkit.sandbox.aws.patches.signing_keys import SIGNING_KEYS
from fleetkit.sandbox.aws.patches.ssm_inventory import SSM_INVENTORY
from fleetkit.sandbox.aws.patches.tag_lookups import TAG_LOOKUPS
from fleetkit.sandbox.aws.patches.taken_addresses import TAKEN_ADDRESSES
from fleetkit.sandbox.aws.patches.target_health import TARGET_HEALTH, TargetState, measure_targets_with
from fleetkit.sandbox.aws.patches.template_tags import TEMPLATE_TAGS
from fleetkit.sandbox.aws.patches.template_versions import TEMPLATE_VERSIONS
from fleetkit.sandbox.aws.patches.termination_protection import TERMINATION_PROTECTION
from fleetkit.sandbox.aws.patches.vpc_only import VPC_ONLY
from fleetkit.sandbox.aws.patches.zone_records import ZONE_RECORDS

__all__ = [
    "ABSENT",
    "ALL_PATCHES",
    "BALANCER_SCHEMES",
    "BUCKET_POLICIES",
    "CLASSIC_BALANCERS",
    "ENDED_TARGETS",
    "FLOW_LOG_GROUPS",
    "FREED_ADDRESSES",
    "GROUP_RULES",
    "HELD_SUBNETS",
    "INTERFACE_GROUPS",
    "POOL_INSTANCES",
    "PRIVATE_ZONES",
    "PUBLIC_ADDRESSES",
    "QUOTAS",
    "REBOOTS",
    "SHUTDOWN_BEHAVIOR",
    "SIGNED_READS",
    "SIGNING_KEYS",
    "SSM_INVENTORY",
    "TAG_LOOKUPS",
    "TAKEN_ADDRESSES",
    "TARGET_HEALTH",
    "TEMPLATE_TAGS",
    "TEMPLATE_VERSIONS",
    "TERMINATION_PROTECTION",
    "VPC_ONLY",
    "ZONE_RECORDS",
    "Patch",
    "Replacement",
    "TargetState",
    "applied",
    "apply_patches",
    "count_reboots",
    "measure_targets_with",
    "source_digest",
]

ALL_PATCHES: tuple[Patch, ...] = (
    VPC_ONLY,
    PRIVATE_ZONES,
    ZONE_RECORDS,
    TEMPLATE_TAGS,
    TEMPLATE_VERSIONS,
    FLOW_LOG_GROUPS,
    FREED_ADDRESSES,
    INTERFACE_GROUPS,
    GROUP_RULES,
    HELD_SUBNETS,
    TAKEN_ADDRESSES,
    CLASSIC_BALANCERS,
    BALANCER_SCHEMES,
    PUBLIC_ADDRESSES,
    TERMINATION_PROTECTION,
    SHUTDOWN_BEHAVIOR,
    REBOOTS,
    POOL_INSTANCES,
    ENDED_TARGETS,
    TARGET_HEALTH,
    QUOTAS,
    SIGNED_READS,
    BUCKET_POLICIES,
    SIGNING_KEYS,
    SSM_INVENTORY,
    TAG_LOOKUPS,
)
"""Every patch, in the order in which they are put on."""
