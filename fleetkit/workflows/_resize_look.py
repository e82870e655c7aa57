"""How many members etcd has and is to have: found out from etcd, AWS and the cluster file, and what is left to do."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from fleetkit import aws
from fleetkit.config import Cluster, Master
from fleetkit.core import EtcdError, NotFoundError
from fleetkit.etcd import EtcdLimits, Member, Verdict, hash_kv, list_members
from fleetkit.workflows._change_plan import Refusal
from fleetkit.workflows._etcd_look import EtcdLook, look_at_etcd
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.way_in import WayIn

__all__ = [
    "ResizeLook",
    "ResizePart",
    "ResizeStep",
    "StandingMaster",
    "find_refusal",
    "find_standing",
    "judge_parts",
    "look_at_size",
    "name_member",
    "with_masters",
]

_HASH_LIMITS = EtcdLimits(total_s=30)


class ResizeStep(enum.StrEnum):
    """The steps by which a member joins or leaves, in their order."""

    SETTINGS = "settings"
    """Its certificates and settings are in the bucket: it joins the cluster that is there."""
    LEARNER = "learner"
    """It is added, and learns."""
    LEADERSHIP = "leadership"
    """It leads no more."""
    REMOVAL = "removal"
    """etcd has forgotten it."""
    MACHINE = "machine"
    """Terraform has made its instance, or destroyed it."""
    PROMOTION = "promotion"
    """It has caught up, and votes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMaster:
    """A master's machine that AWS has.

    Attributes
    ----------
    instance_id, address, zone
        Its instance, and where that stands.
    """

    instance_id: str
    address: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizePart:
    """What is left to do with one member.

    Attributes
    ----------
    member
        Its name.
    joins
        Whether it joins; else it leaves.
    steps
        What is left, in order.
    member_id
        Its id in hex, as etcd lists it now; empty where it does not.
    """

    member: str
    joins: bool
    steps: tuple[ResizeStep, ...]
    member_id: str = ""

    @property
    def is_new(self) -> bool:
        """Whether it joins, and neither etcd nor AWS has anything of it yet."""
        return {ResizeStep.LEARNER, ResizeStep.MACHINE} <= set(self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeLook:
    """How a cluster's etcd stood at one moment, beside the cluster file.

    Attributes
    ----------
    goal
        Name of each master of the cluster file to its address.
    members
        The members as etcd lists them, by name; one that has not started by that of the master at its address.
    machines
        The instances of masters, by the member's name.
    leader
        Name of who leads; empty where nobody does.
    verdict
        The whole in one word.
    ill
        Which voters are not well, and why, a line each.
    alarms
        The alarms that are raised.
    differing
        How the members' hashes differ; empty where they do not, or were not asked for.
    """

    goal: Mapping[str, str]
    members: Mapping[str, Member]
    machines: Mapping[str, StandingMaster]
    leader: str = ""
    verdict: Verdict = Verdict.HEALTHY
    ill: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    differing: str = ""

    @property
    def voters(self) -> tuple[str, ...]:
        """Names of those that vote."""
        return tuple(sorted(name for name, one in self.members.items() if not one.is_learner))

    @property
    def joining(self) -> tuple[str, ...]:
        """Names of those that are to vote and do not yet, a learner first: etcd takes one at a time."""
        names = [name for name in self.goal if name not in self.voters]
        return tuple(sorted(names, key=lambda name: name not in self.members))

    @property
    def leaving(self) -> tuple[str, ...]:
        """Names of those that are to go: whom etcd has forgotten first, and the leader last."""
        names = [name for name in {**self.members, **self.machines} if name not in self.goal]
        return tuple(sorted(names, key=lambda name: (name in self.members, name == self.leader, name)))


def find_standing(workspace: Workspace) -> dict[str, StandingMaster]:
    """Return the machines of masters that AWS has, by the member's name.

    Raises
    ------
    AwsError
        When AWS cannot be asked.
    """
    found = aws.list_instances(workspace.session, workspace.cluster.name, role="master")
    return {
        one.tags["fleetkit:member"]: StandingMaster(
            instance_id=one.instance_id, address=one.private_address, zone=one.zone
        )
        for one in sorted(found, key=lambda one: one.launched)
        if "fleetkit:member" in one.tags and one.state != "shutting-down"
    }


def with_masters(workspace: Workspace, masters: Mapping[str, Master]) -> Workspace:
    """Return a workspace whose cluster has other masters than its file: those that are there at a moment."""
    cluster: Cluster = workspace.cluster.model_copy(update={"masters": dict(sorted(masters.items()))})
    return replace(workspace, cluster=cluster)


def look_at_size(
    way: WayIn, *, goal: Mapping[str, str], machines: Mapping[str, StandingMaster], hashing: bool = False
) -> ResizeLook:
    """Look once.

    Parameters
    ----------
    way
        The way to the masters that AWS has.
    hashing
        Whether the members are asked for their hashes too.

    Raises
    ------
    EtcdError
        When an alarm is raised, and which could not be read.
    """
    seen: EtcdLook = look_at_etcd(way)
    serving = [one.name for one in seen.health.members if one.serves]
    asked = [one for one in way.endpoints if one.name in serving]
    try:
        listed = list_members(asked, tls=way.tls) if asked else ()
    except (EtcdError, NotFoundError):
        listed = ()
    addresses = {**goal, **{name: one.address for name, one in machines.items()}}
    members = {name_member(one, addresses): one for one in listed}
    votes = [name for name, one in members.items() if not one.is_learner]
    reasons = {
        one.name: one.reason for one in seen.health.members if not one.healthy and (one.name in votes or not listed)
    }
    reasons |= {name: "AWS has no machine of it that runs" for name in votes if name not in machines}
    hashes = (
        hash_kv([one for one in asked if one.name in votes], tls=way.tls, limits=_HASH_LIMITS)
        if hashing and asked
        else None
    )
    return ResizeLook(
        goal=goal,
        members=members,
        machines=machines,
        leader=next((name for name, one in seen.statuses.items() if one.is_leader and name in members), ""),
        verdict=seen.health.verdict,
        ill=tuple(f"{name}: {why}" for name, why in sorted(reasons.items())),
        alarms=tuple(sorted(one.value for one in seen.alarms)),
        differing=hashes.text if hashes is not None and hashes.differing else "",
    )


def name_member(member: Member, addresses: Mapping[str, str]) -> str:
    """Return a member's name, or as long as it has not started that of the master at its address, or its address."""
    hosts = [urlsplit(url).hostname or "" for url in member.peer_urls]
    there = [name for name, address in addresses.items() if address in hosts]
    return member.name or next(iter([*there, *hosts]), member.id)


def find_refusal(look: ResizeLook, *, cluster: str, replacing: str = "") -> Refusal | None:
    """Return why the number of members may not be changed now; None where it may.

    Parameters
    ----------
    replacing
        Name of the member whose replacement is under way; empty where none is.
    """

    def refuse(*reasons: str, hint: str, at_risk: bool = False) -> Refusal:
        return Refusal(reasons=reasons, at_risk=at_risk, hint=hint)

    if not look.machines:
        return refuse(
            "it has no masters yet", hint=f"fleetkit deploy {cluster} makes as many as the cluster file names"
        )
    if replacing:
        hint = f"finish it: fleetkit etcd replace {cluster} {replacing}"
        return refuse(f"the replacement of {replacing} is not finished", hint=hint, at_risk=True)
    if look.verdict is Verdict.LOST or not look.members:
        hint = f"mend that first: fleetkit etcd health {cluster}"
        return refuse("no quorum answers", *look.ill, hint=hint, at_risk=True)
    if look.ill:
        hint = f"mend that first: fleetkit etcd health {cluster}"
        return refuse("all voters have to be well", *look.ill, hint=hint, at_risk=True)
    if look.alarms:
        hint = f"mend that first: fleetkit etcd alarms {cluster}"
        return refuse(f"alarms are raised: {', '.join(look.alarms)}", hint=hint)
    if look.differing:
        return refuse(look.differing, hint=f"replace the one that differs: fleetkit etcd hash {cluster}")
    if look.joining and look.leaving:
        both = f"it would add {', '.join(look.joining)} and take away {', '.join(look.leaving)}"
        return refuse(both, hint="have the cluster file name more masters or fewer, and not others")
    strangers = [name for name in look.joining if name in look.machines and name not in look.members]
    if strangers:
        hint = f"a machine that began outside etcd is made anew: fleetkit etcd replace {cluster} {strangers[0]}"
        return refuse(f"{strangers[0]} has a machine, and etcd does not list it", hint=hint)
    return None


def judge_parts(look: ResizeLook) -> tuple[ResizePart, ...]:
    """Return what is left to do, one member after the other."""
    return tuple(_part(look, name, joins=True) for name in look.joining) + tuple(
        _part(look, name, joins=False) for name in look.leaving
    )


def _part(look: ResizeLook, name: str, *, joins: bool) -> ResizePart:
    entry, has_machine = look.members.get(name), name in look.machines
    steps: Sequence[tuple[ResizeStep, bool]] = (
        (ResizeStep.SETTINGS, joins),
        (ResizeStep.LEARNER, joins and entry is None),
        (ResizeStep.LEADERSHIP, not joins and name in look.voters),
        (ResizeStep.REMOVAL, not joins and entry is not None),
        (ResizeStep.MACHINE, joins != has_machine),
        (ResizeStep.PROMOTION, joins),
    )
    return ResizePart(
        member=name,
        joins=joins,
        steps=tuple(step for step, is_left in steps if is_left),
        member_id="" if entry is None else entry.id,
    )
