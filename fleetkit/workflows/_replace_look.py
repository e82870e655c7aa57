"""How the replacement of a member stands, found out from etcd's list of members, and what is left to do."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import EtcdError, NotFoundError
from fleetkit.etcd import ClusterHealth, EtcdLimits, Member, StoreHashes, Verdict, hash_kv, list_members
from fleetkit.workflows._change_plan import Refusal
from fleetkit.workflows._etcd_look import EtcdLook, look_at_etcd
from fleetkit.workflows._replace_note import ReplaceNote
from fleetkit.workflows.way_in import WayIn

__all__ = ["ReplaceLook", "ReplaceStep", "find_entry", "find_refusal", "judge_steps", "look_at_replacement"]

_PEER_PORT = 2380
_HASH_LIMITS = EtcdLimits(total_s=30)


class ReplaceStep(enum.StrEnum):
    """The steps of a replacement, in their order."""

    SETTINGS = "settings"
    """Its settings in the bucket say that it joins the cluster that is there."""
    LEADERSHIP = "leadership"
    """It leads no more."""
    REMOVAL = "removal"
    """etcd has forgotten the old member."""
    LEARNER = "learner"
    """The new one is added, and learns."""
    MACHINE = "machine"
    """Terraform has replaced its instance."""
    PROMOTION = "promotion"
    """It has caught up, and votes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceLook:
    """How a cluster's etcd stood at one moment, seen from one member that is or was to be replaced.

    Attributes
    ----------
    name
        The member.
    health
        The health of all members.
    leads
        Whether it leads.
    known
        Whether the members could be listed by another than itself.
    entry
        The member as the others list it; None where they do not.
    peer_urls
        Where its peers find it.
    learners
        Names of other learners; etcd takes one at a time.
    hashes
        The hashes of the others; None where they were not asked.
    """

    name: str
    health: ClusterHealth
    leads: bool
    known: bool
    entry: Member | None
    peer_urls: tuple[str, ...]
    learners: tuple[str, ...] = ()
    hashes: StoreHashes | None = None


def look_at_replacement(way: WayIn, name: str, *, note: ReplaceNote | None, hashing: bool = False) -> ReplaceLook:
    """Look once; the member that is replaced is not asked who the members are, for it may be the one that is wrong.

    Parameters
    ----------
    note
        Of a replacement of this member that is under way.
    hashing
        Whether the others are asked for their hashes too.

    Raises
    ------
    NotFoundError
        When the cluster has no member of that name; lists those it has.
    EtcdError
        When an alarm is raised, and which could not be read.
    """
    masters = way.cluster.masters
    if name not in masters:
        raise NotFoundError(f"{way.cluster.name} has no member {name}", known=list(masters))
    seen: EtcdLook = look_at_etcd(way)
    others = [one for one in way.endpoints if one.name != name]
    peer_urls = note.peer_urls if note is not None else (f"https://{masters[name].address}:{_PEER_PORT}",)
    try:
        members, known = (list_members(others, tls=way.tls), True) if others else ((), True)
    except EtcdError:
        members, known = (), False
    entry = find_entry(members, name, peer_urls)
    own = "" if entry is None else entry.id
    return ReplaceLook(
        name=name,
        health=seen.health,
        leads=name in seen.statuses and seen.statuses[name].is_leader and seen.statuses[name].member_id == own,
        known=known,
        entry=entry,
        peer_urls=entry.peer_urls if entry is not None else peer_urls,
        learners=tuple(one.name or one.id for one in members if one.is_learner and one.id != own),
        hashes=hash_kv(others, tls=way.tls, limits=_HASH_LIMITS) if hashing and others else None,
    )


def find_entry(members: Sequence[Member], name: str, peer_urls: Sequence[str]) -> Member | None:
    """Return a member out of a list: by its name, or while it has none yet by where its peers find it."""
    by_name = next((one for one in members if one.name == name), None)
    return by_name or next((one for one in members if not one.name and set(one.peer_urls) & set(peer_urls)), None)


