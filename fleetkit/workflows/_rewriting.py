"""The doing of a defragmentation: one member after the other, each only when all are well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fleetkit.core import (
    EtcdError,
    FleetkitError,
    NotYet,
    Patience,
    WaitTimeoutError,
    WorkflowError,
    format_duration,
    wait_until,
)
from fleetkit.core.clock import SYSTEM_CLOCK
from fleetkit.etcd import EtcdLimits, MemberStatus, compact, defragment, move_leader, read_status
from fleetkit.runs import EventKind
from fleetkit.workflows._defragment_plan import DefragmentPlan, MemberSpace
from fleetkit.workflows._etcd_space import EtcdLook, look_at_etcd
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows.way_in import WayIn

__all__ = ["Rewriting"]

_MIB = 1024**2
_COMPACTION = EtcdLimits(total_s=120)


@dataclass(slots=True, kw_only=True)
class Rewriting:
    """Carries a plan out.

    Attributes
    ----------
    plan, way, told
        What is done, over which way, and who is told.
    patience
        How long is waited for all members to be well before the next one is burdened.
    done
        Name of each member that has rewritten its backend, in order, to the bytes that it gave back.
    """

    plan: DefragmentPlan
    way: WayIn
    told: Reporter
    patience: Patience
    done: dict[str, int] = field(default_factory=dict)

    def compact(self) -> int:
        """Drop the history of all keys up to now, wait until the pages are free, and return the revision.

        Raises
        ------
        WorkflowError
            When etcd does not do it.
        """
        self.told.note("dropping the history of all keys")
        try:
            revision = max(one.revision for one in self._statuses([one.name for one in self.plan.members]).values())
            is_new = compact(self.way.endpoints, revision, tls=self.way.tls, limits=_COMPACTION)
            self._settle()
        except (EtcdError, WaitTimeoutError) as error:
            raise self._failed("compaction", error) from error
        if is_new:
            self.told.record(EventKind.CHANGE, {"what": "compaction", "revision": revision})
        return revision

    def run(self) -> None:
        """Have every member of the plan rewrite its backend.

        Raises
        ------
        WorkflowError
            When a member falls ill in between or does not do its part; says who was done before it.
        """
        left = list(self.plan.members)
        while left:
            look = self._wait_well(left[0].name)
            # The leader of now, not that of the plan: it may have changed in the middle.
            member = next((one for one in left if not look.spaces[one.name].is_leader), left[0])
            try:
                self._rewrite(look.spaces[member.name], look)
            except (EtcdError, WaitTimeoutError) as error:
                raise self._failed(member.name, error) from error
            left.remove(member)

    def _wait_well(self, step: str) -> EtcdLook:
        def look() -> EtcdLook | NotYet[EtcdLook]:
            found = look_at_etcd(self.way)
            missing = [one.name for one in self.plan.members if one.name not in found.spaces]
            reasons = found.refused or tuple(f"{name} does not tell its status" for name in missing)
            return NotYet("; ".join(reasons)) if reasons else found

        try:
            return wait_until(look, what="all members to be well", patience=self.patience)
        except (EtcdError, WaitTimeoutError) as error:
            raise self._failed(step, error) from error

    def _rewrite(self, before: MemberSpace, look: EtcdLook) -> None:
        if before.is_leader and look.health.voters > 1:
            self._hand_over(before, look)
        started = SYSTEM_CLOCK.monotonic()
        self.told.note(f"defragmenting {before.name}")
        defragment(next(one for one in self.way.endpoints if one.name == before.name), tls=self.way.tls)
        after = self._statuses([before.name])[before.name]
        took_s = SYSTEM_CLOCK.monotonic() - started
        freed = self.done[before.name] = max(0, before.db_size - after.db_size)
        facts = {"member": before.name, "id": before.member_id, "before": before.db_size, "after": after.db_size}
        self.told.record(EventKind.CHANGE, {"what": "defragmentation", **facts, "took_s": round(took_s, 3)})
        self.told.note(f"{before.name} gave back {freed / _MIB:.1f} MiB in {format_duration(took_s)}")

    def _hand_over(self, leader: MemberSpace, look: EtcdLook) -> None:
        heirs = [one for one in look.spaces.values() if not one.is_learner and one.name != leader.name]
        # One that is done will not be asked to hand over again.
        heir = min(heirs, key=lambda one: (one.name not in self.done, one.name))
        self.told.note(f"moving the leadership from {leader.name} to {heir.name}")
        move_leader(self.way.endpoints, heir.member_id, tls=self.way.tls)

        def moved() -> bool | NotYet[bool]:
            statuses = self._statuses([leader.name])
            return NotYet(f"{leader.name} still leads") if statuses[leader.name].is_leader else True

        wait_until(moved, what=f"{leader.name} to lead no more", patience=self.patience)
        self.told.record(EventKind.CHANGE, {"what": "leadership", "from": leader.name, "to": heir.name})

    def _settle(self) -> None:
        """Wait until members free no more pages: each does what a compaction asks of it in its own time."""
        names = [one.name for one in self.plan.members]
        seen: list[dict[str, int]] = []

        def still() -> bool | NotYet[bool]:
            seen.append({name: one.db_size_in_use for name, one in self._statuses(names).items()})
            return True if len(seen) > 1 and seen[-1] == seen[-2] else NotYet("pages are still being freed")

        wait_until(still, what="the compaction to end", patience=self.patience)

    def _statuses(self, names: Sequence[str]) -> dict[str, MemberStatus]:
        asked = [one for one in self.way.endpoints if one.name in names]
        found = read_status(asked, tls=self.way.tls)
        for error in found.failed.values():
            raise error
        return found.ok

    def _failed(self, step: str, error: FleetkitError) -> WorkflowError:
        return WorkflowError(
            f"the defragmentation of {self.plan.cluster} stopped before the end",
            step=step,
            completed=tuple(self.done),
            seen=f"at {step}: {error.what}{f': {error.seen}' if error.seen else ''}; "
            f"done before it: {', '.join(self.done) or 'none'}",
            hint=f"mend what is named (fleetkit etcd health {self.plan.cluster}), then defragment again",
        )
