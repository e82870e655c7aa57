"""The plan of a destroy: what Terraform would remove, and what is swept up beside it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from fleetkit.aws import Thing
from fleetkit.config import Approval
from fleetkit.terraform import SavedPlan, WorkingCopy
from fleetkit.views import PlanView, draw_plan, lines_html
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._kept_plans import Kept, fingerprint, read_thing, write_thing
from fleetkit.workflows._shown import Shown

__all__ = ["DestroyPlan"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DestroyPlan(Shown):
    """What a destroy would remove.

    Attributes
    ----------
    cluster
        Name of the cluster.
    saved
        Terraform's saved plan of the removal.
    view
        The same as it is shown.
    beyond
        What bears the cluster's tag and the state does not know; the sweep removes it.
    foreign
        What lies in the cluster's VPC without its tag; it is never removed, and stands in the VPC's way.
    bucket
        Name of the cluster's bucket when it is there, else empty.
    rules
        Who may approve it, and what that takes.
    backs_up
        Whether a final backup of its etcd is made and proven before anything is removed.
    basis
        What it was made on, where it was kept for an approval.
    """

    cluster: str
    saved: SavedPlan
    view: PlanView
    beyond: tuple[Thing, ...]
    foreign: tuple[Thing, ...]
    bucket: str
    rules: Approval
    backs_up: bool = True
    basis: Basis | None = None
    _copy: WorkingCopy
    _targets: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.DESTROY

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left to remove."""
        return not self.view.rows and not self.beyond and not self.bucket

    @property
    def sha256(self) -> str:
        """Fingerprint of the saved plan and of what is removed beyond it."""
        return fingerprint(self.saved.sha256, self.content())

    def content(self) -> dict[str, Any]:
        """Return what is removed beside Terraform's plan, as JSON has it."""
        return {
            "beyond": [write_thing(one) for one in self.beyond],
            "foreign": [write_thing(one) for one in self.foreign],
            "bucket": self.bucket,
            "backs_up": self.backs_up,
            "targets": list(self._targets),
        }

    @property
    def text(self) -> str:
        """The plan in plain lines."""
        return self._around(self.view.text)

    @property
    def details(self) -> str:
        """The text, with each removal's attributes."""
        return self._around(self.view.details)

    @property
    def opening(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing to destroy: {self.cluster} has nothing on AWS."
        first = "a final backup is made and proven first" if self.backs_up else "no final backup is made"
        return f"This destroys {self.cluster}, with all that its etcd holds; {first}."

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What Terraform does not know of, a paragraph each."""
        parts = [f"and the bucket {self.bucket}, with what machines fetch and the access logs"] if self.bucket else []
        for title, things in (
            ("and these, which bear the cluster's tag and Terraform's state does not know:", self.beyond),
            ("not ours, and left alone, though they lie in the cluster's VPC:", self.foreign),
        ):
            parts += ["\n".join([title, *(f"  - {thing}" for thing in things)])] if things else []
        return tuple(parts)

    def _around(self, changes: str) -> str:
        return "\n\n".join([self.opening, *([changes] if self.view.rows else []), *self.beyond_terraform])

    def draw(self) -> str:
        """Return a picture of the plan and of what depends on what, which Terraform is asked for.

        Raises
        ------
        TerraformError
            When Terraform does not tell.
        """
        return draw_plan(self.saved.plan, self._copy.graph())

    def check(self) -> None:
        """Nothing refuses a destroy but the want of an approval."""

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        changes = self.view._repr_html_() if self.view.rows else ""
        beyond = "".join(map(lines_html, self.beyond_terraform))
        return f"<p><strong>{escape(self.opening)}</strong></p>{changes}{beyond}"

    @classmethod
    def from_kept(cls, kept: Kept, *, copy: WorkingCopy, rules: Approval) -> DestroyPlan:
        """Return a plan as it was when it was kept.

        Raises
        ------
        StalePlanError
            When its file is gone or changed.
        """
        saved = copy.take_up(kept.file)
        return cls(
            cluster=kept.basis.cluster,
            saved=saved,
            view=PlanView.from_plan(saved.plan),
            beyond=tuple(read_thing(one) for one in kept.content["beyond"]),
            foreign=tuple(read_thing(one) for one in kept.content["foreign"]),
            bucket=kept.content["bucket"],
            rules=rules,
            backs_up=kept.content["backs_up"],
            basis=kept.basis,
            _copy=copy,
            _targets=tuple(kept.content["targets"]),
        )
