"""Where a fleet's API is when there is no cluster file: an endpoint, written as fleetctl takes it."""

from __future__ import annotations

import errno
import socket
import urllib.parse
from dataclasses import dataclass

from fleetkit.core import FleetError, SettingsError

__all__ = ["FleetEndpoint", "parse_fleet_endpoint"]

_LEGAL = "unix:///var/run/fleet.sock, or http://127.0.0.1:49153"
_LASTING = (errno.EACCES, errno.ENOENT)
"""What trying again does not mend."""

_LONGEST_PATH = 107
"""Bytes that Linux takes for the path of a unix socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEndpoint:
    """A unix socket of this computer, or a host and port.

    Attributes
    ----------
    url
        As it was given.
    path
        The unix socket; empty for a host and port.
    host, port
        What is dialled where it is no unix socket.
    """

    url: str
    path: str = ""
    host: str = ""
    port: int = 0

    @property
    def name(self) -> str:
        """What it is called where a cluster's name would stand: ``127.0.0.1:49153``, or ``fleet.sock``."""
        return self.path.rpartition("/")[2] or f"{self.host}:{self.port}"

    def connect(self, *, limit_s: float = 10.0) -> socket.socket:
        """Open a socket to it.

        Parameters
        ----------
        limit_s
            Seconds until it has to be open; how long a name server may take is up to this computer.

        Raises
        ------
        FleetError
            When nothing listens there, it may not be opened, or it is not open in time.
        """
        try:
            return self._dial_path(limit_s) if self.path else socket.create_connection((self.host, self.port), limit_s)
        except TimeoutError as error:
            raise FleetError(
                f"fleet at {self.url} cannot be reached",
                transient=True,
                seen=f"no connection within {limit_s:g} s",
                hint="is that address right, and does a firewall lie in between?",
            ) from error
        except OSError as error:
            # A unix socket whose queue is full makes nobody wait: the kernel says at once to come again.
            full = isinstance(error, BlockingIOError)
            raise FleetError(
                f"fleet at {self.url} cannot be reached",
                transient=error.errno not in _LASTING,
                seen="it accepts nobody, and its queue is full" if full else error.strerror or str(error),
                hint="is fleet.socket or fleet.service running there, and may this user open it?",
            ) from error

    def _dial_path(self, limit_s: float) -> socket.socket:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.settimeout(limit_s)
            opened.connect(self.path)
        except BaseException:
            opened.close()
            raise
        return opened


def parse_fleet_endpoint(text: str) -> FleetEndpoint:
    """Read an endpoint as fleetctl takes it: ``unix:///var/run/fleet.sock``, or ``http://host:port``.

    Raises
    ------
    SettingsError
        When the text is not such an endpoint; says what is legal.
    """
    url = text.strip()
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError as error:
        raise _bad_endpoint(text, str(error)) from error
    if parts.query or parts.fragment or parts.username is not None:
        raise _bad_endpoint(text, "it has more than a place")
    if parts.scheme == "unix":
        return _of_path(text, urllib.parse.unquote(parts.path), netloc=parts.netloc)
    if parts.scheme != "http":
        seen = "fleet serves no TLS" if parts.scheme == "https" else f"scheme {parts.scheme!r}"
        raise _bad_endpoint(text, seen)
    if not host or not port or parts.path not in ("", "/"):
        raise _bad_endpoint(text, "expected a host and a port, and nothing else")
    return FleetEndpoint(url=url, host=host, port=port)


def _of_path(text: str, path: str, *, netloc: str) -> FleetEndpoint:
    if netloc or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise _bad_endpoint(text, "expected three slashes and the path of a socket")
    if len(path.encode("utf-8", "surrogateescape")) > _LONGEST_PATH:
        raise _bad_endpoint(text, f"a path of more than {_LONGEST_PATH} bytes")
    return FleetEndpoint(url=text.strip(), path=path)


def _bad_endpoint(text: str, seen: str) -> SettingsError:
    return SettingsError(f"{text!r} is not an endpoint of fleet", seen=seen, hint=f"write it as {_LEGAL}")
