"""The metadata service as machines ask it: version 2, a token first, patient while the machine is young."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable

from fleetkit.core import NotYet, Patience, wait_until

__all__ = ["Metadata", "MetadataError"]

_ADDRESS = "169.254.169.254"
_TOKEN_LIFE_S = 21600
_TIMEOUT_S = 5.0
_PATIENCE = Patience(deadline_s=300, interval_s=0.2)
_OK, _NOT_FOUND = 200, 404


class MetadataError(OSError):
    """The service answered with a refusal."""


def _connect() -> http.client.HTTPConnection:
    return http.client.HTTPConnection(_ADDRESS, timeout=_TIMEOUT_S)


class Metadata:
    """A client that keeps its token while it is good.

    Parameters
    ----------
    connect
        Returns a connection to the service, for a machine that finds it elsewhere.
    """

    def __init__(
        self, *, patience: Patience = _PATIENCE, connect: Callable[[], http.client.HTTPConnection] = _connect
    ) -> None:
        self._patience = patience
        self._connect = connect
        self._token = ""
        self._until = 0.0

    def read(self, path: str) -> str | None:
        """Return what the service says under ``path`` (as ``meta-data/local-ipv4``), or None for a 404.

        Raises
        ------
        WaitTimeoutError
            When the service does not answer.
        """
        raw = self.read_bytes(path)
        return None if raw is None else raw.decode()

    def read_bytes(self, path: str) -> bytes | None:
        """Return the bytes under ``path``; see `read`."""

        def look() -> tuple[int, bytes] | NotYet[tuple[int, bytes]]:
            try:
                return self._get(f"/latest/{path}")
            except OSError as error:
                return NotYet(f"{type(error).__name__}: {error}")
            except http.client.HTTPException as error:
                return NotYet(f"no HTTP: {error!r}")

        status, body = wait_until(look, what=f"the metadata service to answer {path}", patience=self._patience)
        return body if status == _OK else None

    def _get(self, path: str) -> tuple[int, bytes]:
        if time.monotonic() > self._until:
            header = {"X-aws-ec2-metadata-token-ttl-seconds": str(_TOKEN_LIFE_S)}
            status, body = self._ask("PUT", "/latest/api/token", header)
            if status != _OK:
                raise MetadataError(f"no token: status {status}")
            self._token, self._until = body.decode(), time.monotonic() + _TOKEN_LIFE_S / 2
        status, body = self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})
        if status not in (_OK, _NOT_FOUND):
            self._until = 0.0
            raise MetadataError(f"status {status}")
        return status, body

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._connect()
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
