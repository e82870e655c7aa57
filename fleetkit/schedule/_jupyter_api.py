"""Speaking to a running Jupyter server, with its token, over HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from fleetkit.core import NotFoundError, ServiceError, SettingsError, parse_reference
from fleetkit.secrets import Secret, SecretSources, resolve_secret

__all__ = ["JupyterApi", "open_server"]

_TIMEOUT_S = 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: the token is for this server alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


class JupyterApi:
    """One server.

    Parameters
    ----------
    address
        Its base address, without a slash at its end.
    token
        Its token.
    """

    def __init__(self, address: str, token: Secret) -> None:
        self.address = address
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect)

    def exists(self, path: str) -> bool:
        """Return whether the server has something at ``path``."""
        try:
            self.ask("GET", path)
        except NotFoundError:
            return False
        return True

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the server, and return its answer; None where it is empty.

        Raises
        ------
        NotFoundError
            When there is nothing at ``path``.
        ServiceError
            When it cannot be reached, or refuses.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/{path}", data=data, method=method)  # noqa: S310 -- checked
        request.add_header("Content-Type", "application/json")
        self._token.deliver(lambda token: request.add_header("Authorization", f"token {token.decode()}"))
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise self._explain(error, path) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServiceError(
                f"the Jupyter server {self.address} cannot be reached", transient=True, seen=str(error)
            ) from error
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise ServiceError(f"{self.address} is no Jupyter server", seen="an answer that is no JSON") from error

    def _explain(self, error: urllib.error.HTTPError, path: str) -> NotFoundError | ServiceError:
        with error:
            said = _message(error.read())
        if error.code == 404 and path.startswith("scheduler/"):
            return NotFoundError(
                f"{self.address} has no {path.partition('?')[0]}",
                hint="install jupyter-scheduler beside that JupyterLab, and start it anew",
            )
        if error.code == 404:
            return NotFoundError(f"{self.address} has no {path}")
        if error.code in (301, 302, 401, 403):
            return ServiceError(
                f"the Jupyter server {self.address} refuses the token",
                seen=f"status {error.code}",
                hint="look at --token",
            )
        seen = f"status {error.code}" + (f": {said}" if said else "")
        return ServiceError(f"the Jupyter server {self.address} failed", transient=error.code >= 500, seen=seen)


def open_server(place: Mapping[str, str]) -> JupyterApi:
    """Return the server that an entry's place names; it is not asked yet.

    Raises
    ------
    SettingsError
        When address or reference are not given or not legal.
    NotFoundError, PreconditionError
        When the token cannot be read.
    """
    for name in ("server", "token"):
        if not place.get(name):
            raise SettingsError(
                f"a JupyterLab that keeps times needs --{name}",
                hint="such as --server http://127.0.0.1:8888 --token env:JUPYTER_TOKEN",
            )
    if not _is_address(place["server"]):
        raise SettingsError(
            "--server is no address of a Jupyter server",
            hint="give it as http://127.0.0.1:8888, without token, user or password: those go by --token",
        )
    return JupyterApi(place["server"].rstrip("/"), resolve_secret(parse_reference(place["token"]), SecretSources()))


def _is_address(text: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(text)
        parts.port  # noqa: B018 -- it is read when it is asked for
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or "@" in parts.netloc) and text.isprintable() and " " not in text
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and bare


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text).get("message") or "")
    except (ValueError, AttributeError):
        return ""
