"""How many calls an audit may make of AWS: reckoned from the cluster file alone, before anything is asked.

`tests/workflows/test_audit_budget.py` holds an audit to it, of a cluster and of one with ten times the workers.
"""

from __future__ import annotations

from fleetkit.config import Access, Cluster

__all__ = ["CALLS_BESIDES", "CALLS_PER_RESOURCE", "count_resources", "reckon_audit_budget"]

CALLS_BESIDES = 60
"""Calls whose number does not grow with the cluster.

21 lists and look-ups, each once; 21 of objects, where the state and the backups lie in buckets: how either is set up
(4 each), the state, the last backup, the list of all, and what came of ten trials of restoring them.
The other 18 are for pages of what others have in the region or VPC (load balancers are listed 400 at a time, and their
tags, of those in the VPC, 20 at a time), for policies that somebody attached to a role (2 each), for prefix lists that
somebody's rules name (1 each), and further attempts.
"""

CALLS_PER_RESOURCE = 2
"""Calls for each resource.

A master: user data, protection against termination. Another machine: user data, and its part of lists that come in
pieces (Systems Manager's of 50, volumes of 200); the rest is for a further attempt.
A load balancer: settings, listeners. A target group: settings, health. A pool: versions of its launch template.
A role and its policy: instance profile, the lists of own and of attached policies, the policy.
"""

_LOAD_BALANCERS = 4
"""Internal web, public web, FleetUI and etcd-browser (`terraform/modules/load_balancers`)."""
_TARGET_GROUPS = 5
"""One for each, and SSH of the internal one."""


def count_resources(cluster: Cluster) -> int:
    """Return how many resources a cluster has at the most: its pools are reckoned as full."""
    singles = sum((cluster.access is Access.BASTION, cluster.deploy_host.enabled))
    machines = len(cluster.masters) + singles + sum(one.maximum for one in cluster.pools.values())
    # Masters have one role in common, the machines of each pool another.
    roles = 1 + singles + len(cluster.pools)
    return machines + len(cluster.pools) + _LOAD_BALANCERS + _TARGET_GROUPS + 2 * roles


def reckon_audit_budget(cluster: Cluster) -> int:
    """Return the most calls that an audit of a cluster makes of AWS by itself."""
    return CALLS_BESIDES + CALLS_PER_RESOURCE * count_resources(cluster)
