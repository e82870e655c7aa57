"""What both pages have in common: who may ask, what every answer says of itself, and how an error is shown."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, abort, request
from flask_wtf import CSRFProtect

from fleetkit.core import Redactor
from fleetkit.web._change_pages import make_change_pages
from fleetkit.web._errors import show_errors
from fleetkit.web.change_desk import ChangeDesk

__all__ = ["LOOPBACK", "PageSettings", "make_app", "read_refresh"]

LOOPBACK = "127.0.0.1"

_LARGEST_BYTES = 2 * 1024 * 1024
"""etcd takes no request of more than 1.5 MiB; a form says the same in somewhat more."""

_HEADERS = {
    # Nothing from elsewhere, no script and no style but our own file, no form that leads away, and in nobody's frame.
    "Content-Security-Policy": "default-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_READING = ("GET", "HEAD")
_REFRESH_S = re.compile(r"[0-9]{1,4}")
_SHORTEST_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """What a page is told when it is started.

    Attributes
    ----------
    owner
        Whose fleet or etcd it shows: the cluster's name, or the endpoint.
    port
        The port on which it is served.
    address
        The address on which it is served: this computer's own, or one that others reach.
    names
        What it is called by those others, as a load balancer passes it on; the address itself is one. A ``*`` stands
        for digits, as AWS has them in the name of a load balancer.
    desk
        Where changes are planned and done; None for a page that only reads.
    tell_defect
        Told of an error that nobody foresaw; the page itself shows nothing of it.
    """

    owner: str
    port: int
    address: str = LOOPBACK
    names: tuple[str, ...] = ()
    desk: ChangeDesk | None = None
    tell_defect: Callable[[Exception], None] = lambda _error: None

    @property
    def hosts(self) -> frozenset[str]:
        """What a request may call it, with the port where that is its own."""
        if self.address == LOOPBACK:
            return frozenset(f"{name}:{self.port}" for name in (LOOPBACK, "localhost"))
        # A health check asks the address; whoever comes through a load balancer leaves out the port.
        return frozenset({f"{self.address}:{self.port}", *self.names, *(f"{one}:{self.port}" for one in self.names)})


def make_app(settings: PageSettings, *, title: str) -> Flask:
    """Return an application that has no pages yet, and lets nobody in who should not be.

    Parameters
    ----------
    title
        What its pages show, such as ``fleet``.
    """
    app = Flask("fleetkit.web")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(
        # Made anew with each process: a cookie that outlived it is worth nothing.
        SECRET_KEY=secrets.token_bytes(32),
        WTF_CSRF_TIME_LIMIT=None,
        # Ports of one address share their cookies: two pages of one name would sign each other out.
        SESSION_COOKIE_NAME=f"fleetkit-{settings.port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=_LARGEST_BYTES,
        MAX_FORM_MEMORY_SIZE=_LARGEST_BYTES,
    )
    hosts = settings.hosts
    ours = re.compile("|".join(re.escape(one).replace(r"\*", "[0-9]+") for one in sorted(hosts)))

    @app.before_request
    def require_our_name() -> None:
        # A foreign page may let its own name lead to this address; the browser then sends that name along.
        if not ours.fullmatch(request.environ.get("HTTP_HOST", "").lower()):
            abort(400, f"this page goes by {' and '.join(sorted(hosts))}, and by no other name")

    @app.before_request
    def require_reading() -> None:
        if request.method not in _READING and settings.desk is None:
            abort(403, "this page only reads; whoever started it may start it again with --allow-changes")

    # Behind the name, so that a foreign one learns nothing, and before every page.
    CSRFProtect(app)

    @app.after_request
    def protect(answer: Response) -> Response:
        answer.headers.update(_HEADERS)
        return answer

    app.add_template_filter(lambda text: Redactor().redact(str(text)), "redacted")
    app.context_processor(lambda: {"owner": settings.owner, "title": title, "desk": settings.desk})
    show_errors(app, tell_defect=settings.tell_defect)
    if settings.desk is not None:
        app.register_blueprint(settings.desk.sign_in.make_pages())
        app.register_blueprint(make_change_pages(settings.desk))
    return app


def read_refresh(otherwise: int) -> int:
    """Return the seconds after which a page is to be read anew, as its address says; 0 for never.

    Parameters
    ----------
    otherwise
        What holds where it says nothing.
    """
    asked = request.args.get("refresh", "")
    if not _REFRESH_S.fullmatch(asked):
        return otherwise
    return max(_SHORTEST_S, int(asked)) if int(asked) else 0
