"""Layouts of clusters to take something away from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fleetkit.terraform import list_flows
from fleetkit.views import ClusterLayout, LaidBalancer, LaidMember, LaidPool, LaidWayIn, Spread

ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")


def place_members(standing: str, *, learners: str = "") -> tuple[LaidMember, ...]:
    """Return members from text: a letter for the zone of each, upper case where unhealthy, ``?`` where unknown.

    Parameters
    ----------
    standing
        Such as ``abC`` for three voters, the last of them ill, or ``ab?`` with one of unknown health in zone c.
    learners
        The same for learners.
    """
    places = [(one, False) for one in standing] + [(one, True) for one in learners]
    return tuple(
        LaidMember(
            name=f"etcd{number}",
            zone=f"us-west-2{'c' if letter == '?' else letter.lower()}",
            healthy=None if letter == "?" else letter.islower(),
            is_learner=learner,
        )
        for number, (letter, learner) in enumerate(places, start=1)
    )


def lay_out(
    standing: str = "abc",
    *,
    learners: str = "",
    zones: tuple[str, ...] = ZONES,
    machines: Spread | None = None,
    minimum: int = 1,
    nat: Mapping[str, str] | None = None,
    certificates: Mapping[str, dt.datetime] | None = None,
    closed: tuple[str, ...] = (),
    way_in: LaidWayIn | None = None,
) -> ClusterLayout:
    """Return a cluster: one worker in each zone, a NAT gateway in each, and a bastion in the last."""
    workers = machines or Spread(by_zone=dict.fromkeys(zones, 1))
    members = place_members(standing, learners=learners)
    return ClusterLayout(
        cluster="demo",
        source="a test",
        zones=zones,
        members=members,
        pools=(LaidPool(name="public", minimum=minimum, machines=workers),),
        balancers=(
            LaidBalancer(name="demo-web", feeds="http-from-lb-public-to-public", machines=workers),
            LaidBalancer(
                name="demo-fleet-ui",
                feeds="fleet-ui-from-lb-ui-to-master",
                machines=Spread(by_zone={}),
                members=tuple(one.name for one in members),
            ),
        ),
        way_in=way_in or LaidWayIn(zone=zones[-1], running=True),
        egress=dict(zip(zones, zones, strict=True)) if nat is None else nat,
        certificates={} if certificates is None else certificates,
        flows=list_flows(),
        closed=closed,
    )
