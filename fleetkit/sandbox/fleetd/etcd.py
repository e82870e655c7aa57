"""A small client of etcd's v2 keys API: mutual TLS, every endpoint tried in turn."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fleetkit.core import EtcdError
from fleetkit.sandbox.fleetd.settings import FleetdSettings

__all__ = ["EtcdClient", "Key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key as etcd gives it; names without the prefix, and the index of its last change."""

    name: str
    value: str
    index: int = 0


class EtcdClient:
    """Reads and writes keys under fleet's prefix; the endpoint that answered last is asked first."""

    def __init__(self, settings: FleetdSettings) -> None:
        self._servers = list(settings.etcd_servers)
        self._prefix = settings.key_prefix
        self._timeout_s = settings.request_timeout_s
        self._lock = threading.Lock()
        self._proxy = urlsplit(settings.https_proxy) if settings.https_proxy else None
        self._files = (settings.ca_file, settings.cert_file, settings.key_file)

    def put(
        self, name: str, value: str, *, ttl_s: float | None = None, condition: Mapping[str, str] | None = None
    ) -> bool:
        """Write a key; False where its condition (``prevExist``, ``prevValue``) does not hold.

        Raises
        ------
        EtcdError
            When no endpoint answers, or one answers with another error.
        """
        fields = {"value": value, **({} if ttl_s is None else {"ttl": str(max(1, int(ttl_s)))})}
        status, _ = self._ask("PUT", name, query=condition or {}, form=fields)
        return status < http.client.BAD_REQUEST

    def delete(self, name: str, *, condition: Mapping[str, str] | None = None) -> bool:
        """Delete a key; False where there is none, or its condition does not hold."""
        status, _ = self._ask("DELETE", name, query=condition or {})
        return status < http.client.BAD_REQUEST

    def get(self, name: str, *, quorum: bool = True) -> str | None:
        """Return a key's value; None where there is none."""
        status, body = self._ask("GET", name, query={"quorum": "true"} if quorum else {})
        return None if status == http.client.NOT_FOUND else str(body["node"].get("value", ""))

    def list_keys(self, name: str, *, quorum: bool) -> list[Key]:
        """Return all keys below a directory.

        Parameters
        ----------
        quorum
            Ask the cluster, and not only the endpoint's own copy.
        """
        query = {"recursive": "true", "sorted": "true", **({"quorum": "true"} if quorum else {})}
        status, body = self._ask("GET", name, query=query)
        return [] if status == http.client.NOT_FOUND else list(self._leaves(body["node"]))

    def wait_for_change(self, name: str, *, since: int | None, limit_s: float) -> Key | None:
        """Wait until something below a directory changes; return the key, or None at the limit.

        Parameters
        ----------
        since
            Index of the change that was seen last, so that none in between is missed; None for whatever comes next.
        """
        query = {"wait": "true", "recursive": "true", **({} if since is None else {"waitIndex": str(since + 1)})}
        path = self._path(name, query)
        with self._lock:
            server = self._servers[0]
        try:
            status, body = self._ask_one(server, "GET", path, None, timeout_s=limit_s)
        except TimeoutError:
            return None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EtcdError("etcd does not tell of changes", seen=f"{server}: {error}", transient=True) from error
        if "node" not in body:
            # Where the index is too old for its memory, etcd says so, and the next change is as good.
            raise EtcdError("etcd does not tell of changes", seen=f"status {status}", transient=True)
        node = body["node"]
        name = str(node["key"]).removeprefix(self._prefix + "/")
        return Key(name=name, value=str(node.get("value", "")), index=int(node["modifiedIndex"]))

    def _path(self, name: str, query: Mapping[str, str]) -> str:
        return quote(f"/v2/keys{self._prefix}/{name}") + (f"?{urlencode(query)}" if query else "")

    def _leaves(self, node: Mapping[str, Any]) -> list[Key]:
        if not node.get("dir"):
            return [Key(name=str(node["key"]).removeprefix(self._prefix + "/"), value=str(node.get("value", "")))]
        return [leaf for child in node.get("nodes", ()) for leaf in self._leaves(child)]

    def _ask(
        self, method: str, name: str, *, query: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        path = self._path(name, query)
        problems = []
        with self._lock:
            servers = list(self._servers)
        for server in servers:
            try:
                status, body = self._ask_one(server, method, path, form)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problems.append(f"{server}: {error}")
                continue
            if status in (http.client.NOT_FOUND, http.client.PRECONDITION_FAILED) or status < http.client.BAD_REQUEST:
                with self._lock:
                    self._servers.sort(key=lambda one: one != server)
                return status, body
            problems.append(f"{server}: status {status}: {body.get('message', '')}")
        raise EtcdError("no etcd endpoint could serve fleet", seen="; ".join(problems), transient=True)

    def _ask_one(
        self, server: str, method: str, path: str, form: Mapping[str, str] | None, *, timeout_s: float | None = None
    ) -> tuple[int, dict[str, Any]]:
        connection = self._open(server, timeout_s=timeout_s or self._timeout_s)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
            connection.request(method, path, body=urlencode(form) if form is not None else None, headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()

    def _open(self, server: str, *, timeout_s: float) -> http.client.HTTPConnection:
        place = urlsplit(server)
        if place.scheme != "https":
            return http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout_s)
        first = self._proxy or place
        connection = http.client.HTTPSConnection(
            first.hostname or "", first.port, timeout=timeout_s, context=self._tls()
        )
        if self._proxy is not None:
            # TLS begins behind the proxy, and is checked against the server's own name.
            connection.set_tunnel(place.hostname or "", place.port)
        return connection

    def _tls(self) -> ssl.SSLContext:
        """Return fresh TLS settings: certificates may be replaced while fleetd runs."""
        ca_file, cert_file, key_file = self._files
        context = ssl.create_default_context(cafile=ca_file or None)
        if cert_file:
            context.load_cert_chain(cert_file, key_file or None)
        return context
