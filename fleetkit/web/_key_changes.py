"""Changing keys from the page: a form carries the revision that it was filled with, and leads to a plan."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fleetkit.core import FleetkitError, NotFoundError, SettingsError, StalePlanError
from fleetkit.etcd import Store, StoredKey, normalize_key, show_content, show_key
from fleetkit.views import tell_key
from fleetkit.web._change_pages import show_plan_of
from fleetkit.web._errors import status_of
from fleetkit.web._key_forms import KeyForm
from fleetkit.web._key_names import read_key, write_key
from fleetkit.web.change_desk import ChangeDesk, PlannedChange
from fleetkit.workflows import (
    KeyPlace,
    KeysPlan,
    apply_key_changes,
    plan_key_copy,
    plan_key_deletion,
    plan_key_put,
    verify_key_changes,
)

__all__ = ["make_key_changes"]


def make_key_changes(places: Mapping[Store, KeyPlace], desk: ChangeDesk) -> Blueprint:
    """Return the forms by which keys are changed."""
    pages = Blueprint("key_changes", __name__, url_prefix="/<any(v2, v3):store>")
    pages.before_request(desk.sign_in.guard)
    _add_writing(pages, places, desk)
    _add_copying(pages, places, desk)

    @pages.post("/delete")
    def delete_key(store: str) -> ResponseReturnValue:
        place = places[Store(store)]
        key = read_key(request.form.get("key", ""), store=place.keys.store)
        is_below = request.form.get("below") == "1"
        revision = None if is_below else KeyForm.read(request.form, store=place.keys.store).revision
        plan = plan_key_deletion(place, key, below=is_below, revision=revision)
        return _show_plan(desk, place, plan, back=url_for("etcd.show_tree", store=store))

    return pages


def _add_writing(pages: Blueprint, places: Mapping[Store, KeyPlace], desk: ChangeDesk) -> None:
    @pages.get("/new")
    def begin_key(store: str) -> str:
        word = request.args.get("below", "")
        below = f"{show_key(read_key(word, store=Store(store))).rstrip('/')}/" if word else ""
        return _render(KeyForm(store=Store(store), name=below))

    @pages.get("/edit")
    def edit_key(store: str) -> str:
        place = places[Store(store)]
        return _render(KeyForm.of(place.keys.get(read_key(request.args.get("key", ""), store=place.keys.store))))

    @pages.post("/put")
    def put_key(store: str) -> ResponseReturnValue:
        place = places[Store(store)]
        form = KeyForm.read(request.form, store=place.keys.store)
        try:
            key = form.find_key()
            plan = plan_key_put(place, key, content=form.content, revision=form.revision, ttl_s=form.read_ttl())
        except StalePlanError as error:
            # Whoever wrote this has to see both, and what they wrote is not lost.
            now = _find(place, key)
            return _render(form.anew(now), problem=error, now=now), status_of(error)
        except FleetkitError as error:
            return _render(form, problem=error), status_of(error)
        return _show_plan(desk, place, plan, back=_address(store, key))


def _add_copying(pages: Blueprint, places: Mapping[Store, KeyPlace], desk: ChangeDesk) -> None:
    @pages.get("/copy")
    def begin_copy(store: str) -> str:
        source = read_key(request.args.get("key", ""), store=Store(store))
        is_below = request.args.get("below") == "1"
        return render_template("copy_key.html", store=store, source=source, name=show_key(source), below=is_below)

    @pages.post("/copy")
    def copy_key(store: str) -> ResponseReturnValue:
        place = places[Store(store)]
        source = read_key(request.form.get("key", ""), store=place.keys.store)
        name = request.form.get("target", "")
        if not name:
            raise SettingsError("the copy has no name")
        target = normalize_key(name, store=place.keys.store)
        is_below = request.form.get("below") == "1"
        plan = plan_key_copy(place, source, target=target, below=is_below)
        back = url_for("etcd.search", store=store, below=name) if is_below else _address(store, target)
        return _show_plan(desk, place, plan, back=back)


def _show_plan(desk: ChangeDesk, place: KeyPlace, plan: KeysPlan, *, back: str) -> ResponseReturnValue:
    change = PlannedChange(
        plan=plan,
        apply=lambda approved, told: apply_key_changes(place, approved, report=told),
        verify=lambda changed, told: verify_key_changes(place, changed, report=told),
        back=back,
        look=partial(_tell_now, place, plan),
    )
    return show_plan_of(desk, change)


def _render(form: KeyForm, *, problem: FleetkitError | None = None, now: StoredKey | None = None) -> str:
    return render_template(
        "key_form.html",
        store=form.store,
        form=form,
        problem=problem,
        now=now,
        told=tell_key(now) if now else "",
        value="" if now is None or now.content is None else show_content(now.content),
    )


def _find(place: KeyPlace, key: bytes) -> StoredKey | None:
    try:
        return place.keys.get(key)
    except NotFoundError:
        return None


def _tell_now(place: KeyPlace, plan: KeysPlan) -> str:
    """Say what the key of a plan is now, where it is for one alone."""
    if len(plan.changes) != 1:
        return ""
    found = _find(place, plan.changes[0].key)
    if found is None:
        return "it is not there"
    return f"{tell_key(found)}\n{'' if found.content is None else show_content(found.content)}"


def _address(store: str, key: bytes) -> str:
    return url_for("etcd.show_key", store=store, key=write_key(key))
