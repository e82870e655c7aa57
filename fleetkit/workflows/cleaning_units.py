"""Take away what fleet has left behind in etcd, and nothing that a unit may want in the next second.

fleet writes a unit file before the job that names it, in two requests, and where the file is there already it leaves it
untouched: that a file has not changed does not say that nobody has just taken it up. No condition of etcd's v2 store
spans two keys, so the race is closed from three sides.

- Only what is garbage at two looks with some seconds between them, at the same index, is taken: what was about to be
  used has been by then.
- Each key goes by compare-and-delete at the index that was seen, and a directory only while it is empty.
- After more seconds than fleet waits for etcd, jobs are read once more: a file that one of them names is put back. In
  the meantime fleet passes such a unit over, as one that it does not know yet.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from fleetkit.core import SYSTEM_CLOCK, Clock, EtcdError, SettingsError, StalePlanError
from fleetkit.etcd import StoredKey
from fleetkit.runs import EventKind
from fleetkit.workflows._clean_plan import CleanPlan, read_remnants
from fleetkit.workflows._done_keys import DoneKeys
from fleetkit.workflows._holding_fleet import hold_fleet
from fleetkit.workflows._keys_look import find_key
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.changing_keys import KeyPlace

__all__ = ["CleanPlan", "CleanWaits", "CleanedKeys", "VerifiedCleaning", "apply_clean", "plan_clean", "verify_clean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanWaits:
    """How long garbage is looked at.

    Attributes
    ----------
    age_s
        Seconds between the look that is planned on and the one that is acted on.
    settle_s
        Seconds after a unit file is gone until jobs are read for it: fleet waits one for each of its requests.
    """

    age_s: float = 10.0
    settle_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CleanedKeys(Shown):
    """What was taken away.

    Attributes
    ----------
    deleted
        The keys that are gone, as they were.
    spared
        Name of each that was not taken, to why.
    put_back
        Names of unit files that a unit took up in the moment in which they were taken.
    """

    deleted: tuple[StoredKey, ...] = ()
    spared: dict[str, str] = field(default_factory=dict)
    put_back: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{len(self.deleted)} keys were taken away." if self.deleted else "Nothing was taken away."]
        lines += [f"left: {name}: {why}" for name, why in self.spared.items()]
        lines += [f"put back, since a unit took it up: {name}" for name in self.put_back]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedCleaning(Verified):
    """How fleet's keys stand after it.

    Attributes
    ----------
    looked_at
        How many keys were looked at.
    findings
        What is not as it should be, a sentence each.
    """

    looked_at: int
    findings: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence."""
        return f"{self.looked_at} keys looked for: {'not all' if self.findings else 'all'} are gone"


def plan_clean(
    place: KeyPlace, *, waits: CleanWaits | None = None, clock: Clock = SYSTEM_CLOCK, report: Reporter | None = None
) -> CleanPlan:
    """Look for what fleet has left behind; changes nothing.

    Parameters
    ----------
    place
        The v2 store of the cluster's etcd, in which fleet keeps its state.
    waits
        How long garbage has to be looked at until it is taken.

    Raises
    ------
    NotFoundError
        When fleet keeps nothing there.
    EtcdError
        When the keys cannot be read.
    """
    told = report or Reporter()
    told.note("reading fleet's keys")
    looked_at = clock.monotonic()
    plan = CleanPlan(
        cluster=place.owner,
        rules=place.rules,
        found=read_remnants(place.keys),
        looked_at=looked_at,
        age_s=(waits or CleanWaits()).age_s,
    )
    return record_plan(told, plan)


def apply_clean(
    place: KeyPlace,
    approved: Approved[CleanPlan],
    *,
    waits: CleanWaits | None = None,
    clock: Clock = SYSTEM_CLOCK,
    report: Reporter | None = None,
) -> CleanedKeys:
    """Take away what was approved and is garbage still, and put back what a unit took up meanwhile.

    A second one at the same time takes away what the first one has left; on a cluster it is refused.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    EtcdError
        When keys cannot be read or deleted; what was taken by then is in the record, and whether one of those was
        taken up could not be seen.
    """
    plan, told, waits = approved.plan, report or Reporter(), waits or CleanWaits()
    if plan.is_empty:
        return CleanedKeys()
    # Nobody deploys units meanwhile.
    with hold_fleet(place.workspace, operation="cleaning of fleet's keys", told=told):
        told.record(EventKind.APPROVAL, approved.facts(place.workspace))
        left_s = plan.looked_at + plan.age_s - clock.monotonic()
        if left_s > 0:
            told.note(f"looking again in {left_s:.0f} s")
            clock.sleep(left_s)
        done, spared, put_back = DoneKeys(), dict[str, str](), tuple[str, ...]()
        try:
            try:
                _take(place, plan, done=done, spared=spared)
            finally:
                put_back = _put_back(place, done, told, clock=clock, settle_s=waits.settle_s)
        finally:
            told.record(EventKind.CHANGE, {"what": "clean", **done.facts, "spared": spared, "put_back": list(put_back)})
    return CleanedKeys(deleted=tuple(done.deleted), spared=spared, put_back=put_back)


def verify_clean(place: KeyPlace, cleaned: CleanedKeys, *, report: Reporter | None = None) -> VerifiedCleaning:
    """Look whether what was taken away is gone; what is there again is told, and is no garbage to be taken unseen.

    Raises
    ------
    EtcdError
        When it cannot be read.
    """
    gone = [one for one in cleaned.deleted if one.name not in cleaned.put_back]
    findings = [f"{one.name} is there again: somebody uses it" for one in gone if find_key(place.keys, one.key)]
    (report or Reporter()).record(EventKind.VERIFIED, {"what": "clean", "ok": not findings, "findings": findings})
    return VerifiedCleaning(looked_at=len(gone), findings=tuple(findings))


def _take(place: KeyPlace, plan: CleanPlan, *, done: DoneKeys, spared: dict[str, str]) -> None:
    now = read_remnants(place.keys)
    # What lies in a directory goes before it.
    for name, seen in sorted(plan.found.garbage.items(), key=lambda item: item[0].split("/"), reverse=True):
        found = now.keys.get(name)
        if found is None:
            spared[name] = "it is gone already"
        elif name not in now.remnants.garbage:
            spared[name] = "it is used by now"
        elif not seen.is_dir and found.revision != seen.revision:
            spared[name] = "it has changed since"
        else:
            try:
                place.keys.delete((found,), on_deleted=done.deleted.append)
            except (SettingsError, StalePlanError) as error:
                spared[name] = error.seen or str(error)


def _put_back(place: KeyPlace, done: DoneKeys, told: Reporter, *, clock: Clock, settle_s: float) -> tuple[str, ...]:
    """Write again each unit file that a job names by now."""
    files = [one for one in done.deleted if one.content is not None and one.name.split("/")[-2] == "unit"]
    if not files:
        return ()
    told.note(f"looking in {settle_s:g} s whether a unit took one up")
    clock.sleep(settle_s)
    try:
        wanted = read_remnants(place.keys).remnants.missing
        back = [one for one in files if one.name in wanted]
        for one in back:
            with contextlib.suppress(StalePlanError):  # fleet has written it again by itself
                place.keys.put(one.key, one.content, expected=0)
    except EtcdError as error:
        raise EtcdError(
            "whether a unit took up one of the unit files that were taken away cannot be seen",
            transient=error.transient,
            seen=error.without_hint,
            hint="look for units without one once etcd answers (fleetkit units clean), and deploy those again",
        ) from error
    return tuple(one.name for one in back)
