"""One GET with a time limit and a size limit, whose failures are our errors."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

from fleetkit.core import ServiceError

__all__ = ["Answer", "get"]

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an HTTP server answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def get(
    url: str, *, what: str, timeout_s: float, largest_bytes: int, headers: Mapping[str, str] | None = None
) -> Answer:
    """GET ``url``; redirects are followed, without the ``Authorization`` header on the way to another host.

    Parameters
    ----------
    url
        An ``http`` or ``https`` address.
    what
        What is fetched, for the error.
    timeout_s
        Seconds for everything together.
    largest_bytes
        The longest body that is taken.
    headers
        To send along; never shown in a message.

    Returns
    -------
    Answer
        With status 200, or with 401 where the server wants a token.

    Raises
    ------
    ServiceError
        When nobody answers in time, or with another status, or with too much.
    """
    end = time.monotonic() + timeout_s
    request = urllib.request.Request(url, headers={"User-Agent": "fleetkit"})  # noqa: S310 -- settings admit http(s) alone
    for name, value in (headers or {}).items():
        # urllib drops an unredirected header when a redirect leads elsewhere: a token is for its registry alone.
        add = request.add_unredirected_header if name == "Authorization" else request.add_header
        add(name, value)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 -- the same
            body = _read(answer, what=what, url=url, largest_bytes=largest_bytes, end=end)
            return Answer(status=answer.status, headers=_lower(answer.headers), body=body)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.UNAUTHORIZED:
                return Answer(status=error.code, headers=_lower(error.headers), body=b"")
            raise _failure(what, url, f"HTTP {error.code} {error.reason}", transient=error.code >= 500) from error
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise _failure(what, url, str(reason) or type(error).__name__, transient=True) from error


def _read(answer: http.client.HTTPResponse, *, what: str, url: str, largest_bytes: int, end: float) -> bytes:
    body = bytearray()
    while block := answer.read(_BLOCK):
        body += block
        if len(body) > largest_bytes:
            raise _failure(what, url, f"more than {largest_bytes} bytes", transient=False)
        if time.monotonic() > end:
            raise _failure(what, url, "still sending at the time limit", transient=True)
    length = answer.headers.get("Content-Length")
    if length is not None and len(body) != int(length):
        raise _failure(what, url, f"{len(body)} of {length} bytes", transient=True)
    return bytes(body)


def _failure(what: str, url: str, seen: str, *, transient: bool) -> ServiceError:
    return ServiceError(
        f"cannot fetch {what} from {url}",
        seen=seen,
        transient=transient,
        hint="check the network and a proxy, or point FLEETKIT_REGISTRY_URL and FLEETKIT_ARCHIVE_URL to a mirror",
    )


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
