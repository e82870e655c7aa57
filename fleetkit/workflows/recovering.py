"""After a deploy that was killed, or a change by hand: find what the state does not know, and adopt or remove it.

Adoption is Terraform's import, by import blocks that are part of the plan: it is shown and approved with
the rest, and nothing is changed before. (The command ``terraform import`` cannot do it: it evaluates the configuration
against the state alone, and the outputs of a half-made cluster lack the very keys that other modules ask for.)

A master whose creation broke off (tainted, in Terraform's word) would be replaced, with its data. One that lives is
not: its mark is lifted, and the plan mends in place what its creation left undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.aws import Part, Thing, ThingKind
from fleetkit.core import NotYet, Patience, ServiceError, wait_until
from fleetkit.terraform import Action, ResourceChange, SavedPlan, StateResource, WorkingCopy
from fleetkit.workflows._adoptable import PARTS, THINGS, ThingType, read_path
from fleetkit.workflows._foreign_rules import find_foreign_rules
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace

__all__ = ["Adopt", "Recovery", "Remove", "find_recovery", "plan_with_leftovers", "remove_leftovers"]

_REMOVABLE = frozenset(one.kind for one in THINGS.values() if one.removable)
_GOING = frozenset({"shutting-down", "terminated", "deleting", "deleted", "Delete in progress"})
_FAILED = frozenset({"failed", "rejected", "expired"})
_PATIENCE = Patience(deadline_s=900, interval_s=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Take ``what`` into the state as ``address``; ``import_id`` is how Terraform's provider names it."""

    address: str
    import_id: str
    what: Thing | Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Remove ``what`` before the apply, for the reason given."""

    what: Thing | Part
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"

    @property
    def is_master(self) -> bool:
        """Whether it is a machine that may hold a member of etcd."""
        return isinstance(self.what, Thing) and self.what.kind is ThingKind.INSTANCE and self.what.role == "master"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What to do about the things that the state does not know.

    Attributes
    ----------
    adopt
        What the plan can take in as it stands; a plan made with these may know more, and take in more.
    remove
        What nothing in the plan wants; final only when there is nothing more to adopt.
    """

    adopt: tuple[Adopt, ...] = ()
    remove: tuple[Remove, ...] = ()


def find_recovery(
    things: Iterable[Thing],
    parts: Sequence[Part],
    *,
    state: Sequence[StateResource],
    changes: Sequence[ResourceChange],
    untagged: Iterable[Thing] = (),
) -> Recovery:
    """Match what is there and unknown to the state with what the plan would create.

    Parameters
    ----------
    things
        Things that bear the cluster's tag or name; others must not be handed over.
    untagged
        Things in the VPC that bear no cluster's tag: some are tagged only after their creation, which may
        have been cut off in between. Adopted where they stand in the way by their name, and never removed.
    parts
        What hangs on them.
    state
        What Terraform's state knows.
    changes
        The plan's changes; imports among them count as known.
    """
    # With the kind, because a role and its profile have one name.
    by_name = [one for one in untagged if _is_stray(one) and not one.cluster and one.name]
    known = {(THINGS[one.type].kind, one.import_id) for one in changes if one.import_id and one.type in THINGS} | {
        (THINGS[one.type].kind, str(value))
        for one in state
        if one.type in THINGS
        for value in (one.resource_id, one.attributes.get("arn"), one.attributes.get("name"))
        if value
    }
    stray = [one for one in things if _is_stray(one) and (one.kind, one.thing_id) not in known]
    whole = [one for one in (*stray, *by_name) if one.state not in _FAILED and (one.kind, one.thing_id) not in known]
    creates = [one for one in changes if one.action is Action.CREATE and not one.import_id]
    adopt: list[Adopt] = []
    contested: dict[str, str] = {}
    for change in creates:
        fitting = [one for one in whole if _fits(one, change) and all(one is not taken.what for taken in adopt)]
        if fitting and (len(fitting) == 1 or _is_settled(change, creates)):
            adopt.append(Adopt(address=change.address, import_id=fitting[0].thing_id, what=fitting[0]))
        contested.update((one.thing_id, change.address) for one in fitting[1:])
    adopt += _adopted_parts(parts, creates)
    remove = [
        Remove(what=one, reason=_reason(one, contested))
        for one in stray
        if one.kind in _REMOVABLE and all(one is not taken.what for taken in adopt)
    ]
    rules = find_foreign_rules(parts, state=state, changes=changes)
    return Recovery(adopt=tuple(adopt), remove=(*remove, *(Remove(what=one.rule, reason=one.reason) for one in rules)))


def _is_stray(thing: Thing) -> bool:
    """Whether it stands for itself: what AWS or a scaling group keeps is theirs, and what is going goes."""
    return not thing.managed and not thing.keeper and thing.state not in _GOING


def _fits(thing: Thing, change: ResourceChange) -> bool:
    kind = THINGS.get(change.type)
    if kind is None or kind.kind is not thing.kind:
        return False
    wanted = _marks(kind, change)
    return bool(wanted.get("name")) and all(
        value is None or getattr(thing, mark) == value for mark, value in wanted.items()
    )


