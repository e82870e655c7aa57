"""The doing of a replacement; each step looks first whether it is done already, so that a kill costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fleetkit.core import (
    EtcdError,
    FleetkitError,
    NotYet,
    Patience,
    WorkflowError,
    wait_until,
)
from fleetkit.etcd import (
    Endpoint,
    Member,
    add_learner,
    list_members,
    promote_learner,
    read_status,
    remove_member,
)
from fleetkit.pki import ClusterPki
from fleetkit.runs import EventKind
from fleetkit.workflows._member_change import CHANGE_PATIENCE, CaughtUp, change_members
from fleetkit.workflows._replace_look import ReplaceStep, find_entry
from fleetkit.workflows._replace_machine import MachinePlan
from fleetkit.workflows._replace_note import ReplaceNote
from fleetkit.workflows._replace_plan import ReplacePlan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.one_by_one import choose_heir, hand_over, tell_failure
from fleetkit.workflows.supplying import supply_joining_member
from fleetkit.workflows.way_in import WayIn

__all__ = ["Replacement"]


@dataclass(slots=True, kw_only=True)
class Replacement:
    """Carries a plan out.

    Attributes
    ----------
    plan, note
        What is done, and what was there when it began.
    machine
        Terraform's part of it, ready to be applied; None where it has none.
    workspace, pki, way, told
        Where, with which certificates, over which way, and who is told.
    patience
        How long the new member may take to start and to catch up.
    done
        The steps that were done, in order.
    """

    plan: ReplacePlan
    note: ReplaceNote
    machine: MachinePlan | None
    workspace: Workspace
    pki: ClusterPki
    way: WayIn
    told: Reporter
    patience: Patience
    done: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Do what is left to do.

        Raises
        ------
        WorkflowError
            When a step fails; says which, and what was done before it.
        """
        steps: dict[ReplaceStep, Callable[[], None]] = {
            ReplaceStep.SETTINGS: self._put_settings,
            ReplaceStep.LEADERSHIP: self._hand_over,
            ReplaceStep.REMOVAL: self._remove,
            ReplaceStep.LEARNER: self._add,
            ReplaceStep.MACHINE: self._replace_machine,
            ReplaceStep.PROMOTION: self._promote,
        }
        for step in self.plan.steps:
            try:
                steps[step]()
            except FleetkitError as error:
                raise self._failed(step, error) from error
            self.done.append(step.value)

    def _put_settings(self) -> None:
        self.told.note(f"putting what {self.note.member} fetches: it joins the cluster that is there")
        put = supply_joining_member(self.workspace, self.pki, self.note.member)
        self._record(ReplaceStep.SETTINGS, put=list(put))

    def _hand_over(self) -> None:
        name = self.note.member
        statuses = read_status(self.way.endpoints, tls=self.way.tls).ok
        heir = choose_heir(name, statuses, done=())
        if heir is None:
            raise EtcdError(f"{name} cannot hand its leadership over", seen="no other voter answers", transient=True)
        hand_over(self.way, name, heir, told=self.told, patience=CHANGE_PATIENCE)
        self._record(ReplaceStep.LEADERSHIP, to=heir)

    def _remove(self) -> None:
        old, name = self.plan.member_id, self.note.member
        self.told.note(f"removing the member {name} ({old})")

        def ask() -> None:
            remove_member(self._others, old, tls=self.way.tls)

        def removed() -> bool | NotYet[bool]:
            entry = self._entry()
            return True if entry is None or entry.id != old else NotYet(f"etcd still lists {old}")

        change_members(ask, removed, what=f"etcd to forget {name} ({old})")
        self._record(ReplaceStep.REMOVAL, id=old)

    def _add(self) -> None:
        name, urls = self.note.member, self.note.peer_urls
        self.told.note(f"adding {name} as a learner at {', '.join(urls)}")

        def ask() -> None:
            add_learner(self._others, urls, tls=self.way.tls)

        def added() -> Member | NotYet[Member]:
            return self._entry() or NotYet(f"etcd does not list {name} yet")

        entry = change_members(ask, added, what=f"etcd to list {name}")
        self._record(ReplaceStep.LEARNER, id=entry.id)

    def _replace_machine(self) -> None:
        if self.machine is not None:
            result = self.machine.apply(self.told)
            counts = {"added": result.added, "changed": result.changed, "removed": result.removed}
            self._record(ReplaceStep.MACHINE, old=self.machine.old, **counts)

    def _promote(self) -> None:
        name = self.note.member
        entry = self._entry()
        if entry is None:
            raise EtcdError(f"{name} cannot be promoted", seen="etcd does not list it", transient=True)
        self.told.note(f"waiting for {name} to start and to catch up")
        look = CaughtUp(self.way, name, member_id=entry.id, told=self.told)
        wait_until(look, what=f"{name} to catch up", patience=self.patience, hint=self._machine_hint)
        self.told.note(f"promoting {name} ({entry.id})")

        def ask() -> None:
            promote_learner(self._others, entry.id, tls=self.way.tls)

        def votes() -> bool | NotYet[bool]:
            now = self._entry()
            return NotYet(f"{name} does not vote yet") if now is None or now.is_learner else True

        change_members(ask, votes, what=f"{name} to vote")
        self._record(ReplaceStep.PROMOTION, id=entry.id)

    def _entry(self) -> Member | None:
        members = list_members(self._others, tls=self.way.tls)
        return find_entry(members, self.note.member, self.note.peer_urls)

    @property
    def _machine_hint(self) -> str:
        cluster, name = self.plan.cluster, self.note.member
        return f"its machine's console tells of its boot; fleetkit etcd replace {cluster} {name} --anew makes another"

    @property
    def _others(self) -> tuple[Endpoint, ...]:
        return tuple(one for one in self.way.endpoints if one.name != self.note.member)

    def _record(self, step: ReplaceStep, **facts: object) -> None:
        self.told.record(
            EventKind.CHANGE, {"what": "replacement", "member": self.note.member, "step": step.value, **facts}
        )

    def _failed(self, step: ReplaceStep, error: FleetkitError) -> WorkflowError:
        name, cluster = self.note.member, self.plan.cluster
        return WorkflowError(
            f"the replacement of {name} of {cluster} stopped before the end",
            step=step.value,
            completed=tuple(self.done),
            seen=f"at its step {step.value}: {tell_failure(error, self.way)}; "
            f"done before it: {', '.join(self.done) or 'none'}",
            hint=f"{f'{error.hint}; then ' if error.hint else ''}"
            f"fleetkit etcd replace {cluster} {name} goes on from here",
        )