def find_refusal(look: ReplaceLook, *, cluster: str, note: ReplaceNote | None) -> Refusal | None:
    """Return why the replacement may not begin or go on; None where it may."""
    if note is not None and note.member != look.name:
        reason = f"the replacement of {note.member}, begun at {note.begun_at}, is not finished"
        return Refusal(
            reasons=(reason,), at_risk=True, hint=f"finish it: fleetkit etcd replace {cluster} {note.member}"
        )
    health = look.health
    if health.verdict is Verdict.LOST:
        reason = f"the quorum is lost: {health.required} of {health.voters} voters would have to serve"
        hint = (
            f"look again in ten seconds, which an election may take (fleetkit etcd health {cluster}); then start the "
            f"members that are down, and only where their data are gone: fleetkit etcd restore {cluster}"
        )
        return Refusal(reasons=(reason, *_ill(health)), at_risk=True, hint=hint)
    if len(health.members) == 1:
        reason = f"{look.name} is the only member, and all data would go with it"
        hint = f"back up, and restore into a new member: fleetkit etcd backup {cluster}"
        return Refusal(reasons=(reason,), at_risk=True, hint=hint)
    ill = _ill(health, but=look.name)
    serving = sum(one.serves and not one.is_learner and one.name != look.name for one in health.members)
    if ill or not look.known:
        reason = f"besides {look.name} {serving} of {health.voters} voters serve, and all others have to"
        hint = f"mend that first: fleetkit etcd health {cluster}"
        return Refusal(reasons=(reason, *ill), at_risk=True, hint=hint)
    if look.learners:
        reason = f"etcd takes one learner at a time, and has {', '.join(look.learners)}"
        return Refusal(reasons=(reason,), at_risk=False, hint=f"finish that first: fleetkit etcd members {cluster}")
    if look.hashes is not None and look.hashes.differing:
        hint = f"replace one that differs, and not one that is right: fleetkit etcd hash {cluster}"
        return Refusal(reasons=(look.hashes.text,), at_risk=False, hint=hint)
    return None


def judge_steps(
    look: ReplaceLook, *, note: ReplaceNote | None, machine: str, anew: bool = False
) -> tuple[tuple[ReplaceStep, ...], bool]:
    """Return what is left to do with the member, and whether its instance has to be replaced.

    Whether Terraform has something to do about its machine besides is its own plan's to say.

    Parameters
    ----------
    note
        Of a replacement of this member that is under way; None begins one, or goes on with one that nothing is
        known of but what is there.
    machine
        Id of the instance that stands for it now; empty where there is none.
    anew
        Whether a new member or machine that is there already is replaced once more.
    """
    entry, begun = look.entry, None if anew else note
    is_voter = entry is not None and not entry.is_learner
    if begun is not None and is_voter and entry is not None and entry.id != begun.member_id:
        return (), False
    started = entry is not None and bool(entry.name)
    removal = entry is not None and (
        entry.id == begun.member_id if begun is not None else is_voter or (anew and started)
    )
    replace = bool(machine) and (machine == begun.instance_id if begun is not None else removal or not started)
    steps = [ReplaceStep.SETTINGS]
    steps += [ReplaceStep.LEADERSHIP] if removal and look.leads else []
    steps += [ReplaceStep.REMOVAL] if removal else []
    steps += [ReplaceStep.LEARNER] if removal or entry is None else []
    steps += [ReplaceStep.MACHINE] if replace or not machine else []
    return (*steps, ReplaceStep.PROMOTION), replace


def _ill(health: ClusterHealth, *, but: str = "") -> tuple[str, ...]:
    """Tell of members that do not serve; under an alarm, which all of them answer for, they do.

    A change of members is none of the writes that NOSPACE bars, and replacing one is what mends CORRUPT.
    """
    return tuple(f"{one.name}: {one.reason}" for one in health.members if not one.serves and one.name != but)
