"""The page of one change: its plan, the field for its approval, how it goes, and what came of it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fleetkit.config import ApprovalKind
from fleetkit.core import ApprovalMissingError, FleetkitError
from fleetkit.web._errors import status_of
from fleetkit.web.change_desk import ChangeDesk, ChangeState, PlannedChange
from fleetkit.workflows import approve
from fleetkit.workflows.approval import names_file

__all__ = ["make_change_pages", "show_plan_of"]

_AT_ONCE_S = 1.0
"""A change of a key is done sooner: its outcome is the next page then, and nobody sees it under way."""

_LOOK_AGAIN_S = 2


def make_change_pages(desk: ChangeDesk) -> Blueprint:
    """Return the pages of all changes."""
    pages = Blueprint("changes", __name__, url_prefix="/changes")
    pages.before_request(desk.sign_in.guard)

    @pages.get("/<word>")
    def show(word: str) -> ResponseReturnValue:
        change = desk.find(word)
        problem = _find_refusal(change)
        return _render(word, change, problem=problem), 200 if change.error is None else status_of(change.error)

    @pages.post("/<word>")
    def apply(word: str) -> ResponseReturnValue:
        change = desk.find(word)
        try:
            approved = approve(change.plan, _read_approval(change))
        except ApprovalMissingError as error:
            wanted = FleetkitError(error.what, seen=error.seen, hint=f"type {_to_type(change)[1]}")
            return _render(word, change, problem=wanted), status_of(error)
        desk.start(change, approved)
        change.ended.wait(_AT_ONCE_S)
        return redirect(url_for("changes.show", word=word), 303)

    return pages


def show_plan_of(desk: ChangeDesk, change: PlannedChange) -> ResponseReturnValue:
    """Keep a change that was planned, and lead to its page."""
    return redirect(url_for("changes.show", word=desk.keep(change)), 303)


def _render(word: str, change: PlannedChange, *, problem: FleetkitError | None) -> str:
    what, wanted = _to_type(change)
    return render_template(
        "change.html",
        word=word,
        change=change,
        state=ChangeState,
        problem=problem,
        may_apply=not change.plan.is_empty and change.plan.refusal is None and bool(wanted),
        what=what,
        wanted=wanted,
        refresh=_LOOK_AGAIN_S if change.state is ChangeState.UNDER_WAY else 0,
    )


def _find_refusal(change: PlannedChange) -> FleetkitError | None:
    """Say why a plan cannot be approved here; None where it can."""
    if change.state is ChangeState.SHOWN and change.plan.rules.required is ApprovalKind.SIGNED:
        return ApprovalMissingError(
            f"changes of {change.plan.cluster} cannot be approved on a page",
            seen="the cluster file demands signed approvals, and no file approves what is planned anew each time",
            hint='approval.required = "sha256" in the cluster file lets a plan be approved by its fingerprint',
        )
    return None


def _to_type(change: PlannedChange) -> tuple[str, str]:
    """Return what is to be typed, in words and by the letter; empty where nothing counts that can be typed."""
    kinds = {
        ApprovalKind.NAME: ("the cluster's name", change.plan.cluster),
        ApprovalKind.SHA256: ("the plan's sha256", change.plan.sha256),
    }
    return kinds.get(change.plan.rules.required, ("", ""))


def _read_approval(change: PlannedChange) -> str:
    """Return what was typed; that it may be the path of a file is for the command line, which is on this computer."""
    text = request.form.get("approval", "").strip()
    if names_file(text) and text != change.plan.cluster:
        raise ApprovalMissingError(f"the plan for {change.plan.cluster} is not approved", seen="a file was named")
    return text
