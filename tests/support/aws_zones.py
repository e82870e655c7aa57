"""A private zone in an emulated AWS, as a deploy makes it."""

from __future__ import annotations

from fleetkit.aws import AwsSession, PrivateZone

__all__ = ["make_zone"]


def make_zone(session: AwsSession, cluster: str, vpc_id: str, *, name: str = "demo.internal") -> PrivateZone:
    """Make the private zone of a cluster in a VPC."""
    made = session.route53.create_hosted_zone(
        Name=name,
        CallerReference=f"{cluster}-{name}",
        VPC={"VPCRegion": "us-west-2", "VPCId": vpc_id},
        HostedZoneConfig={"PrivateZone": True, "Comment": f"Private names of cluster {cluster}"},
    )
    return PrivateZone(zone_id=made["HostedZone"]["Id"].rpartition("/")[2], name=name)
