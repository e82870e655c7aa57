"""Preflight of the account: whose credentials, which quotas, and whether the cluster's name is free."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial

from fleetkit.aws import QUOTAS, QuotaKind, bucket_exists, count_vcpus, list_instances, read_quota
from fleetkit.config import Access, Cluster
from fleetkit.core import PreconditionError
from fleetkit.workflows._check_lines import Check, CheckLine, failure, ok, warning
from fleetkit.workflows._workspace import Workspace

__all__ = ["ACCOUNT_CHECKS", "check_credentials"]

# What the Terraform modules make: one network load balancer (internal web and SSH), application ones for the rest.
_APPLICATION_LOAD_BALANCERS = 2
_NETWORK_LOAD_BALANCERS = 1


def check_credentials(workspace: Workspace) -> tuple[CheckLine, ...]:
    """Ask AWS who the caller is."""
    caller = workspace.session.caller()
    return (ok("credentials", f"{caller.arn} in account {caller.account_id}"),)


def _check_name(workspace: Workspace) -> tuple[CheckLine, ...]:
    """Look for another cluster of the same name: its machines by tag, its bucket by owner."""
    name = workspace.cluster.name
    try:
        has_bucket = bucket_exists(workspace.session, workspace.bucket)
    except PreconditionError as error:
        return (failure("name", f"{error.what}: {error.seen}", mend="choose another name for the cluster"),)
    machines = list_instances(workspace.session, name)
    if not machines and not has_bucket:
        return (ok("name", f"{name} is free in {workspace.session.region}"),)
    seen = f"{len(machines)} machines" + (f" and the bucket {workspace.bucket}" if has_bucket else "")
    if _is_known_here(workspace):
        return (ok("name", f"{name} is this cluster, deployed from here: {seen}"),)
    return (
        failure(
            "name",
            f"a cluster {name} is there already, and was not deployed from this folder: {seen}",
            mend="choose another name, or take the cluster over from who has it: fleetkit takeover",
        ),
    )


def _is_known_here(workspace: Workspace) -> bool:
    # Certificates are made before anything on AWS is, and only by the first deploy.
    return workspace.paths.pki.is_dir()


def _check_quota(kind: QuotaKind, workspace: Workspace) -> tuple[CheckLine, ...]:
    quota, check_id = QUOTAS[kind], f"quota-{kind}"
    needed = _needed(workspace, kind)
    use = read_quota(workspace.session, kind)
    # A second deploy needs nothing more than what there is: what is ours is counted in `used` already.
    there = bool(list_instances(workspace.session, workspace.cluster.name))
    wanted = use.used if there else use.used + needed
    seen = f"{use.used} {quota.about} in use, {needed} needed by this cluster"
    if use.limit is None:
        return (warning(check_id, f"{seen}; the limit could not be read", mend=f"look up quota {quota.code} yourself"),)
    if wanted > use.limit:
        return (
            failure(
                check_id,
                f"{seen}, {use.limit} allowed",
                mend=f"ask for {wanted}: quota {quota.code} of {quota.service}",
            ),
        )
    return (ok(check_id, f"{seen}, {use.limit} allowed"),)


def _needed(workspace: Workspace, kind: QuotaKind) -> int:
    cluster = workspace.cluster
    bastion = cluster.access is Access.BASTION
    if kind is QuotaKind.VCPUS:
        machines = _machines(cluster)
        sizes = count_vcpus(workspace.session, list(machines))
        return sum(count * sizes.get(name, 0) for name, count in machines.items())
    gateways = cluster.network.nat_gateways if cluster.network.create else 0
    return {
        QuotaKind.ELASTIC_ADDRESSES: gateways + bastion,
        QuotaKind.VPCS: int(cluster.network.create),
        QuotaKind.NAT_GATEWAYS: math.ceil(gateways / len(cluster.zones)),
        QuotaKind.APPLICATION_LOAD_BALANCERS: _APPLICATION_LOAD_BALANCERS,
        QuotaKind.NETWORK_LOAD_BALANCERS: _NETWORK_LOAD_BALANCERS,
    }[kind]


def _machines(cluster: Cluster) -> Counter[str]:
    machines = Counter({cluster.etcd.instance_type: len(cluster.masters)})
    for pool in cluster.pools.values():
        machines[pool.instance_type] += pool.desired
    if cluster.access is Access.BASTION:
        machines[cluster.bastion.instance_type] += 1
    if cluster.deploy_host.enabled:
        machines[cluster.deploy_host.instance_type] += 1
    return machines


ACCOUNT_CHECKS: tuple[Check, ...] = (
    Check("name", _check_name),
    *(Check(f"quota-{kind}", partial(_check_quota, kind), soft=True) for kind in QuotaKind),
)
"""What is asked of the account."""
