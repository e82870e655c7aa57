"""moto's server in this process, on 127.0.0.1, judged by enforced IAM and closed to moto's own back doors.

moto's backends are global to a process: one process can hold one emulated AWS.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from fleetkit.core import BusyError
from fleetkit.sandbox.aws.identity import Credentials, enforce_iam, make_operator
from fleetkit.sandbox.aws.images import write_images
from fleetkit.sandbox.aws.patches import ALL_PATCHES, apply_patches

__all__ = ["AwsServer", "guard_requests"]

_BACK_DOORS = ("/moto-api", "/latest/", "/favicon.ico")
_REFUSAL = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
    b"<Message>The request is not signed, or asks for what no AWS endpoint serves.</Message></Error>"
)

_WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def guard_requests(app: _WsgiApp, *, on_request: Callable[[], None] = lambda: None) -> _WsgiApp:
    """Refuse what AWS would not serve: moto's own interface, and requests without a signature.

    moto lets some anonymous requests through and answers others with an internal error, and whoever reaches its
    interface can switch enforcement off.

    Parameters
    ----------
    on_request
        Called after each request that may have changed something.
    """

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = re.sub(r"/+", "/", str(environ.get("PATH_INFO", "")))
        signed = str(environ.get("HTTP_AUTHORIZATION", "")).startswith("AWS4-HMAC-SHA256 Credential=")
        if signed and not path.startswith(_BACK_DOORS):
            answer = app(environ, start_response)
            if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
                on_request()
            return answer
        # The body is read, as a client that is still sending would see a reset instead of the answer.
        length = int(environ.get("CONTENT_LENGTH") or 0)
        while length > 0 and (chunk := environ["wsgi.input"].read(min(length, 65536))):
            length -= len(chunk)
        start_response("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(_REFUSAL)))])
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [_REFUSAL]

    return guarded


class AwsServer:
    """The emulated AWS; a context manager.

    Parameters
    ----------
    folder
        Where the list of images is written.
    region
        The region whose machines boot.
    port
        Port on 127.0.0.1; any free one where not given.
    on_request
        Called after each request that may have changed something.

    Raises
    ------
    BusyError
        When this process holds an emulated AWS already.
    ServiceError
        When moto is not the version that the patches were written for.
    """

    _held = threading.Lock()

    def __init__(
        self, folder: Path, *, region: str, port: int = 0, on_request: Callable[[], None] = lambda: None
    ) -> None:
        self.region = region
        self._on_request = on_request
        self._folder = folder
        self._port = port
        self._undo: Callable[[], None] | None = None
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self.operator: Credentials = Credentials(access_key_id="", secret_access_key="")

    @property
    def url(self) -> str:
        """Address of the endpoint, for every service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """Port on which it answers."""
        port: int = self._server.server_port
        return port

    def start(self) -> None:
        """Seed the images, make the operator, enforce IAM and begin to answer."""
        if not AwsServer._held.acquire(blocking=False):
            raise BusyError("this process holds an emulated AWS already", hint="start each sandbox as its own process")
        images = self._folder / "images.json"
        write_images(images)
        # Read by moto when its first backend is made, so it must stand before anything of moto is imported.
        os.environ["MOTO_AMIS_PATH"] = str(images)
        os.environ["MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS"] = "false"
        self._undo = apply_patches(ALL_PATCHES)
        self.operator = make_operator()
        enforce_iam()
        self._serve()

    def _serve(self) -> None:
        import logging

        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        app = guard_requests(DomainDispatcherApplication(create_backend_app), on_request=self._on_request)
        self._server = make_server("127.0.0.1", self._port, app, threaded=True, request_handler=MotoRequestHandler)
        self._server.daemon_threads = True
        self._server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._server.serve_forever, name="aws", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering; what was created is gone with the process."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if self._undo is not None:
            self._undo()
            self._undo = None
        AwsServer._held.release()

    def __enter__(self) -> AwsServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
