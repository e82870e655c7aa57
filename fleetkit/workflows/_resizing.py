"""The doing of a change of the number of members: one after the other, and all well in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fleetkit import aws
from fleetkit.config import Master
from fleetkit.core import EtcdError, FleetkitError, NotYet, Patience, WorkflowError, wait_until
from fleetkit.etcd import Endpoint, Member, add_learner, list_members, promote_learner, read_status, remove_member
from fleetkit.pki import ClusterPki
from fleetkit.runs import EventKind
from fleetkit.workflows._etcd_look import wait_until_well
from fleetkit.workflows._member_change import CHANGE_PATIENCE, CaughtUp, change_members
from fleetkit.workflows._replace_look import find_entry
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._resize_look import ResizePart, ResizeStep, StandingMaster, with_masters
from fleetkit.workflows._resize_machine import MasterMachines
from fleetkit.workflows._resize_plan import ResizePlan
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.bucket_keys import master_prefix
from fleetkit.workflows.one_by_one import choose_heir, hand_over, tell_failure
from fleetkit.workflows.supplying import supply_bucket, supply_joining_member
from fleetkit.workflows.way_in import WayIn

__all__ = ["Resizing"]

_PEER_PORT = 2380


@dataclass(slots=True, kw_only=True)
class Resizing:
    """Carries a plan out.

    Attributes
    ----------
    plan
        What is done.
    workspace, pki, way, told
        The cluster as its file has it, with which certificates, the way to all its masters, and who is told.
    masters, standing
        Where each master stands that is there or joins, by its name, and the instances that there were.
    machines
        Terraform's part.
    patience
        How long a new member may take to start and to catch up.
    votes
        Names of those that vote now.
    done
        The steps that were done, in order.
    """

    plan: ResizePlan
    workspace: Workspace
    pki: ClusterPki
    way: WayIn
    told: Reporter
    masters: dict[str, Master]
    standing: dict[str, StandingMaster]
    machines: MasterMachines
    patience: Patience
    votes: list[str]
    done: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Do what is left to do.

        Raises
        ------
        WorkflowError
            When a step fails; says which, and what was done before it.
        """
        for part in self.plan.parts:
            self._do(f"{part.member}: all well before it", self._wait_well)
            for step in part.steps:
                self._do(f"{part.member}: {step}", lambda part=part, step=step: self._take(part, step))  # type: ignore[misc]
                self.done.append(f"{part.member}: {step}")
        # Every member that was asked for votes by then, so that another resize finds nothing to do.
        self._do("the rest", self._bring_after, again=f"fleetkit deploy {self.plan.cluster} brings the rest")

    def _take(self, part: ResizePart, step: ResizeStep) -> None:
        steps: dict[ResizeStep, Callable[[ResizePart], dict[str, object]]] = {
            ResizeStep.SETTINGS: self._put_settings,
            ResizeStep.LEARNER: self._add,
            ResizeStep.LEADERSHIP: self._hand_over,
            ResizeStep.REMOVAL: self._remove,
            ResizeStep.MACHINE: self._change_machine,
            ResizeStep.PROMOTION: self._promote,
        }
        facts = steps[step](part)
        self.told.record(EventKind.CHANGE, {"what": "resize", "member": part.member, "step": step.value, **facts})

    def _put_settings(self, part: ResizePart) -> dict[str, object]:
        self.told.note(f"putting what {part.member} fetches: it joins the cluster that is there")
        # etcd starts a member only where its settings name just the members that there are, and itself.
        there = {name: self.masters[name] for name in (*self.votes, part.member)}
        put = supply_joining_member(with_masters(self.workspace, there), self.pki, part.member)
        return {"put": list(put)}

    def _add(self, part: ResizePart) -> dict[str, object]:
        name, urls = part.member, self._peer_urls(part.member)
        self.told.note(f"adding {name} as a learner at {', '.join(urls)}")

        def ask() -> None:
            add_learner(self._others(name), urls, tls=self.way.tls)

        def added() -> Member | NotYet[Member]:
            return self._entry(name) or NotYet(f"etcd does not list {name} yet")

        return {"id": change_members(ask, added, what=f"etcd to list {name}").id}

    def _hand_over(self, part: ResizePart) -> dict[str, object]:
        statuses = {
            name: status
            for name, status in read_status(self.way.endpoints, tls=self.way.tls).ok.items()
            if name in self.votes and (name in self.plan.goal or name == part.member)
        }
        if part.member in statuses and not statuses[part.member].is_leader:
            # It never did, or does no more.
            return {"to": ""}
        heir = choose_heir(part.member, statuses, done=())
        if heir is None:
            raise EtcdError(f"{part.member} cannot hand its leadership over", seen="no other answers", transient=True)
        hand_over(self.way, part.member, heir, told=self.told, patience=CHANGE_PATIENCE)
        return {"to": heir}

    def _remove(self, part: ResizePart) -> dict[str, object]:
        name, old = part.member, part.member_id
        self.told.note(f"removing the member {name} ({old})")

        def ask() -> None:
            remove_member(self._others(name), old, tls=self.way.tls)

        def removed() -> bool | NotYet[bool]:
            listed = {one.id for one in list_members(self._others(name), tls=self.way.tls)}
            return NotYet(f"etcd still lists {old}") if old in listed else True

        change_members(ask, removed, what=f"etcd to forget {name} ({old})")
        self.votes = [one for one in self.votes if one != name]
        return {"id": old}

    def _change_machine(self, part: ResizePart) -> dict[str, object]:
        old = "" if part.joins else self.standing[part.member].instance_id
        # Its keys go before its machine: once that is gone nothing tells any more that they were left.
        forgotten = [] if part.joins else self._forget(lambda key: key.startswith(f"{master_prefix(part.member)}/"))
        result = self.machines.apply_instance(part.member, old=old, approved=self.plan.changes)
        counts = {"added": result.added, "changed": result.changed, "removed": result.removed}
        return {"old": old, **counts, "forgotten": forgotten}

    def _promote(self, part: ResizePart) -> dict[str, object]:
        name, entry = part.member, self._entry(part.member)
        if entry is None:
            raise EtcdError(f"{name} cannot be promoted", seen="etcd does not list it", transient=True)
        self.told.note(f"waiting for {name} to start and to catch up")
        hint = "its machine's console tells of its boot"
        asked = self._only(*self.votes, name)
        look = CaughtUp(asked, name, member_id=entry.id, told=self.told)
        wait_until(look, what=f"{name} to catch up", patience=self.patience, hint=hint)
        self.told.note(f"promoting {name} ({entry.id})")

        def ask() -> None:
            promote_learner(self._others(name), entry.id, tls=self.way.tls)

        def votes() -> bool | NotYet[bool]:
            now = self._entry(name)
            return NotYet(f"{name} does not vote yet") if now is None or now.is_learner else True

        change_members(ask, votes, what=f"{name} to vote")
        self.votes.append(name)
        return {"id": entry.id}

    def _bring_after(self) -> None:
        """Bring what knows the number of masters after: load balancers, names, and the settings of all machines."""
        put = supply_bucket(self.workspace, self.pki, on_note=self.told.note)
        stay = tuple(f"{master_prefix(name)}/" for name in self.workspace.cluster.masters)
        # What a master that never came would fetch holds its keys.
        removed = self._forget(lambda key: key.startswith(master_prefix("")) and not key.startswith(stay))
        # Terraform comes last: what it does not get done a deploy does, and that removes no keys.
        self.machines.apply_rest(approved=self.plan.changes)
        self.told.record(EventKind.CHANGE, {"what": "resize", "step": "rest", "put": list(put), "removed": removed})

    def _forget(self, is_meant: Callable[[str], bool]) -> list[str]:
        """Remove objects of the bucket, by their keys; return which there were."""
        session, bucket = self.workspace.session, self.workspace.bucket
        removed = [one.key for one in aws.list_objects(session, bucket) if is_meant(one.key)]
        if removed:
            aws.delete_objects(session, bucket, keys=removed)
        return removed

    def _wait_well(self) -> None:
        wait_until_well(self._only(*self.votes), patience=self.patience)

    def _only(self, *names: str) -> WayIn:
        return replace(self.way, endpoints=tuple(one for one in self.way.endpoints if one.name in names))

    def _others(self, name: str) -> tuple[Endpoint, ...]:
        return tuple(one for one in self.way.endpoints if one.name in self.votes and one.name != name)

    def _peer_urls(self, name: str) -> tuple[str, ...]:
        return (f"https://{self.masters[name].address}:{_PEER_PORT}",)

    def _entry(self, name: str) -> Member | None:
        members = list_members(self._others(name), tls=self.way.tls)
        return find_entry(members, name, self._peer_urls(name))

    def _do(self, step: str, act: Callable[[], None], *, again: str = "") -> None:
        cluster = self.plan.cluster
        again = again or f"fleetkit etcd resize {cluster} goes on from here"
        try:
            act()
        except FleetkitError as error:
            raise WorkflowError(
                f"the change of the number of members of {cluster} stopped before the end",
                step=step,
                completed=tuple(self.done),
                seen=f"at its step {step}: {tell_failure(error, self.way)}; "
                f"done before it: {', '.join(self.done) or 'none'}",
                hint=f"{error.hint}; then {again}" if error.hint else again,
            ) from error
