"""Where etcd members are, with which certificates they are called, and how long an answer may take."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import SettingsError

__all__ = ["CLIENT_PORT", "Endpoint", "EtcdLimits", "TlsFiles", "parse_endpoint"]

CLIENT_PORT = 2379
"""The port on which members serve clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One member's client URL, and where to dial for it.

    Attributes
    ----------
    name
        What results are filed under: the member's name where it is known, else its URL.
    host
        Name or address that the member's certificate must state.
    address, port
        What is dialled: the same host, or the local end of a tunnel.
    scheme
        ``https``, or ``http`` for an etcd without TLS.
    """

    name: str
    host: str
    address: str
    port: int
    scheme: str = "https"

    @property
    def dialled(self) -> str:
        """The dialled address as people write it."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files for calling etcd under TLS.

    Attributes
    ----------
    ca
        CA that signed the members' certificates; the computer's own trust store where not given.
    certificate, key
        The caller's own certificate and private key; both or neither.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            given, missing = ("certificate", "key") if self.key is None else ("key", "certificate")
            raise SettingsError(
                f"a client {given} was given without its {missing}", hint="give both --cert and --key, or neither"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdLimits:
    """How long one call may take.

    Attributes
    ----------
    total_s
        Seconds for the whole call over all members, from dialling to the last byte; etcdctl's own is 5.
    """

    total_s: float = 5.0

    def __post_init__(self) -> None:
        if not self.total_s > 0:
            raise SettingsError("the time limit must be longer than nothing", seen=f"{self.total_s} s")


def parse_endpoint(text: str, *, default_scheme: str = "http") -> Endpoint:
    """Read an endpoint as etcdctl takes it: ``https://10.10.3.100:2379``, or ``10.10.3.100:2379``.

    Parameters
    ----------
    default_scheme
        Scheme of a text that has none.

    Raises
    ------
    SettingsError
        When the text is not such an endpoint.
    """
    stripped = text.strip()
    full = stripped if "://" in stripped else f"{default_scheme}://{stripped}"
    try:
        parts = urllib.parse.urlsplit(full)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _bad_endpoint(text, str(error)) from error
    if parts.scheme not in ("http", "https"):
        raise _bad_endpoint(text, f"scheme {parts.scheme!r}")
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise _bad_endpoint(text, "expected a host and a port, and nothing else")
    return Endpoint(name=full.rstrip("/"), host=host, address=host, port=port or CLIENT_PORT, scheme=parts.scheme)


def _bad_endpoint(text: str, seen: str) -> SettingsError:
    return SettingsError(f"{text!r} is not an endpoint of etcd", seen=seen, hint="write it as https://10.10.3.100:2379")
