"""Speaking to etcd: health, status, members, alarms and keys, of all members at once.

The v3 API is reached through its JSON gateway and the v2 API as it is, both over the standard library's HTTP.
Nothing here opens tunnels, makes certificates or knows of clusters' files: endpoints and TLS files are handed in.
"""

from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles, parse_endpoint
from fleetkit.etcd.environment import render_environment
from fleetkit.etcd.health import read_health
from fleetkit.etcd.keys import KeyNode, get_key
from fleetkit.etcd.maintenance import list_alarms, list_members, raft_lag, read_status
from fleetkit.etcd.served import read_served_certificates
from fleetkit.etcd.snapshot import SavedSnapshot, save_snapshot
from fleetkit.etcd.stats import (
    FollowerStats,
    LeaderStats,
    SelfStats,
    StoreStats,
    read_leader_stats,
    read_self_stats,
    read_store_stats,
)
from fleetkit.etcd.tree import V2_ROOTS, V2Root, V2Tree, export_tree, put_tree
from fleetkit.etcd.trouble import LocalFacts, Trouble
from fleetkit.etcd.values import Alarm, AlarmKind, Member, MemberStatus
from fleetkit.etcd.verdict import ClusterHealth, MemberHealth, Verdict, judge_cluster

__all__ = [
    "V2_ROOTS",
    "Alarm",
    "AlarmKind",
    "ClusterHealth",
    "Endpoint",
    "EtcdLimits",
    "FollowerStats",
    "KeyNode",
    "LeaderStats",
    "LocalFacts",
    "Member",
    "MemberHealth",
    "MemberStatus",
    "SavedSnapshot",
    "SelfStats",
    "StoreStats",
    "TlsFiles",
    "Trouble",
    "V2Root",
    "V2Tree",
    "Verdict",
    "export_tree",
    "get_key",
    "judge_cluster",
    "list_alarms",
    "list_members",
    "parse_endpoint",
    "put_tree",
    "raft_lag",
    "read_health",
    "read_leader_stats",
    "read_self_stats",
    "read_served_certificates",
    "read_status",
    "read_store_stats",
    "render_environment",
    "save_snapshot",
]
