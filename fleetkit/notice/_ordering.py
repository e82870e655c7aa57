"""Sending by a URL: asked of a process of its own, which can be ended, and whose logs nobody sees.

apprise and what it calls log whole URLs, and a plugin that hangs in a thread could not be stopped.
The URL goes through a pipe: the arguments and the environment of a process can be read by others.
"""

from __future__ import annotations

import json
import subprocess
import sys

from fleetkit.core import NoticeError, Redactor, format_duration
from fleetkit.notice.message import Message

__all__ = ["send_by_url"]

_STARTING_S = 45.0
"""What the process may take besides sending: a second on an idle computer, more on a busy one."""


def send_by_url(name: str, url: bytes, message: Message, *, timeout_s: float) -> None:
    """Send a message to what apprise knows by a URL.

    Raises
    ------
    NoticeError
        When it is not taken in time, or at all; the message never shows the URL.
    """
    try:
        text = url.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise NoticeError(f"the URL of {name} cannot be used", seen="it is no text") from None
    order = json.dumps({"url": text, "timeout_s": timeout_s, "message": message.to_json()}).encode()
    # Without -P a file of the folder that is worked in could stand in for a library.
    command = [sys.executable, "-P", "-m", "fleetkit.notice._apart"]
    try:
        process = subprocess.run(
            command,
            check=False,
            input=order,
            capture_output=True,
            timeout=timeout_s + _STARTING_S,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        # Without the error as its cause: that one may hold what was said until then.
        raise NoticeError(
            f"{name} did not take the notice",
            seen=f"nothing came back within {format_duration(timeout_s + _STARTING_S)}",
            transient=True,
        ) from None
    except OSError as error:
        raise NoticeError(f"nothing can be sent to {name}", seen=str(error), transient=True) from error
    try:
        answer = json.loads(process.stdout)
        sent, reason, hint, transient = (answer[key] for key in ("sent", "reason", "hint", "transient"))
    except (ValueError, KeyError, TypeError):
        raise NoticeError(
            f"nothing can be sent to {name}", seen=f"what was to send it ended with exit {process.returncode}"
        ) from None
    if not sent:
        seen = Redactor([text] if len(text) > 8 else []).redact(str(reason))
        raise NoticeError(f"{name} did not take the notice", seen=seen, hint=hint or None, transient=bool(transient))