def _marks(kind: ThingType, change: ResourceChange) -> dict[str, str | None]:
    return {mark: read_path(change.after, path) for mark, path in kind.marks.items()}


def _is_settled(change: ResourceChange, creates: Sequence[ResourceChange]) -> bool:
    """Whether waiting would not tell more: with its VPC in the state, a plan knows in which one a thing must be."""
    return read_path(change.after, "vpc_id") is not None or not any(one.type == "aws_vpc" for one in creates)


def _adopted_parts(parts: Sequence[Part], creates: Iterable[ResourceChange]) -> list[Adopt]:
    there = {(part.kind, part.key): part for part in parts}
    found = []
    for change in creates:
        kind = PARTS.get(change.type)
        if kind is None or change.after is None:
            continue
        key = kind.key(change.after)
        part = there.get((kind.kind, tuple(word for word in key if word is not None)))
        if part is not None and len(part.key) == len(key):
            found.append(Adopt(address=change.address, import_id=kind.import_id(part), what=part))
    return found


def _reason(thing: Thing, contested: Mapping[str, str]) -> str:
    if thing.state in _FAILED:
        return f"AWS gave it up ({thing.state})"
    address = contested.get(thing.thing_id)
    return f"another is adopted as {address}" if address else "nothing in the configuration wants it"


def plan_with_leftovers(
    workspace: Workspace,
    copy: WorkingCopy,
    *,
    told: Reporter,
    replace: Sequence[str] = (),
    targets: Sequence[str] = (),
) -> tuple[SavedPlan, tuple[Remove, ...]]:
    """Plan, with everything in it that lies outside the state: left by an interrupted deploy, or added by hand.

    Parameters
    ----------
    replace, targets
        As Terraform's own: what is replaced though nothing about it changed, and what the plan is confined to.

    Returns
    -------
    tuple
        The plan, and what is to be removed before it is applied.

    Raises
    ------
    AwsError, TerraformError
        When the world cannot be read.
    """
    saved = copy.plan(told.event, replace=replace, targets=targets)
    inventory = aws.take_inventory(workspace.session, workspace.cluster.name)
    things, untagged = inventory.ours, inventory.foreign
    if not workspace.cluster.network.create:
        # A VPC that is only used holds other people's things too, so of those only what nobody can be using.
        untagged += aws.list_unclaimed_target_groups(workspace.session, workspace.cluster.network.vpc_id)
    if not things and not untagged:
        return saved, ()
    if _spare_masters(copy, saved, things, told=told):
        saved.discard()
        saved = copy.plan(told.event, replace=replace, targets=targets)
    state = copy.state()
    # Adoption changes nothing on AWS, so one look serves all rounds.
    parts = aws.take_parts(workspace.session, (*things, *inventory.foreign))
    imports: dict[str, str] = {}
    while True:
        found = find_recovery(things, parts, state=state, changes=saved.plan.changes, untagged=untagged)
        fresh = [one for one in found.adopt if one.address not in imports]
        if not fresh:
            return saved, found.remove
        for one in fresh:
            told.note(f"unknown to the state: {one.what}; to be adopted as {one.address}")
            imports[one.address] = one.import_id
        # Each round ends with more known: with a zone in the plan, the plan knows to which zone its records belong.
        saved.discard()
        saved = copy.plan(told.event, replace=replace, targets=targets, imports=imports)


def _spare_masters(copy: WorkingCopy, saved: SavedPlan, things: Iterable[Thing], *, told: Reporter) -> bool:
    """Lift the mark of masters whose creation broke off and who live; return whether there were any."""
    living = {one.thing_id for one in things if one.kind is ThingKind.INSTANCE and one.state not in _GOING}
    spared = [
        one.address
        for one in saved.plan.destroys_or_replaces("etcd", types=("aws_instance",))
        if one.reason == "replace_because_tainted" and read_path(one.before, "id") in living
    ]
    for address in spared:
        told.note(f"{address} lives though its creation broke off: it is kept, and not replaced")
        copy.untaint(address)
    return bool(spared)


def remove_leftovers(workspace: Workspace, removals: Sequence[Remove], *, told: Reporter) -> tuple[str, ...]:
    """Remove what was approved for removal, in the order of dependency, and wait until it is gone.

    Raises
    ------
    AwsError, WaitTimeoutError
        When something will not go; names it.
    """
    for one in removals:
        if isinstance(one.what, Part):
            aws.remove_rule(workspace.session, one.what)
    wanted = {(one.what.kind, one.what.thing_id) for one in removals if isinstance(one.what, Thing)}

    def look() -> NotYet[bool] | bool:
        left = [
            one
            for one in aws.take_inventory(workspace.session, workspace.cluster.name).ours
            if (one.kind, one.thing_id) in wanted
        ]
        obstacles = []
        for thing in left:
            try:
                aws.remove_thing(workspace.session, thing)
            except ServiceError as error:
                if not error.transient:
                    raise
                obstacles.append(str(error))
        return NotYet("; ".join(obstacles) or ", ".join(map(str, left))) if left else True

    if wanted:
        wait_until(look, what="what is not the cluster's own to go", patience=_PATIENCE, on_wait=told.note)
    for one in removals:
        told.note(f"removed {one}")
    return tuple(map(str, removals))
