"""What audit checks demand and a new cluster leaves out by decision: a table, written into its file with a date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["STANDING_WAIVERS", "StandingWaiver", "propose_waivers"]

_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingWaiver:
    """A demand that every new cluster leaves out.

    Attributes
    ----------
    check
        Name of the check.
    resource
        What is excused; ``*`` means all.
    reason
        Why.
    """

    check: str
    resource: str
    reason: str


STANDING_WAIVERS: tuple[StandingWaiver, ...] = (
    StandingWaiver(
        check="backup-bucket-protected",
        resource="*",
        reason="no bucket for backups is there yet; make one, encrypted, versioned and locked, then drop this",
    ),
    StandingWaiver(
        check="etcd-backup-and-drill",
        resource="*",
        reason="nothing is backed up yet and no restore was tried; do both, then drop this",
    ),
    StandingWaiver(
        check="instance-managed-by-ssm",
        resource="*",
        reason="Flatcar ships no SSM agent; machines are reached over SSH alone",
    ),
    StandingWaiver(
        check="key-pair-shared-by-roles",
        resource="*",
        reason="one operator's key opens all machines until roles have operators of their own",
    ),
    StandingWaiver(
        check="load-balancer-access-logs",
        resource="internal-web",
        reason="AWS writes logs of a network load balancer for its TLS listeners only, and it has none",
    ),
    StandingWaiver(
        check="load-balancer-no-healthy-target",
        resource="*",
        reason="the web and the pages have no units yet; deploy them, then drop this",
    ),
    *(
        StandingWaiver(
            check="load-balancer-tls-listener",
            resource=page,
            reason="it speaks plain HTTP inside the VPC, where operators come through SSH or a VPN alone",
        )
        for page in ("etcd-browser", "fleet-ui")
    ),
    StandingWaiver(
        check="load-balancer-tls-listener",
        resource="internal-web",
        reason="it passes on what services say to each other inside the VPC; a service that wants TLS ends it itself",
    ),
    StandingWaiver(
        check="load-balancer-tls-listener",
        resource="public-web",
        reason="no certificate is given yet; set load_balancers.certificate_arn, then drop this",
    ),
    StandingWaiver(
        check="network-acl-open",
        resource="*",
        reason="security groups, one per role, hold the rules; network ACLs would say them twice",
    ),
    StandingWaiver(
        check="pool-desired-healthy-registered",
        resource="*",
        reason="a machine is healthy behind a load balancer only once units run on it; deploy them, then drop this",
    ),
    *(
        StandingWaiver(
            check="pool-scaling-group",
            resource=f"{pool}: health check",
            reason="a worker serves nothing until units run on it; its load balancer would have it replaced for ever",
        )
        for pool in ("internal", "public")
    ),
    StandingWaiver(
        check="terraform-state-local",
        resource="terraform.tfstate",
        reason="one operator so far; set state.kind to s3 to share it, versioned and locked",
    ),
)
"""In alphabetical order of the checks and their resources; docs/audit.md says which demands they stand for."""


def propose_waivers(*, today: dt.date, who: str) -> list[dict[str, object]]:
    """Return the waivers of a new cluster file; each holds for 90 days from ``today``."""
    until = today + dt.timedelta(days=_DAYS)
    return [
        {"check": waiver.check, "resource": waiver.resource, "reason": waiver.reason, "who": who, "until": until}
        for waiver in STANDING_WAIVERS
    ]
