"""fleet's release archive: where it lies, and its bytes with their hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fleetkit.origins._http import get

__all__ = ["Archive", "archive_url", "fetch_archive"]

_LARGEST_BYTES = 100 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A release archive as it was fetched.

    Attributes
    ----------
    url
        Where it was fetched from.
    sha256
        Hash of its content, in hex.
    content
        Its bytes.
    """

    url: str
    sha256: str
    content: bytes

    def __repr__(self) -> str:
        return f"Archive({self.url!r}, sha256={self.sha256!r}, {len(self.content)} bytes)"


def archive_url(base: str, version: str) -> str:
    """Return where fleet's archive of ``version`` lies below ``base``, as its releases and their mirrors have it."""
    return f"{base}/v{version}/fleet-v{version}-linux-amd64.tar.gz"


def fetch_archive(url: str, *, timeout_s: float = 120.0) -> Archive:
    """Fetch an archive and reckon its hash.

    Parameters
    ----------
    url
        An ``http`` or ``https`` address.
    timeout_s
        Seconds for everything together.

    Raises
    ------
    ServiceError
        When it cannot be fetched whole and in time.
    """
    answer = get(url, what="fleet's archive", timeout_s=timeout_s, largest_bytes=_LARGEST_BYTES)
    return Archive(url=url, sha256=hashlib.sha256(answer.body).hexdigest(), content=answer.body)
