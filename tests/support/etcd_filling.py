"""Data for real members: values that do not compress, through the gateway and the v2 store."""

from __future__ import annotations

import base64
import os
import time

from fleetkit.etcd import Endpoint, TlsFiles
from fleetkit.etcd._http import Call, make_context

__all__ = ["fill_v2", "fill_v3"]

_DEADLINE_S = 600


def fill_v3(endpoint: Endpoint, tls: TlsFiles, *, values: int, value_bytes: int) -> None:
    """Put ``values`` keys of so many random bytes each."""
    with Call(endpoint, context=make_context(tls), deadline=time.monotonic() + _DEADLINE_S) as call:
        for number in range(values):
            call.post("/v3/kv/put", {"key": _b64(b"fill/%06d" % number), "value": _b64(os.urandom(value_bytes))})


def fill_v2(endpoint: Endpoint, tls: TlsFiles, *, values: int, value_bytes: int) -> None:
    """Put ``values`` keys where fleet keeps its jobs."""
    with Call(endpoint, context=make_context(tls), deadline=time.monotonic() + _DEADLINE_S) as call:
        for number in range(values):
            key = f"/v2/keys/_coreos.com/fleet/job/fill-{number:06}.service/object"
            call.ask("PUT", key, form={"value": "x" * value_bytes})


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()
