"""Addresses as this computer sees them: its own on the internet, asked of a service, and whether a name has one."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import urllib.error
import urllib.request

from fleetkit.core import AwsError

__all__ = ["is_known_name", "read_public_address"]

_LONGEST_ANSWER = 256


def read_public_address(url: str, *, timeout_s: float = 5.0) -> ipaddress.IPv4Address:
    """Return the caller's public IPv4 address.

    Parameters
    ----------
    url
        An HTTP address that answers a GET with the address as plain text.
    timeout_s
        Seconds for the connection and for each read.

    Raises
    ------
    AwsError
        When nobody answers in time, or the answer is no public IPv4 address: the address is then unknown,
        and must not be taken for right.
    """
    hint = "look it up yourself, or set FLEETKIT_ADDRESS_URL to a service that can be reached"
    request = urllib.request.Request(url, headers={"User-Agent": "fleetkit"})  # noqa: S310 -- settings admit http(s) alone
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 -- the same
            text = answer.read(_LONGEST_ANSWER).decode("ascii", "replace").strip()
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection open for as long as the error is kept
        raise AwsError(
            f"cannot learn this computer's public address from {url}", seen=str(reason), transient=True, hint=hint
        ) from error
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise AwsError(f"{url} did not answer with an IPv4 address", seen=repr(text[:40]), hint=hint) from None


def is_known_name(name: str) -> bool:
    """Return whether ``name`` resolves on this computer now; who answers there is not asked."""
    try:
        socket.getaddrinfo(name, None)
    except (socket.gaierror, UnicodeError):
        return False
    return True
