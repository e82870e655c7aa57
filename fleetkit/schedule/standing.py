"""What may be done with nobody there: a notebook that only looks, or a change that somebody has looked at.

A notebook says in its own metadata how far it may go, ``{"fleetkit": {"unattended": "standing"}}``:
``standing`` where each run may be approved beforehand by the cluster's name, ``never`` where no run is to be without
a person; where it says nothing, an approval is for one plan.
"""

from __future__ import annotations

import enum
import re
from typing import Any

from fleetkit.core import ApprovalMissingError, PreconditionError, SettingsError

__all__ = ["Unattended", "read_unattended", "require_schedulable"]


class Unattended(enum.StrEnum):
    """How far a notebook that changes things may go with nobody there."""

    STANDING = "standing"
    """The cluster's name approves each run."""
    ONE_PLAN = "one plan"
    """Only what approves one plan, which somebody has looked at."""
    NEVER = "never"
    """Not at all."""


def read_unattended(notebook: Any) -> Unattended:
    """Return what a notebook, an nbformat node, says of itself.

    Raises
    ------
    SettingsError
        When it says what is not known.
    """
    said = notebook.metadata.get("fleetkit", {}).get("unattended", Unattended.ONE_PLAN)
    try:
        return Unattended(said)
    except ValueError as error:
        raise SettingsError(
            "the notebook's metadata are not legal",
            seen=f"fleetkit.unattended: {said!r}",
            hint=f"legal: {', '.join(Unattended)}",
        ) from error


def require_schedulable(name: str, unattended: Unattended, *, asks: bool, approve: str, cluster: str) -> None:
    """Make sure that runs of a notebook with nobody there can do no harm.

    Parameters
    ----------
    name
        The notebook.
    asks
        Whether it asks for an approval, as each does that changes something.
    approve
        The approval that the runs would have.
    cluster
        Name of the cluster.

    Raises
    ------
    ApprovalMissingError
        When it changes something, and there is no approval for that.
    PreconditionError
        When the approval says too little, or the notebook is not to be run with nobody there.
    SettingsError
        When it asks for none, and one was given; or when what was given approves nothing.
    """
    if not asks:
        if approve:
            raise SettingsError(f"the notebook {name} asks for no approval", hint="leave --approve out")
        return
    if unattended is Unattended.NEVER:
        raise PreconditionError(
            f"{name} is not run with nobody there",
            seen="what it takes away cannot be brought back",
            hint=f"run it yourself: fleetkit run {name} --cluster {cluster}",
        )
    if not approve:
        raise ApprovalMissingError(
            f"{name} changes things, and its runs would have no approval",
            hint=f"schedule one that only looks, such as inspect-cluster; or give {_legal(unattended, cluster)}",
        )
    if approve == cluster:
        if unattended is not Unattended.STANDING:
            raise PreconditionError(
                f"the name {cluster} does not approve runs of {name} with nobody there",
                seen="it would approve whatever is planned at that hour, which nobody has looked at",
                hint=f"give {_legal(unattended, cluster)}",
            )
    elif not re.fullmatch("[0-9a-f]{64}", approve) and not approve.endswith(".json"):
        raise SettingsError(f"{approve!r} approves nothing", hint=f"give {_legal(unattended, cluster)}")


def _legal(unattended: Unattended, cluster: str) -> str:
    one = "--approve with the sha256 of a plan that was kept, or the file of its signed approval"
    return f"--approve {cluster}" if unattended is Unattended.STANDING else one
