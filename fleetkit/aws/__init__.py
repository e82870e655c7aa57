"""What AWS knows of a cluster: sessions, lookups, quotas, the cluster's bucket, and what is left over.

The only room that makes boto3 clients. Its errors are `fleetkit.core.AwsError`; a read that fails is an error and
never an empty list. It knows no cluster file: it is handed names and numbers.
"""

from fleetkit.aws._errors import asking
from fleetkit.aws.address import is_known_name, read_public_address
from fleetkit.aws.bucket import bucket_exists, delete_bucket, ensure_bucket
from fleetkit.aws.images import (
    FLATCAR_OWNER,
    UBUNTU_OWNER,
    Image,
    find_image,
    find_newest_flatcar,
    find_newest_ubuntu,
)
from fleetkit.aws.instances import (
    Instance,
    ScalingGroup,
    ScalingMember,
    count_vcpus,
    lift_termination_protection,
    list_instances,
    list_scaling_groups,
    start_instances,
)
from fleetkit.aws.inventory import (
    Inventory,
    Part,
    PartKind,
    Thing,
    ThingKind,
    list_unclaimed_target_groups,
    remove_rule,
    remove_thing,
    take_inventory,
    take_parts,
)
from fleetkit.aws.keys import KeyPair, list_key_pairs
from fleetkit.aws.load_balancers import (
    LoadBalancer,
    Target,
    TargetGroup,
    list_load_balancer_targets,
    list_load_balancers,
)
from fleetkit.aws.network import (
    AddressUse,
    ElasticAddress,
    NatGateway,
    Subnet,
    Vpc,
    find_vpc,
    list_addresses_in_use,
    list_elastic_addresses,
    list_nat_gateways,
    list_offered_zones,
    list_regions,
    list_subnets,
    list_vpcs,
    list_zones,
)
from fleetkit.aws.objects import StoredObject, delete_objects, has_object, list_objects, put_object, read_object
from fleetkit.aws.quotas import QUOTAS, Quota, QuotaKind, QuotaUse, read_quota
from fleetkit.aws.security_groups import SecurityGroup, SecurityRule, list_security_groups
from fleetkit.aws.session import CLUSTER_TAG, ROLE_TAG, AwsLimits, AwsSession, Caller, open_session
from fleetkit.aws.signing import open_signing_key

__all__ = [
    "CLUSTER_TAG",
    "FLATCAR_OWNER",
    "QUOTAS",
    "ROLE_TAG",
    "UBUNTU_OWNER",
    "AddressUse",
    "AwsLimits",
    "AwsSession",
    "Caller",
    "ElasticAddress",
    "Image",
    "Instance",
    "Inventory",
    "KeyPair",
    "LoadBalancer",
    "NatGateway",
    "Part",
    "PartKind",
    "Quota",
    "QuotaKind",
    "QuotaUse",
    "ScalingGroup",
    "ScalingMember",
    "SecurityGroup",
    "SecurityRule",
    "StoredObject",
    "Subnet",
    "Target",
    "TargetGroup",
    "Thing",
    "ThingKind",
    "Vpc",
    "asking",
    "bucket_exists",
    "count_vcpus",
    "delete_bucket",
    "delete_objects",
    "ensure_bucket",
    "find_image",
    "find_newest_flatcar",
    "find_newest_ubuntu",
    "find_vpc",
    "has_object",
    "is_known_name",
    "lift_termination_protection",
    "list_addresses_in_use",
    "list_elastic_addresses",
    "list_instances",
    "list_key_pairs",
    "list_load_balancer_targets",
    "list_load_balancers",
    "list_nat_gateways",
    "list_objects",
    "list_offered_zones",
    "list_regions",
    "list_scaling_groups",
    "list_security_groups",
    "list_subnets",
    "list_unclaimed_target_groups",
    "list_vpcs",
    "list_zones",
    "open_session",
    "open_signing_key",
    "put_object",
    "read_object",
    "read_public_address",
    "read_quota",
    "remove_rule",
    "remove_thing",
    "start_instances",
    "take_inventory",
    "take_parts",
]
