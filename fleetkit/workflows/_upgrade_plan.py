"""The plan of an upgrade: which version and image each member runs, which it would, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.etcd import EtcdVersion, PathKind, VersionPath, judge_path
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._shown import list_under

__all__ = ["MemberSoftware", "UpgradePlan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSoftware:
    """What a member runs.

    Attributes
    ----------
    name
        Its name.
    version
        What it says; empty where it says nothing.
    image
        The image of its container; empty where there is none.
    is_leader
        Whether it leads.
    """

    name: str
    version: str
    image: str
    is_leader: bool

    def runs(self, goal: EtcdVersion, image: str) -> bool:
        """Whether it is as it is wanted."""
        return (self.version, self.image) == (str(goal), image)

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.name}{' (leader)' if self.is_leader else ''}: {self.version or 'does not say its version'}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UpgradePlan(ChangePlan):
    """What an upgrade would do.

    Attributes
    ----------
    goal, image
        The version that all are to run, and its image by digest.
    members
        All members, in the order in which they would have their turn.
    ailing
        Name of the one that is ill because an upgrade broke off while its turn was; empty where none is.
    voters
        Number of voting members.
    backs_up
        Whether etcd is backed up before the first one.
    accepts_losses
        Whether flaws of the goal by which data may be lost are accepted.
    refused
        Why it may not be done now, a line each, whatever the versions; empty where it may.
    at_risk
        Whether that is because the quorum would hang on every single member.
    """

    goal: EtcdVersion
    image: str
    members: tuple[MemberSoftware, ...]
    voters: int
    ailing: str = ""
    backs_up: bool = True
    accepts_losses: bool = False
    refused: tuple[str, ...] = ()
    at_risk: bool = False

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.UPGRADE

    @property
    def left(self) -> tuple[MemberSoftware, ...]:
        """Those that do not run the goal yet."""
        return tuple(one for one in self.members if not one.runs(self.goal, self.image))

    @property
    def paths(self) -> tuple[VersionPath, ...]:
        """The ways that are gone, one for each version that members run now."""
        starts = sorted({EtcdVersion.parse(one.version) for one in self.members if one.version})
        return tuple(judge_path(start, self.goal) for start in starts)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.left

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is done to whom."""
        said = {"goal": str(self.goal), "image": self.image, "backs_up": self.backs_up, "ailing": self.ailing}
        members = [[one.name, one.version, one.image] for one in self.members]
        return {**said, "accepts_losses": self.accepts_losses, "members": members}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"etcd of {self.cluster} cannot be brought to {self.goal} now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        losses = () if self.accepts_losses else self._say(lambda path: path.losses)
        reasons = (*self.refused, *self._say(lambda path: path.refused), *losses)
        return refuse_if(reasons, at_risk=self.at_risk, hint=self._hint)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing to upgrade: all {len(self.members)} members of {self.cluster} run etcd {self.goal}."
        return f"This brings {len(self.left)} members of {self.cluster} to etcd {self.goal}, one by one."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what is to be known, a paragraph each."""
        parts = []
        if self.left:
            parts.append(list_under("in this order:", [one.text for one in self.left]))
            parts.append(f"the image is {self.image}")
            parts.append(list_under("the way back:", self._say(lambda path: (path.back,), moving=True)))
        if self.left and not self.backs_up:
            parts.append("no backup is made before: what a flaw or a mishap costs is then lost for good")
        if self.ailing:
            parts.append(f"{self.ailing} is ill since an upgrade broke off at it, and has its turn first")
        if self.left and self.voters == 1:
            parts.append("it is the only member: etcd serves nobody while it starts anew")
        known = [*self._say(lambda path: path.losses)] if self.accepts_losses else []
        known += self._say(lambda path: path.warnings)
        return (*parts, *([list_under("careful:", known)] if known else []))

    def draw(self) -> str:
        """Return a table of what each member runs, and would."""
        rows = [
            (one.name, one.version or "unknown", str(self.goal), "leader" if one.is_leader else "")
            for one in self.members
        ]
        return table_html(("member", "runs", "would run", "role"), rows, label="versions of etcd that the members run")

    @property
    def _hint(self) -> str:
        if self.refused:
            return f"mend that first: fleetkit etcd health {self.cluster}"
        if self._say(lambda path: path.refused):
            return f"set another pins.etcd_version, then fleetkit pin {self.cluster}"
        return "pin a version without that flaw; where there is none, --accept-flaws takes it with open eyes"

    def _say(self, of: Callable[[VersionPath], Iterable[str]], *, moving: bool = False) -> tuple[str, ...]:
        """Return what is to be said of the ways, each sentence once."""
        ways = [path for path in self.paths if not moving or path.kind is not PathKind.SAME or len(self.paths) == 1]
        return tuple(dict.fromkeys(line for path in ways for line in of(path)))
