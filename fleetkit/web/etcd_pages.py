"""The page of an etcd: the trees of both stores, hidden keys too, a search, and each key with its value."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.etcd import Store, normalize_key, show_content
from fleetkit.views import KEY_COLUMNS, BranchState, KeyBrowser, key_rows, tell_key
from fleetkit.web._key_changes import make_key_changes
from fleetkit.web._key_names import read_key, write_key
from fleetkit.web.app import PageSettings, make_app, read_refresh
from fleetkit.workflows import KeyPlace, find_keys

__all__ = ["make_etcd_app"]

_REFRESH_S = 10
_MOST_LISTED = 200
_MOST_EVER = 5000
_MOST_HITS = 200
_MOST_SHOWN = 20_000


def make_etcd_app(places: Mapping[Store, KeyPlace], settings: PageSettings) -> Flask:
    """Return the application that shows the keys of both stores, and changes them where it is started for that.

    Parameters
    ----------
    places
        Both stores, open for as long as it is served.
    """
    app = make_app(settings, title="etcd")
    app.add_template_filter(write_key, "as_word")
    app.context_processor(lambda: {"stores": list(Store)})
    app.register_blueprint(_make_pages(places))
    if settings.desk is not None:
        app.register_blueprint(make_key_changes(places, settings.desk))
    return app


def _make_pages(places: Mapping[Store, KeyPlace]) -> Blueprint:
    pages = Blueprint("etcd", __name__)

    @pages.get("/")
    def choose_store() -> ResponseReturnValue:
        return redirect(url_for("etcd.show_tree", store=Store.V2))

    @pages.get("/<any(v2, v3):store>/")
    def show_tree(store: str) -> str:
        place = places[Store(store)]
        most = _read_most()
        browser = KeyBrowser(place.keys.store)
        browser.take(place.keys.list_children(browser.root, most=most))
        for word in request.args.getlist("open"):
            # What was open may be gone, or be a key by now; the rest is still to be seen.
            with contextlib.suppress(NotFoundError, SettingsError):
                browser.take(place.keys.list_children(read_key(word, store=place.keys.store), most=most))
        rows = browser.rows()
        keys = [row.key for row in rows if row.key is not None]
        return render_template(
            "keys.html",
            store=place.keys.store,
            browser=browser,
            rows=rows,
            state=BranchState,
            columns=KEY_COLUMNS,
            cells={one.key: cell for one, cell in zip(keys, key_rows(keys), strict=True)},
            most=most,
            most_ever=_MOST_EVER,
            address_of=lambda **changed: _address_of(browser, most=most, **changed),
            refresh=read_refresh(0),
            refresh_s=_REFRESH_S,
        )

    @pages.get("/<any(v2, v3):store>/search")
    def search(store: str) -> str:
        place = places[Store(store)]
        below, text = request.args.get("below", ""), request.args.get("text", "").strip()
        path = normalize_key(below, store=place.keys.store) if below else b""
        hits, whole = find_keys(place, text, path=path, most=_MOST_HITS)
        return render_template(
            "hits.html",
            store=place.keys.store,
            below=below,
            path=path,
            text=text,
            hits=hits,
            whole=whole,
            columns=KEY_COLUMNS,
            cells=key_rows(hits, whole_names=True),
        )

    @pages.get("/<any(v2, v3):store>/key")
    def show_key(store: str) -> str:
        place = places[Store(store)]
        key = read_key(request.args.get("key", ""), store=place.keys.store)
        found = place.keys.get(key)
        value = "" if found.content is None else show_content(found.content)
        return render_template(
            "key.html",
            store=place.keys.store,
            key=found,
            told=tell_key(found),
            value=value[:_MOST_SHOWN],
            hidden_characters=max(0, len(value) - _MOST_SHOWN),
            refresh=read_refresh(0),
            refresh_s=_REFRESH_S,
        )

    return pages


def _read_most() -> int:
    asked = request.args.get("most", "")
    if not re.fullmatch("[0-9]{1,4}", asked):
        return _MOST_LISTED
    return min(max(1, int(asked)), _MOST_EVER)


def _address_of(browser: KeyBrowser, *, most: int, turned: bytes | None = None, refresh: int | None = None) -> str:
    """Return the address of the tree as it is, or with a directory turned, or listed longer, or read anew by itself.

    Parameters
    ----------
    turned
        A directory that is to be open where it is closed, and closed where it is open, with all that is in it.
    """
    paths = [one for one in browser.open_paths if one != browser.root]
    if turned in paths:
        inside = turned.rstrip(b"/") + b"/"
        paths = [one for one in paths if one != turned and not one.startswith(inside)]
    elif turned is not None:
        paths.append(turned)
    asked: dict[str, Any] = {"open": [write_key(one) for one in paths]}
    asked |= {"most": most} if most != _MOST_LISTED else {}
    asked |= {"refresh": refresh} if refresh else {}
    return url_for("etcd.show_tree", store=browser.store, **asked)
