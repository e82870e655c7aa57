"""The doing of a defragmentation: what each member does when its turn comes, and what comes before all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fleetkit.core import EtcdError, NotYet, Patience, WaitTimeoutError, format_bytes, format_duration, wait_until
from fleetkit.core.clock import SYSTEM_CLOCK
from fleetkit.etcd import EtcdLimits, MemberStatus, compact, defragment, read_status
from fleetkit.runs import EventKind
from fleetkit.workflows._defragment_plan import DefragmentPlan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows.one_by_one import OneByOne
from fleetkit.workflows.way_in import WayIn

__all__ = ["Rewriting"]

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
    _gate: OneByOne = field(init=False)

    def __post_init__(self) -> None:
        self._gate = OneByOne(
            way=self.way,
            told=self.told,
            what=f"the defragmentation of {self.plan.cluster}",
            again="defragment again",
            patience=self.patience,
        )

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
            raise self._gate.failed("compaction", error) from error
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
        self._gate.walk([one.name for one in self.plan.members], self._rewrite)

    def _rewrite(self, name: str) -> None:
        before = self._statuses([name])[name]
        started = SYSTEM_CLOCK.monotonic()
        self.told.note(f"defragmenting {name}")
        defragment(next(one for one in self.way.endpoints if one.name == name), tls=self.way.tls)
        after = self._statuses([name])[name]
        took_s = SYSTEM_CLOCK.monotonic() - started
        freed = self.done[name] = max(0, before.db_size - after.db_size)
        facts = {"member": name, "id": before.member_id, "before": before.db_size, "after": after.db_size}
        self.told.record(EventKind.CHANGE, {"what": "defragmentation", **facts, "took_s": round(took_s, 3)})
        self.told.note(f"{name} gave back {format_bytes(freed)} in {format_duration(took_s)}")

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
