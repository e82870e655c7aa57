"""Changing units from the page: each form leads to a plan, and nothing is sent before that was approved."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fleetkit.core import NotFoundError, Redactor
from fleetkit.fleet import DesiredState, UnitFinding, parse_unit_file
from fleetkit.views import UNIT_SKELETON
from fleetkit.web._change_pages import show_plan_of
from fleetkit.web.change_desk import ChangeDesk, PlannedChange
from fleetkit.workflows import (
    NAMED_ACTIONS,
    FleetReader,
    UnitAction,
    UnitGate,
    UnitsPlan,
    apply_units,
    plan_unit_deploy,
    plan_units,
    verify_units,
)

__all__ = ["make_unit_changes"]


def make_unit_changes(reader: FleetReader, desk: ChangeDesk, *, gate: UnitGate) -> Blueprint:
    """Return the forms by which units are changed.

    Parameters
    ----------
    gate
        When a unit counts as being there.
    """
    pages = Blueprint("unit_changes", __name__)
    pages.before_request(desk.sign_in.guard)

    def show_plan(plan: UnitsPlan, *, back: str, remarks: tuple[str, ...] = ()) -> ResponseReturnValue:
        source, limits = reader.source, reader.limits

        change = PlannedChange(
            plan=plan,
            apply=lambda approved, told: apply_units(source, approved, gate=gate, limits=limits, report=told),
            verify=lambda _applied, told: verify_units(source, plan, limits=limits, report=told),
            back=back,
            remarks=remarks,
        )
        return show_plan_of(desk, change)

    @pages.post("/units/<name>")
    def change_unit(name: str) -> ResponseReturnValue:
        action = request.form.get("action", "")
        if action not in NAMED_ACTIONS:
            abort(400, f"{action!r} is nothing that can be done to a unit")
        plan = plan_units(reader.source, [name], UnitAction(action), limits=reader.limits, report=desk.report)
        gone = action == UnitAction.DESTROY
        return show_plan(plan, back="/" if gone else url_for("fleet.show_unit", name=name))

    @pages.get("/new-unit")
    def begin_unit() -> str:
        name = request.args.get("name", "")
        text, is_kept_back = UNIT_SKELETON, False
        if name:
            unit = reader.read(names=[name]).find_unit(name)
            if unit is None:
                raise NotFoundError(f"fleet tells no text of a unit {name!r}")
            # Sent back as it is shown, a mask would take the secret's place.
            is_kept_back = Redactor().redact(unit.text.text) != unit.text.text
            text = "" if is_kept_back else unit.text.text
        return _render(name=name, text=text, is_kept_back=is_kept_back)

    @pages.post("/new-unit")
    def plan_unit() -> ResponseReturnValue:
        name = request.form.get("name", "").strip()
        # A browser sends the lines of a form with the ends that HTTP has.
        text = request.form.get("text", "").replace("\r\n", "\n")
        desired = DesiredState.parse(request.form.get("desired", ""))
        files = parse_unit_file(name, text)
        if not files.are_sound:
            return _render(name=name, text=text, desired=desired, findings=files.findings), 400
        plan = plan_unit_deploy(reader.source, files, desired=desired, limits=reader.limits, report=desk.report)
        where = url_for("fleet.show_unit", name=name)
        return show_plan(plan, back=where, remarks=tuple(f"careful: {one}" for one in files.findings))

    return pages


def _render(
    *,
    name: str,
    text: str,
    desired: DesiredState = DesiredState.LAUNCHED,
    findings: tuple[UnitFinding, ...] = (),
    is_kept_back: bool = False,
) -> str:
    return render_template(
        "new_unit.html",
        name=name,
        text=text,
        desired=desired,
        states=list(DesiredState),
        findings=findings,
        is_kept_back=is_kept_back,
    )
