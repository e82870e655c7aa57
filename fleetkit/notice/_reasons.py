"""Why a plugin of apprise did not send: what it logged, without what its URL is made of."""

from __future__ import annotations

import logging
import re
import urllib.parse
from typing import Any

from fleetkit.core import Redactor

__all__ = ["Reasons"]

_SHORTEST = 6
_LONGEST = 400
_SPLIT = re.compile(r"[/?&=@:#,;\s]+")
_CAUSED = re.compile(
    r"HTTPS?ConnectionPool\(host='([^']*)', port=(\d+)\): Max retries exceeded with its url "
    r"\(Caused by \w+\([\"']?(?:HTTPS?Connection\([^)]*\): )?(.*?)[\"']?\)\)$"
)
_TELLING = ("Exception: ", "Error: ")
"""What plugins log at debug level before the reason itself."""


class Reasons(logging.Handler):
    """Takes what apprise logs, and tells what of it is a reason.

    Parameters
    ----------
    url
        The destination's URL: neither it nor any part of it is told, but for the name of a host.
    """

    def __init__(self, url: str) -> None:
        super().__init__(logging.DEBUG)
        self._url = url
        # In an address of the web as a service gives it, the host is one; apprise's own schemes put tokens there.
        web = urllib.parse.urlsplit(url).hostname if url.lower().startswith(("http://", "https://")) else None
        self._parts = {part for part in _parts_of(url) if len(part) >= _SHORTEST and part.lower() != web}
        self._warnings: list[str] = []
        self._causes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line that may say why."""
        said = record.getMessage()
        if record.levelno >= logging.WARNING:
            self._warnings.append(said)
        elif any(mark in said for mark in _TELLING):
            self._causes.append(said.split(": ", 1)[1])

    def learn(self, service: Any) -> None:
        """Let the host be told where the plugin has one: elsewhere a token stands in its place."""
        host = getattr(service, "host", None)
        if host and "host" in service.template_tokens:
            self._parts.discard(host)
            self._parts.discard(host.lower())

    def tell(self) -> str:
        """Return the last warning, and what caused it."""
        told = [*self._warnings[-1:], *self._causes[-1:]]
        return self.clean(" ".join(told)) if told else "its plugin of apprise does not say why"

    def tell_refused(self) -> str:
        """Return why the URL could not be read at all, where that is said without repeating it."""
        return next((self.clean(said) for said in self._warnings if "URL" not in said), "")

    def clean(self, said: str) -> str:
        """Return a text without the URL and what it is made of, on one line."""
        # urllib3 repeats the path, which is where most tokens stand, the short ones too; the cause is enough.
        said = re.sub(r"with url: \S+", "with its url", said)
        said = _CAUSED.sub(r"\1:\2: \3", said)
        said = Redactor([part for part in (self._url, *self._parts) if len(part) >= _SHORTEST]).redact(said)
        return " ".join(said.split())[:_LONGEST]


def _parts_of(url: str) -> set[str]:
    found = set(_SPLIT.split(url.partition("://")[2]))
    return found | {urllib.parse.unquote(part) for part in found} | {urllib.parse.unquote_plus(part) for part in found}
