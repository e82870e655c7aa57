"""Speaking to etcd: health, status, hashes, keys, metrics and alerts of all members, backups, and what maintains it.

The v3 API is reached through its JSON gateway and the v2 API as it is, both over the standard library's HTTP.
Nothing here opens tunnels, makes certificates or knows of clusters' files: endpoints and TLS files are handed in.
"""

from fleetkit.etcd._backend import hash_backend
from fleetkit.etcd.alerts import ALERT_RULES, Alert, AlertState, Severity, judge_alerts
from fleetkit.etcd.archive import BackupArchive, open_envelope, pack_backup, pack_envelope, read_backup
from fleetkit.etcd.both_stores import BothStores, read_both_stores
from fleetkit.etcd.changing_members import add_learner, promote_learner, remove_member
from fleetkit.etcd.contents import ContentKind, decode_content, indent_json, show_content, show_key, tell_kind
from fleetkit.etcd.defragmentation import compact, defragment
from fleetkit.etcd.disarming import disarm_alarm
from fleetkit.etcd.endpoints import CLIENT_PORT, Endpoint, EtcdLimits, TlsFiles, parse_endpoint
from fleetkit.etcd.environment import render_environment, render_restore_options
from fleetkit.etcd.hashing import hash_kv
from fleetkit.etcd.health import read_health
from fleetkit.etcd.histogram import Histogram
from fleetkit.etcd.key_store import KeyStore
from fleetkit.etcd.keys import KeyNode, get_key
from fleetkit.etcd.leading import move_leader
from fleetkit.etcd.maintenance import list_alarms, list_members, raft_lag, read_cluster_version, read_status
from fleetkit.etcd.manifest import BackupManifest, BackupPart
from fleetkit.etcd.metric_values import MemberMetrics, RequestCount
from fleetkit.etcd.metrics import Scrape, parse_metrics, read_metrics, watch_metrics
from fleetkit.etcd.newer_keys import list_newer_keys
from fleetkit.etcd.retention import BackupName, Retention, Seal, parse_backup_name
from fleetkit.etcd.sample import StoreSample, find_values, read_sample
from fleetkit.etcd.scratch import ScratchEtcd, ScratchPrograms, find_scratch_programs, open_scratch
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
from fleetkit.etcd.store_hashes import HashScope, MemberHash, StoreHashes
from fleetkit.etcd.stored_keys import (
    KeyEvent,
    KeyEventKind,
    KeyListing,
    Store,
    StoredKey,
    normalize_key,
    show_revision,
    split_key,
)
from fleetkit.etcd.tree import V2_ROOTS, V2Root, V2Tree, export_tree, put_tree
from fleetkit.etcd.trouble import LocalFacts, Trouble
from fleetkit.etcd.tuning import judge_tuning
from fleetkit.etcd.tuning_values import Advice, Disk, Fit, RaftSettings, RoundTrip, Tuning
from fleetkit.etcd.v2_keys import V2Keys
from fleetkit.etcd.v3_keys import V3Keys
from fleetkit.etcd.values import Alarm, AlarmKind, Member, MemberStatus
from fleetkit.etcd.verdict import ClusterHealth, MemberHealth, Verdict, judge_cluster
from fleetkit.etcd.versions import (
    FLOOR,
    EtcdVersion,
    PathKind,
    VersionPath,
    find_traps,
    is_below_floor,
    judge_path,
    tell_version,
)

__all__ = [
    "ALERT_RULES",
    "CLIENT_PORT",
    "FLOOR",
    "V2_ROOTS",
    "Advice",
    "Alarm",
    "AlarmKind",
    "Alert",
    "AlertState",
    "BackupArchive",
    "BackupManifest",
    "BackupName",
    "BackupPart",
    "BothStores",
    "ClusterHealth",
    "ContentKind",
    "Disk",
    "Endpoint",
    "EtcdLimits",
    "EtcdVersion",
    "Fit",
    "FollowerStats",
    "HashScope",
    "Histogram",
    "KeyEvent",
    "KeyEventKind",
    "KeyListing",
    "KeyNode",
    "KeyStore",
    "LeaderStats",
    "LocalFacts",
    "Member",
    "MemberHash",
    "MemberHealth",
    "MemberMetrics",
    "MemberStatus",
    "PathKind",
    "RaftSettings",
    "RequestCount",
    "Retention",
    "RoundTrip",
    "SavedSnapshot",
    "Scrape",
    "ScratchEtcd",
    "ScratchPrograms",
    "Seal",
    "SelfStats",
    "Severity",
    "Store",
    "StoreHashes",
    "StoreSample",
    "StoreStats",
    "StoredKey",
    "TlsFiles",
    "Trouble",
    "Tuning",
    "V2Keys",
    "V2Root",
    "V2Tree",
    "V3Keys",
    "Verdict",
    "VersionPath",
    "add_learner",
    "compact",
    "decode_content",
    "defragment",
    "disarm_alarm",
    "export_tree",
    "find_scratch_programs",
    "find_traps",
    "find_values",
    "get_key",
    "hash_backend",
    "hash_kv",
    "indent_json",
    "is_below_floor",
    "judge_alerts",
    "judge_cluster",
    "judge_path",
    "judge_tuning",
    "list_alarms",
    "list_members",
    "list_newer_keys",
    "move_leader",
    "normalize_key",
    "open_envelope",
    "open_scratch",
    "pack_backup",
    "pack_envelope",
    "parse_backup_name",
    "parse_endpoint",
    "parse_metrics",
    "promote_learner",
    "put_tree",
    "raft_lag",
    "read_backup",
    "read_both_stores",
    "read_cluster_version",
    "read_health",
    "read_leader_stats",
    "read_metrics",
    "read_sample",
    "read_self_stats",
    "read_served_certificates",
    "read_status",
    "read_store_stats",
    "remove_member",
    "render_environment",
    "render_restore_options",
    "save_snapshot",
    "show_content",
    "show_key",
    "show_revision",
    "split_key",
    "tell_kind",
    "tell_version",
    "watch_metrics",
]
