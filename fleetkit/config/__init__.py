"""The cluster file and the settings: read, checked, explained, written, and turned into Terraform's variables.

Knows nothing of AWS beyond the form of its names; whether they exist is asked by ``preflight``.
"""

from fleetkit.config.editing import change_cluster_data, change_cluster_file
from fleetkit.config.fields import About
from fleetkit.config.loading import find_cluster_problems, load_cluster, parse_cluster, read_cluster_data
from fleetkit.config.notice import Notice, NoticeWhen
from fleetkit.config.outline import FieldKind, FieldOutline, describe_table, outline_fields
from fleetkit.config.paths import ClusterPaths, cluster_names, find_cluster
from fleetkit.config.places import BucketAddress, KmsKey, parse_bucket_address, parse_kms_key
from fleetkit.config.problems import Problem
from fleetkit.config.reference import render_reference_page
from fleetkit.config.rules import POOL_LIMITS
from fleetkit.config.schema import Access, Cluster, Master, Network, Pool
from fleetkit.config.settings import (
    FOREIGN_SETTINGS,
    SETTINGS,
    Setting,
    Settings,
    render_settings_table,
    unknown_settings,
)
from fleetkit.config.tables import (
    Approval,
    ApprovalKind,
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
    StateKind,
    Waiver,
)
from fleetkit.config.template import DEFAULT_VPC_CIDR, propose_cluster
from fleetkit.config.terraform import terraform_variables
from fleetkit.config.values import check_name
from fleetkit.config.waivers import STANDING_WAIVERS, StandingWaiver, propose_waivers
from fleetkit.config.writing import render_cluster_file, write_cluster_file

__all__ = [
    "DEFAULT_VPC_CIDR",
    "FOREIGN_SETTINGS",
    "POOL_LIMITS",
    "SETTINGS",
    "STANDING_WAIVERS",
    "About",
    "Access",
    "Approval",
    "ApprovalKind",
    "Bastion",
    "BucketAddress",
    "Cluster",
    "ClusterPaths",
    "DeployHost",
    "Etcd",
    "FieldKind",
    "FieldOutline",
    "Fleet",
    "Images",
    "KmsKey",
    "LoadBalancers",
    "Logs",
    "Master",
    "Network",
    "Notice",
    "NoticeWhen",
    "Pins",
    "Pool",
    "Problem",
    "Registry",
    "Setting",
    "Settings",
    "StandingWaiver",
    "State",
    "StateKind",
    "Waiver",
    "change_cluster_data",
    "change_cluster_file",
    "check_name",
    "cluster_names",
    "describe_table",
    "find_cluster",
    "find_cluster_problems",
    "load_cluster",
    "outline_fields",
    "parse_bucket_address",
    "parse_cluster",
    "parse_kms_key",
    "propose_cluster",
    "propose_waivers",
    "read_cluster_data",
    "render_cluster_file",
    "render_reference_page",
    "render_settings_table",
    "terraform_variables",
    "unknown_settings",
    "write_cluster_file",
]
