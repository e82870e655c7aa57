"""Terraform's input variables out of a cluster: exactly those that the root module declares."""

from __future__ import annotations

from typing import Any

from fleetkit.config.schema import Cluster
from fleetkit.core import ClusterFileError

__all__ = ["terraform_variables"]


def terraform_variables(
    cluster: Cluster,
    *,
    bucket: str,
    account_id: str,
    bucket_exists: bool = True,
    termination_protection: bool = True,
) -> dict[str, Any]:
    """Return the root module's variables for ``cluster``; none of them is a secret.

    Parameters
    ----------
    cluster
        The cluster.
    bucket
        Name of the cluster's bucket.
    account_id
        The AWS account that is deployed to, twelve digits.
    bucket_exists
        Whether the bucket is there, so that the deploy host's mark can be looked for.
    termination_protection
        Whether masters refuse to be terminated; destroy and replace lift it.

    Raises
    ------
    ClusterFileError
        When an image is not pinned yet.
    """
    images = cluster.images.model_dump()
    missing = [name for name, image in images.items() if not image]
    if missing:
        raise ClusterFileError(
            f"the cluster {cluster.name} has no pinned images",
            problems=[f"images.{name}: missing; legal: an image id such as ami-0123456789abcdef0" for name in missing],
            hint=f"fleetkit pin {cluster.name} finds the newest and writes them",
        )
    network = cluster.network
    return {
        "access": cluster.access.value,
        "account_id": account_id,
        "bastion": cluster.bastion.model_dump(),
        "bucket": bucket,
        "certificate_arn": cluster.load_balancers.certificate_arn,
        "deploy_host": {
            "enabled": cluster.deploy_host.enabled,
            "instance_type": cluster.deploy_host.instance_type,
            "look_for_mark": bucket_exists,
        },
        "dns_zone": cluster.dns_zone,
        "images": images,
        "key_name": cluster.key_name,
        "log_retention_days": cluster.logs.retention_days,
        "masters": {name: master.model_dump() for name, master in cluster.masters.items()},
        "masters_instance": {"instance_type": cluster.etcd.instance_type, "disk_gb": cluster.etcd.disk_gb},
        "name": cluster.name,
        "network": {
            "create": network.create,
            "cidr": network.cidr,
            "vpc_id": network.vpc_id,
            "public_subnets": list(network.public_subnets),
            "private_subnets": list(network.private_subnets),
            "public_subnet_ids": list(network.public_subnet_ids),
            "private_subnet_ids": list(network.private_subnet_ids),
            "nat_gateways": network.nat_gateways,
        },
        "operator_cidr": cluster.operator_cidr,
        "pools": {name: pool.model_dump(exclude={"secrets"}) for name, pool in cluster.pools.items()},
        "region": cluster.region,
        "tags": dict(cluster.tags),
        "termination_protection": termination_protection,
        "vpn_cidr": cluster.vpn_cidr,
        "zones": list(cluster.zones),
    }
