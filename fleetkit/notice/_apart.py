"""The process that sends one message by one URL, and answers on standard output what came of it.

It is started by `fleetkit.notice._ordering`, and ends when it has answered, whatever a plugin still does.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from typing import Any

from fleetkit.core import format_duration
from fleetkit.notice._reasons import Reasons

__all__ = ["main"]

_MARKS = re.compile(r"([\\`*_\[\]<>])")
_TRUST = (
    "trust its authority (REQUESTS_CA_BUNDLE or SSL_CERT_FILE), or mend its certificate; checking is never left out"
)


def main() -> None:
    """Read the order from standard input, send, and answer."""
    answering = os.dup(1)
    # Whatever a plugin prints is no answer, and may hold the URL.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    order = json.load(sys.stdin)
    reasons = Reasons(order["url"])
    answer = _send_in_time(order, reasons)
    os.write(answering, json.dumps(answer).encode())
    os._exit(0)


def _send_in_time(order: dict[str, Any], reasons: Reasons) -> dict[str, Any]:
    service, refused = _open_service(order["url"], reasons, timeout_s=order["timeout_s"])
    if service is None:
        return refused
    answers: list[dict[str, Any]] = []
    sending = threading.Thread(target=lambda: answers.append(_send(service, order["message"], reasons)), daemon=True)
    sending.start()
    sending.join(order["timeout_s"])
    return answers[0] if answers else _refuse(f"no answer within {format_duration(order['timeout_s'])}", transient=True)


def _open_service(url: str, reasons: Reasons, *, timeout_s: float) -> tuple[Any, dict[str, Any]]:
    """Return apprise's plugin for the URL, or None and why there is none."""
    import apprise
    from apprise.common import OverflowMode

    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(reasons)
    logger.propagate = False
    # An answer that points elsewhere is not followed: what follows it asks for a page, and posts nothing.
    asset = apprise.AppriseAsset(http_redirects=False, app_id="fleetkit", app_desc="fleetkit", image_url_mask="")
    service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        return None, _refuse(
            _tell_unreadable(url, reasons), hint="how a URL is written: https://appriseit.com/services/"
        )
    if not service.verify_certificate:
        return None, _refuse("its URL says verify=no", hint=_TRUST)
    reasons.learn(service)
    service.redirects = False
    service.retry = 0
    service.socket_connect_timeout = service.socket_read_timeout = timeout_s
    if "overflow=" not in url:
        # A part of a notice is better than a service that refuses one that is too long for it.
        service.overflow_mode = OverflowMode.TRUNCATE
    return service, {}


def _tell_unreadable(url: str, reasons: Reasons) -> str:
    """Say what is wrong with a URL; of one that apprise does not know nothing is repeated, for it may be a password."""
    from apprise import Apprise

    scheme, there, _ = url.partition("://")
    known = Apprise().details()["schemas"]
    schemes = {name for one in known for kind in ("protocols", "secure_protocols") for name in one[kind] or ()}
    if not there or scheme.lower() not in schemes:
        return "its URL has no scheme that apprise knows"
    why = reasons.tell_refused()
    return f"apprise cannot read its URL of the scheme {scheme.lower()}:{f' {why}' if why else ''}"


def _send(service: Any, message: dict[str, str], reasons: Reasons) -> dict[str, Any]:
    body, body_format = _form_body(service, message["body"])
    try:
        sent = service.notify(
            title=message["title"], body=body, notify_type=message["severity"], body_format=body_format
        )
    except Exception as error:  # noqa: BLE001 -- a plugin may raise whatever it likes; it is told as a refusal
        return _refuse(reasons.clean(f"{type(error).__name__}: {error}"), transient=True)
    if sent:
        return {"sent": True, "reason": "", "hint": "", "transient": False}
    reason = reasons.tell()
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return _refuse(reason, hint=_TRUST)
    return _refuse(reason, transient=True)


def _form_body(service: Any, body: str) -> tuple[str, str]:
    """Return the body and its format; apprise itself would escape the dashes of lists where only Markdown is taken."""
    formats = service.notify_format if isinstance(service.notify_format, tuple) else (service.notify_format,)
    if {str(one.value) for one in formats} == {"markdown"}:
        return _MARKS.sub(r"\\\1", body), "markdown"
    return body, "text"


def _refuse(reason: str, *, hint: str = "", transient: bool = False) -> dict[str, Any]:
    return {"sent": False, "reason": reason, "hint": hint, "transient": transient}


if __name__ == "__main__":
    main()
