"""Signing a journal while it grows: each signature vouches for every line up to the one that it names."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from fleetkit.core import FleetkitError, Signer, VerifySignature
from fleetkit.runs.journal.events import EventKind

__all__ = ["BatchSigner", "signature_holds", "vouch_for"]

_SIGN_EVERY_S = 4.0
"""Below the five seconds that a line may go unsigned, for the time that signing and writing take."""


def vouch_for(sha256: str, signer: Signer) -> tuple[EventKind, dict[str, Any]]:
    """Return the kind and data of the event that signs the line with this hash, or says why that could not be.

    What is recorded goes on without a signature: a key that lies elsewhere may be out of reach.
    """
    try:
        signature = base64.b64encode(signer.sign(_message(sha256))).decode("ascii")
    except FleetkitError as error:
        why = error.what if error.seen is None else f"{error.what}: {error.seen}"
        return EventKind.UNSIGNED, {"public_key": signer.public_key, "why": why}
    return EventKind.SIGNATURE, {"public_key": signer.public_key, "signature": signature, "of": sha256}


def signature_holds(data: Mapping[str, Any], sha256: str, verify: VerifySignature) -> bool:
    """Return whether the data of a signature's event signs the line with this hash."""
    key, text = data.get("public_key"), data.get("signature")
    if not isinstance(key, str) or not isinstance(text, str) or data.get("of") != sha256:
        return False
    try:
        return verify(key, _message(sha256), base64.b64decode(text, validate=True))
    except (ValueError, FleetkitError):
        # What is no signature at all, or made by no key, signs nothing.
        return False


def _message(sha256: str) -> bytes:
    # The same key signs other things too, and none of them may be taken for a journal.
    return f"fleetkit journal {sha256}".encode("ascii", "replace")


class _Signable(Protocol):
    def sign(self, signer: Signer) -> None: ...


class BatchSigner:
    """Signs what was written, every few seconds, in a thread of its own.

    Parameters
    ----------
    journal
        The journal's writer.
    every_s
        Seconds between two signatures.
    """

    def __init__(self, journal: _Signable, signer: Signer, *, every_s: float = _SIGN_EVERY_S) -> None:
        self._journal, self._signer, self._every_s = journal, signer, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sign_often, name="journal-signer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Sign no more."""
        self._stop.set()
        self._thread.join()

    def _sign_often(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._journal.sign(self._signer)
            except FleetkitError:
                # A disk that is full now may have room later; the signature at the end fails where it has not.
                continue
