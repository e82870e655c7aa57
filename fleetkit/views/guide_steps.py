"""What the steps of each guided change are, in their order and in words."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "DEFRAGMENT_STEPS",
    "DEPLOY_STEPS",
    "DESTROY_STEPS",
    "DRAIN_STEPS",
    "REPLACE_STEPS",
    "RESIZE_STEPS",
    "RESTORE_STEPS",
    "ROTATE_STEPS",
    "SYNC_NAMES_STEPS",
    "UNITS_STEPS",
    "UPGRADE_STEPS",
    "StepPlan",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """What a step is, whatever becomes of it.

    Attributes
    ----------
    name
        Its name, fixed.
    title
        Its name for people.
    todo
        What a person does in it, as an order.
    again_from
        Step to begin again from when it does not pass; empty means with itself.
    """

    name: str
    title: str
    todo: str
    again_from: str = ""


def _change(*, plan: str, apply: str, verify: str, title: str = "Apply") -> tuple[StepPlan, ...]:
    """Return the steps of a change that has no others, with what a person does in three of them."""
    return (
        StepPlan(name="plan", title="Plan", todo=f"plan, and look at {plan}"),
        StepPlan(name="approve", title="Approve", todo="approve the plan with the cluster's name"),
        # What was applied in part is no longer what was planned.
        StepPlan(name="apply", title=title, todo=apply, again_from="plan"),
        StepPlan(name="verify", title="Verify", todo=f"look {verify}"),
        StepPlan(name="outcome", title="Outcome", todo="close the record"),
    )


DEFRAGMENT_STEPS = _change(
    plan="whose turn it would be",
    apply="have the members rewrite their backends",
    verify="whether all are well and hold the same",
)
"""A defragmentation of etcd."""

DEPLOY_STEPS = (
    StepPlan(name="preflight", title="Check first", todo="check what a deploy needs"),
    StepPlan(name="plan", title="Plan", todo="plan, and look at what would change"),
    StepPlan(name="approve", title="Approve", todo="approve the plan with the cluster's name"),
    StepPlan(name="apply", title="Apply", todo="apply what was approved", again_from="plan"),
    StepPlan(name="verify", title="Verify", todo="wait until the cluster works"),
    StepPlan(name="outcome", title="Outcome", todo="close the record"),
)
"""A deploy."""

DESTROY_STEPS = (
    StepPlan(name="plan", title="Plan", todo="plan, and look at what would go"),
    StepPlan(name="approve", title="Approve", todo="approve the removal with the cluster's name"),
    StepPlan(name="backup", title="Final backup", todo="back up etcd, and restore the backup once"),
    StepPlan(name="apply", title="Apply", todo="remove what was approved", again_from="plan"),
    StepPlan(name="sweep", title="Sweep", todo="sweep up what is left over"),
    StepPlan(name="verify", title="Verify", todo="look whether anything is left"),
    StepPlan(name="outcome", title="Outcome", todo="close the record"),
)
"""A destroy."""

DRAIN_STEPS = _change(
    plan="which units would go, and whether another machine takes them",
    apply="empty the machine, or take it back",
    verify="whether its units run elsewhere",
)
"""Emptying a machine."""

REPLACE_STEPS = _change(
    plan="which member and which machine would go",
    apply="replace the member and its machine",
    verify="whether all are well, vote and hold the same",
)
"""A replacement of a member of etcd."""

RESIZE_STEPS = _change(
    plan="which members and machines would come or go",
    apply="bring etcd to the masters of the cluster file",
    verify="whether all are well, vote and hold the same",
)
"""A change of the number of etcd's members."""

RESTORE_STEPS = _change(
    plan="what would be lost",
    apply="put the backup into all members",
    verify="whether all hold the same, and fleet goes on",
    title="Restore",
)
"""A restore of etcd."""

ROTATE_STEPS = _change(
    plan="which certificates would be re-issued",
    apply="re-issue them, and have the machines fetch them",
    verify="at what members and machines really have",
)
"""A rotation of certificates."""

SYNC_NAMES_STEPS = _change(
    plan="which names would come and go, and which stay as they are",
    apply="change the names in the zone",
    verify="whether the names are those of the instances that serve",
)
"""A sync of services' names."""

UNITS_STEPS = _change(
    plan="what fleet has other than the files",
    apply="send what was approved, and see it run",
    verify="whether each unit is as it was wanted",
)
"""A deployment of unit files."""

UPGRADE_STEPS = _change(
    plan="which version each member would go to, and what speaks against it",
    apply="back etcd up, and have one member after the other run the version",
    verify="whether all are well, run it and hold the same",
)
"""An upgrade of etcd."""
