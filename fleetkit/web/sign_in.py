"""Signing in for changes: with the token that was shown once, in the terminal in which the page was started."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

__all__ = ["SignIn"]

_VISIT = "visit"


class SignIn:
    """Who may change something: whoever has typed the token, until they sign out or the process ends.

    Parameters
    ----------
    token
        What has to be typed.
    """

    def __init__(self, token: str) -> None:
        self._token = token
        # Kept here and not in the cookie alone: one that somebody has kept is worth nothing after a sign-out.
        self._visits: set[str] = set()

    @property
    def is_signed_in(self) -> bool:
        """Whether whoever asks now has signed in."""
        return session.get(_VISIT, "") in self._visits

    def guard(self) -> ResponseReturnValue | None:
        """Stand before pages that change something; a form that was asked for leads to the sign-in."""
        if self.is_signed_in:
            return None
        if request.method != "GET":
            abort(403, "nobody is signed in here")
        return redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))

    def make_pages(self) -> Blueprint:
        """Return the pages by which one signs in and out."""
        pages = Blueprint("sign_in", __name__)

        @pages.get("/sign-in")
        def show() -> str:
            return render_template("sign_in.html", next=_read_next(request.args.get("next", "")), is_wrong=False)

        @pages.post("/sign-in")
        def sign_in() -> ResponseReturnValue:
            where = _read_next(request.form.get("next", ""))
            said = request.form.get("token", "").strip()
            if not secrets.compare_digest(said.encode(), self._token.encode()):
                return render_template("sign_in.html", next=where, is_wrong=True), 403
            session.clear()
            session[_VISIT] = visit = secrets.token_urlsafe()
            self._visits.add(visit)
            return redirect(where, 303)

        @pages.post("/sign-out")
        def sign_out() -> ResponseReturnValue:
            self._visits.discard(session.get(_VISIT, ""))
            session.clear()
            return redirect("/", 303)

        return pages


def _read_next(where: str) -> str:
    """Return where to go then: a page of ours, whatever an address asks for."""
    parts = urlsplit(where)
    is_ours = where.startswith("/") and not parts.scheme and not parts.netloc and "\\" not in where
    return where if is_ours and where.isprintable() else "/"
