"""Which keys of the v3 store were written after a revision: what going back to that revision would lose."""

from __future__ import annotations

import base64
import time

from fleetkit.etcd._asking import context_for
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = ["list_newer_keys"]

_FROM_THE_FIRST_TO_THE_LAST = base64.b64encode(b"\0").decode()


def list_newer_keys(
    endpoint: Endpoint, revision: int, *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> tuple[str, ...]:
    """Return the keys that are there and were written after a revision, without their values, in their order.

    Keys that were deleted since are not there, and therefore not told.

    Parameters
    ----------
    revision
        0 lists all keys.

    Raises
    ------
    EtcdError
        When the member does not answer in time, or without a quorum.
    SettingsError
        When the TLS files cannot be used.
    """
    deadline = time.monotonic() + (limits or EtcdLimits()).total_s
    whole = {"key": _FROM_THE_FIRST_TO_THE_LAST, "range_end": _FROM_THE_FIRST_TO_THE_LAST}
    asked = {**whole, "keys_only": True, "min_mod_revision": str(revision + 1)}
    with Call(endpoint, context=context_for([endpoint], tls), deadline=deadline) as call:
        found = Fields(call.post("/v3/kv/range", asked)).children("kvs")
    return tuple(base64.b64decode(one.text("key")).decode("utf-8", "backslashreplace") for one in found)
