"""The doing of an upgrade: what each member does when its turn comes, and how it comes back where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetkit.core import EtcdError, FleetkitError, NotYet, Patience, WaitTimeoutError, wait_until
from fleetkit.etcd import EtcdVersion, MemberStatus, read_cluster_version, read_status
from fleetkit.runs import EventKind
from fleetkit.workflows._etcd_look import EtcdLook
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._upgrade_machine import MasterMachine
from fleetkit.workflows._upgrade_plan import MemberSoftware, UpgradePlan
from fleetkit.workflows.one_by_one import OneByOne
from fleetkit.workflows.way_in import WayIn

__all__ = ["UpgradeWalk"]


@dataclass(slots=True, kw_only=True)
class UpgradeWalk:
    """Carries a plan out.

    Attributes
    ----------
    plan, way, told
        What is done, over which way, and who is told.
    machines
        Member's name to its machine.
    patience
        How long a member may take to start with another version, and all to be well.
    """

    plan: UpgradePlan
    way: WayIn
    told: Reporter
    machines: Mapping[str, MasterMachine]
    patience: Patience
    _gate: OneByOne = field(init=False)
    _software: dict[str, MemberSoftware] = field(init=False)

    def __post_init__(self) -> None:
        self._gate = OneByOne(
            way=self.way,
            told=self.told,
            what=f"the upgrade of etcd of {self.plan.cluster}",
            again=f"fleetkit etcd upgrade {self.plan.cluster} goes on from here",
            patience=self.patience,
        )
        self._software = {one.name: one for one in self.plan.members}

    @property
    def done(self) -> tuple[str, ...]:
        """Names of those that run the new version now, in order."""
        return tuple(self._gate.done)

    def run(self) -> None:
        """Bring every member to the goal that does not run it.

        Raises
        ------
        WorkflowError
            When a member falls ill in between or does not do its part; says who was done before it.
        """
        self._gate.walk(list(self._software), self._upgrade, is_done=self._is_done, ailing=self.plan.ailing)

    def _is_done(self, name: str, _look: EtcdLook) -> bool:
        return self._software[name].runs(self.plan.goal, self.plan.image)

    def _upgrade(self, name: str) -> None:
        goal, image, machine, before = self.plan.goal, self.plan.image, self.machines[name], self._software[name]
        self.told.note(f"{name}: trying the image")
        machine.try_image(image, goal)
        self.told.note(f"{name}: starting etcd {goal}")
        try:
            machine.run_image(image)
            self._wait_for(name, goal)
        except FleetkitError as error:
            raise self._take_back(before, error) from error
        facts = {"member": name, "from": before.version, "to": str(goal), "image": image}
        self.told.record(EventKind.CHANGE, {"what": "upgrade", **facts})
        self.told.note(f"{name} runs etcd {goal}")

    def _wait_for(self, name: str, version: EtcdVersion) -> None:
        """Wait until a member runs a version and sees a leader."""
        asked = [one for one in self.way.endpoints if one.name == name]

        def look() -> bool | NotYet[bool]:
            status = read_status(asked, tls=self.way.tls)[name]
            if not isinstance(status, MemberStatus):
                return NotYet(str(getattr(status, "reason", status)))
            if EtcdVersion.parse(status.version) != version:
                return NotYet(f"it runs {status.version}")
            return True if status.leader else NotYet("it sees no leader")

        wait_until(look, what=f"{name} to run etcd {version}", patience=self.patience)

    def _take_back(self, before: MemberSoftware, error: FleetkitError) -> FleetkitError:
        """Have a member that does not come up with the new version run the old one, where etcd lets it.

        Returns
        -------
        FleetkitError
            The one to end with: what failed, and how the member stands now.
        """
        name, why = before.name, f"{error.what}{f': {error.seen}' if error.seen else ''}"
        old = self._find_former(before)
        kept = self._why_not_back(old)
        if kept or old is None:
            return EtcdError(f"{name} does not run etcd {self.plan.goal}", seen=f"{why}; it was left so: {kept}")
        self.told.note(f"{name}: back to etcd {old.version}")
        try:
            self.machines[name].run_image(old.image)
            self._wait_for(name, EtcdVersion.parse(old.version))
        except FleetkitError as second:
            seen = f"{why}; nor does it go back to {old.version}: {second}"
            return EtcdError(f"{name} does not run etcd {self.plan.goal}", seen=seen)
        facts = {"member": name, "to": old.version, "image": old.image, "why": why}
        self.told.record(EventKind.CHANGE, {"what": "rollback", **facts})
        return EtcdError(f"{name} was taken back to etcd {old.version}", seen=why)

    def _find_former(self, before: MemberSoftware) -> MemberSoftware | None:
        """Return what a member ran before; one at which an upgrade broke off ran what the others still run."""
        known = [before, *(one for one in self._software.values() if one.name not in self._gate.done)]
        return next((one for one in known if one.version and one.image and not one.runs(*self._wanted)), None)

    @property
    def _wanted(self) -> tuple[EtcdVersion, str]:
        return self.plan.goal, self.plan.image

    def _why_not_back(self, old: MemberSoftware | None) -> str:
        if old is None:
            return "what it ran before is not known"
        line = EtcdVersion.parse(old.version).line
        if line == self.plan.goal.line:
            return ""
        try:
            agreed = read_cluster_version(self.way.endpoints, tls=self.way.tls)
        except (EtcdError, WaitTimeoutError) as error:
            return f"whether etcd still goes back to {old.version} could not be read: {error.what}"
        if EtcdVersion.parse(agreed).line == line:
            return ""
        return f"all members have run {self.plan.goal}, and etcd does not go back from there"
