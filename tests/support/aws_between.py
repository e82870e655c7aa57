"""Stands between Terraform and the emulated AWS, and lets chosen answers get lost: AWS did it, and nobody was told."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Between", "serve_between"]

_REFUSAL = (
    b"<Response><Errors><Error><Code>UnauthorizedOperation</Code>"
    b"<Message>You are not authorized to perform this operation.</Message></Error></Errors></Response>"
)
_PATHS = {("POST", "/2013-04-01/hostedzone"): "CreateHostedZone"}
"""Route 53 names its actions by path."""


@dataclass(slots=True)
class _Held:
    times: int
    events: tuple[threading.Event, threading.Event]


@dataclass(slots=True)
class Between:
    """What is done to the requests that pass; every other is passed on as it is.

    Attributes
    ----------
    url
        Where to send the requests.
    seen
        Actions that were asked for, in order.
    """

    url: str = ""
    seen: list[str] = field(default_factory=list)
    _held: dict[str, _Held] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _let_go: threading.Event = field(default_factory=threading.Event)
    _under_way: int = 0
    _guard: threading.Condition = field(default_factory=threading.Condition)

    def hold(self, action: str, *, times: int = 1, tell: threading.Event | None = None) -> threading.Event:
        """Keep back all answers to an action.

        The event that is returned says that AWS has carried it out so many times; so does ``tell``.
        """
        self._let_go.clear()
        held = self._held[action] = _Held(times=times, events=(threading.Event(), tell or threading.Event()))
        return held.events[0]

    def refuse(self, action: str, *, after: str) -> None:
        """Refuse an action, as for want of a permission, once another was asked for."""
        self._refused[action] = after

    def pass_all(self) -> None:
        """Do nothing to any request from now on; answers that were kept back are lost."""
        self._held.clear()
        self._refused.clear()
        self._let_go.set()

    def is_refused(self, action: str) -> bool:
        return action in self._refused and self._refused[action] in self.seen

    def keep_back(self, action: str) -> bool:
        """Keep the answer back where that is wanted; return whether it is lost now."""
        held = self._held.get(action)
        if held is None:
            return False
        with self._guard:
            held.times -= 1
            if held.times <= 0:
                for event in held.events:
                    event.set()
        with self._counted(-1):
            self._let_go.wait()
        return True

    def count(self) -> contextlib.AbstractContextManager[None]:
        """Count a connection as under way; those whose answer is kept back are not."""
        return self._counted(1)

    def settle(self) -> None:
        """Wait until whoever asked is gone, and AWS has carried out what was under way when they died."""
        with self._guard:
            self._guard.wait_for(lambda: not self._under_way)

    @contextlib.contextmanager
    def _counted(self, number: int) -> Iterator[None]:
        self._add(number)
        try:
            yield
        finally:
            self._add(-number)

    def _add(self, number: int) -> None:
        with self._guard:
            self._under_way += number
            self._guard.notify_all()


@contextlib.contextmanager
def serve_between(environ: Mapping[str, str], folder: Path) -> Iterator[tuple[Between, dict[str, str]]]:
    """Give what stands between, and the environment in which Terraform, and Terraform alone, goes through it."""
    between = Between()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(between, environ["AWS_ENDPOINT_URL"]))
    between.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    provider = Path(environ["FLEETKIT_TERRAFORM_PROVIDER"])
    replaced = folder / "provider-between.tf"
    replaced.write_text(provider.read_text().replace(environ["AWS_ENDPOINT_URL"], between.url))
    try:
        yield between, {**environ, "FLEETKIT_TERRAFORM_PROVIDER": str(replaced)}
    finally:
        between.pass_all()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(between: Between, target: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with between.count():
                super().handle()

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
            action = form.get("Action", [_PATHS.get((self.command, self.path), "")])[0]
            refused = between.is_refused(action)
            between.seen.append(action)
            status, headers, answer = (403, {}, _REFUSAL) if refused else _ask(target, self, body)
            if between.keep_back(action):
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            # Whoever asked may have been killed.
            with contextlib.suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(answer if self.command != "HEAD" else b"")

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _ask(target: str, asked: http.server.BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
    where = urllib.parse.urlsplit(target)
    with contextlib.closing(http.client.HTTPConnection(str(where.hostname), where.port)) as connection:
        connection.request(asked.command, asked.path, body=body, headers=dict(asked.headers))
        with connection.getresponse() as answer:
            kept = {"Content-Type": answer.headers.get("Content-Type", "text/xml")}
            kept |= {name: value for name, value in answer.headers.items() if name.lower().startswith("x-amz")}
            return answer.status, kept, answer.read()
