"""The plan of a deploy: what Terraform would change, and what is done beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fleetkit.config import Approval
from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.terraform import SavedPlan, WorkingCopy
from fleetkit.views import PlanView, draw_plan
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._kept_plans import Kept, fingerprint, read_part, read_thing, write_thing
from fleetkit.workflows._shown import Shown
from fleetkit.workflows.recovering import Remove
from fleetkit.workflows.starting import Start

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DeployPlan"]

_MASTER = re.compile(r'\.member\["(?P<name>[^"]+)"\]$')


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployPlan(Shown):
    """What a deploy would change.

    Attributes
    ----------
    cluster
        Name of the cluster.
    saved
        Terraform's saved plan, which is what gets applied.
    view
        The same as it is shown.
    deliveries
        What would be put into the cluster's bucket, as words.
    removals
        What is there and nothing wants: left by an interrupted deploy, or added by hand; removed before the plan is
        applied.
    starts
        Masters and bastions that somebody stopped; started before the plan is applied.
    strangers
        Masters that the cluster file names and etcd of the masters that are there does not; refused.
    rules
        Who may approve it, and what that takes.
    basis
        What it was made on, where it was kept for an approval.
    """

    cluster: str
    saved: SavedPlan
    view: PlanView
    deliveries: tuple[str, ...]
    removals: tuple[Remove, ...] = ()
    starts: tuple[Start, ...] = ()
    strangers: tuple[str, ...] = ()
    rules: Approval
    basis: Basis | None = None
    _copy: WorkingCopy

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.DEPLOY

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self.view.is_empty and not self.deliveries and not self.removals and not self.starts

    @property
    def sha256(self) -> str:
        """Fingerprint over the saved plan, the deliveries, the removals and the starts."""
        return fingerprint(self.saved.sha256, self.content())

    def content(self) -> dict[str, Any]:
        """Return what is done beside Terraform's plan, as JSON has it."""
        return {
            "deliveries": list(self.deliveries),
            "removals": [{"what": write_thing(one.what), "reason": one.reason} for one in self.removals],
            "starts": [asdict(one) for one in self.starts],
            "strangers": list(self.strangers),
        }

    @property
    def text(self) -> str:
        """The plan in plain lines; exactly ``No changes.`` when there is nothing to do."""
        return self._with_the_rest(self.view.text)

    @property
    def details(self) -> str:
        """The text, with each change's attributes before and after."""
        return self._with_the_rest(self.view.details)

    @property
    def opening(self) -> str:
        """What the plan does, in one sentence."""
        if self.view.is_empty and not self.is_empty:
            return "No resources to change; the rest stands beside Terraform's plan."
        return self.view.headline

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done beside Terraform's plan, a paragraph each."""
        extras = self._extras()
        return tuple("\n".join([f"{title}:", *(f"  {sign} {one}" for one in items)]) for title, sign, items in extras)

    @property
    def frame(self) -> pd.DataFrame:
        """Changes counted by module and action."""
        return self.view.summary_frame()

    def draw(self) -> str:
        """Return a picture of the plan and of what depends on what, which Terraform is asked for.

        Raises
        ------
        TerraformError
            When Terraform does not tell.
        """
        return draw_plan(self.saved.plan, self._copy.graph())

    def check(self) -> None:
        """Refuse a plan that takes a master away, or adds one to an etcd that is there: neither is part of a deploy.

        Raises
        ------
        QuorumAtRiskError
            When the plan destroys, replaces or stops a master, or would remove an unknown one; names each of them.
        PreconditionError
            When the plan adds masters that the members of etcd do not know; names them.
        """
        masters = [str(one) for one in self.removals if one.is_master]
        if masters:
            raise QuorumAtRiskError(
                f"{self.cluster} has masters that neither the state nor the cluster file knows",
                seen="; ".join(masters),
                hint="put them back into the cluster file to have them adopted, or terminate them by hand",
            )
        if self.view.alarms:
            raise QuorumAtRiskError(
                f"the plan for {self.cluster} would take masters away",
                seen="; ".join(self.view.alarms),
                hint=self._one_by_one(),
            )
        if self.strangers:
            raise PreconditionError(
                f"the plan for {self.cluster} would add masters to an etcd that does not know them",
                seen=f"the cluster file names {', '.join(self.strangers)}, and what the other masters fetched does not",
                hint=f"fleetkit etcd resize {self.cluster} makes them and has them join, one by one",
            )

    def _one_by_one(self) -> str:
        """Return what to do about masters that a deploy may not touch: undo it, or replace them one at a time."""
        undo = "undo the change of the cluster file that causes it; a deploy takes no master away"
        masters = [_MASTER.search(row.address) for row in self.view.rows if row.alarm in ("replaces", "stops")]
        order = [f"fleetkit etcd replace {self.cluster} {one['name']}" for one in masters if one is not None]
        if any(row.alarm == "destroys" for row in self.view.rows):
            order.append(f"fleetkit etcd resize {self.cluster}")
        return f"{undo}. What is wanted of them is done one by one, each only when all others are well: " + (
            ", then ".join(order)
        )

    def _extras(self) -> tuple[tuple[str, str, tuple[object, ...]], ...]:
        """Return what is done beside Terraform's plan: a title, a sign and what it befalls."""
        found: tuple[tuple[str, str, tuple[object, ...]], ...] = (
            ("to be put into the cluster's bucket", "+", self.deliveries),
            ("unknown to the state and wanted by nothing, to be removed", "-", self.removals),
            ("stopped, to be started", ">", self.starts),
            ("masters that etcd does not know, and a deploy does not make its members", "!", self.strangers),
        )
        return tuple(one for one in found if one[2])

    def _with_the_rest(self, text: str) -> str:
        rest = self.beyond_terraform
        # "No changes." would be wrong above what does change.
        return "\n\n".join(rest if rest and self.view.is_empty else (text, *rest))

    def _repr_html_(self) -> str:
        from html import escape

        extras = self._extras()
        more = "" if extras and self.view.is_empty else self.view._repr_html_()
        for title, _, items in extras:
            lines = "".join(f"<li>{escape(str(one))}</li>" for one in items)
            more += f"<p>{title[0].upper()}{title[1:]}:</p><ul>{lines}</ul>"
        return more

    def __str__(self) -> str:
        return self.text

    @classmethod
    def from_kept(cls, kept: Kept, *, copy: WorkingCopy, rules: Approval) -> DeployPlan:
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
            deliveries=tuple(kept.content["deliveries"]),
            removals=tuple(_read_removal(one) for one in kept.content["removals"]),
            starts=tuple(Start(**one) for one in kept.content["starts"]),
            strangers=tuple(kept.content.get("strangers", ())),
            rules=rules,
            basis=kept.basis,
            _copy=copy,
        )


def _read_removal(fields: Mapping[str, Any]) -> Remove:
    what = fields["what"]
    return Remove(what=read_part(what) if "key" in what else read_thing(what), reason=fields["reason"])
