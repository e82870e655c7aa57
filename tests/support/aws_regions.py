"""Stands before an emulated AWS, and lets regions behave as regions do: deaf, throttled, or without a permission."""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field

from support.http_answers import SilentHandler, serve_handler

__all__ = ["Regions", "serve_regions"]

_ERROR = "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors></Response>"
_DENIED = "You are not authorized to perform this operation."


@dataclass(kw_only=True)
class Regions:
    """How each region behaves; one that is not named answers.

    Attributes
    ----------
    url
        Where they are asked.
    deaf
        Regions that hang up on whoever calls.
    denied
        Regions in which EC2 refuses for want of a permission.
    throttled
        Regions in which EC2 asks for slower calls, and how often it still does.
    seen
        When EC2 was asked, by the monotonic clock, for each region.
    """

    url: str = ""
    deaf: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    throttled: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refuse(self, region: str) -> tuple[int, bytes] | None:
        """Note that EC2 is asked, and return what it refuses with; None where it answers."""
        with self._lock:
            self.seen.setdefault(region, []).append(time.monotonic())
            if region in self.denied:
                return 403, _ERROR.format("UnauthorizedOperation", _DENIED).encode()
            if self.throttled.get(region, 0) > 0:
                self.throttled[region] -= 1
                return 503, _ERROR.format("RequestLimitExceeded", "Request limit exceeded.").encode()
            return None


@contextlib.contextmanager
def serve_regions(target: str) -> Iterator[Regions]:
    """Serve them before ``target``."""
    regions = Regions()

    class Handler(SilentHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 -- the name that http.server calls
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", self.headers.get("Authorization", ""))
            region, service = ("", "") if scope is None else scope.groups()
            if region in regions.deaf:
                self.close_connection = True
                return
            refused = regions.refuse(region) if service == "ec2" else None
            status, told = refused or _ask(target, self.path, body, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(told)))
            # Whoever asked may have been stopped.
            with contextlib.suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(told)

    with serve_handler(Handler) as regions.url:
        yield regions


def _ask(target: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    where = urllib.parse.urlsplit(target)
    with contextlib.closing(http.client.HTTPConnection(str(where.hostname), where.port)) as connection:
        connection.request("POST", path, body=body, headers=headers)
        with connection.getresponse() as answer:
            return answer.status, answer.read()
