"""Certificates and SSH host keys of a cluster: made once, kept privately, looked at often.

One CA per cluster signs a server and a peer certificate for each etcd member, and one client certificate for each
kind of caller (fleet, the operator, the web UIs).
SSH host keys are made here as well, because they are known and pinned before a machine has booted.
This room writes only into the folder that it is given; it delivers nothing to machines and opens no connection.
"""

from fleetkit.pki.ca_rotation import CaStage, begin_ca, drop_old_ca, end_ca, promote_ca, read_ca_stage
from fleetkit.pki.facts import CertificateFacts, is_signed_by, parse_certificate_facts, read_certificate_facts
from fleetkit.pki.hosts import known_hosts_line
from fleetkit.pki.leaving import forget_member
from fleetkit.pki.names import CLIENT_NAMES, HOST_KEY_ROLES
from fleetkit.pki.renewal import forget_replaced, list_replaced, renew_leaf
from fleetkit.pki.signing import ensure_signing_key, read_public_key, verify_signature
from fleetkit.pki.store import CertificateFiles, ClusterPki, HostKeyFiles, ensure_pki, load_pki

__all__ = [
    "CLIENT_NAMES",
    "HOST_KEY_ROLES",
    "CaStage",
    "CertificateFacts",
    "CertificateFiles",
    "ClusterPki",
    "HostKeyFiles",
    "begin_ca",
    "drop_old_ca",
    "end_ca",
    "ensure_pki",
    "ensure_signing_key",
    "forget_member",
    "forget_replaced",
    "is_signed_by",
    "known_hosts_line",
    "list_replaced",
    "load_pki",
    "parse_certificate_facts",
    "promote_ca",
    "read_ca_stage",
    "read_certificate_facts",
    "read_public_key",
    "renew_leaf",
    "verify_signature",
]
