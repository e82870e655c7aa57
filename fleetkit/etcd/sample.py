"""What a v3 store holds at one revision, in few words: how many keys, and the hashes of some values.

Taken of a cluster when it is backed up and of what was restored, the two must be equal.
A value itself is never kept: it may be a secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import EtcdError
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = ["StoreSample", "find_values", "read_sample", "read_sample_over"]

_FROM_THE_FIRST_TO_THE_LAST = base64.b64encode(b"\0").decode()
_VALUES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSample:
    """A v3 store at one revision.

    Attributes
    ----------
    keys
        How many keys it has.
    values
        The first keys of the store, in base64, each with the sha256 of its value in hex.
    """

    keys: int
    values: Mapping[str, str]

    @property
    def digest(self) -> str:
        """A sha256 over the values, in hex; empty where there is none."""
        return hashlib.sha256(json.dumps(dict(self.values), sort_keys=True).encode()).hexdigest() if self.values else ""


def read_sample(
    endpoint: Endpoint, *, revision: int, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> StoreSample:
    """Read a sample of the store as it was at a revision.

    Parameters
    ----------
    revision
        Which; 0 for a store in which nothing was ever written is read as it is now.

    Raises
    ------
    EtcdError
        When the member does not answer in time, or that revision was compacted.
    SettingsError
        When the TLS files cannot be used.
    """
    deadline = time.monotonic() + (limits or EtcdLimits()).total_s
    with Call(endpoint, context=context_for([endpoint], tls), deadline=deadline) as call:
        return read_sample_over(call, revision=revision)


def read_sample_over(call: Call, *, revision: int) -> StoreSample:
    """Read a sample over an open connection, as `read_sample` does."""
    keys = _range(call, revision, count_only=True).whole("count")
    # Without a sort order: they come in the order of their keys, and etcd reads no more of them than it sends.
    # Asked to sort, it reads every value of the store first.
    first = _range(call, revision, limit=str(_VALUES))
    return StoreSample(keys=keys, values=_read_values(first))


def find_values(
    endpoint: Endpoint,
    digest: str,
    *,
    revision: int,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> bool | None:
    """Say whether the store had the values of a sample at a revision; None where that revision was compacted.

    Parameters
    ----------
    digest
        The sample's `StoreSample.digest`.
    revision
        Which; the store has come as far.

    Raises
    ------
    EtcdError
        When the member does not answer in time.
    SettingsError
        When the TLS files cannot be used.
    """
    deadline = time.monotonic() + (limits or EtcdLimits()).total_s
    with Call(endpoint, context=context_for([endpoint], tls), deadline=deadline) as call:
        try:
            first = _range(call, revision, limit=str(_VALUES))
        except EtcdError as error:
            if "compacted" in str(error):
                return None
            raise
    return StoreSample(keys=0, values=_read_values(first)).digest == digest


def _read_values(first: Fields) -> dict[str, str]:
    return {
        pair.text("key"): hashlib.sha256(base64.b64decode(pair.text("value"))).hexdigest()
        for pair in first.children("kvs")
    }


def _range(call: Call, revision: int, **options: Any) -> Fields:
    whole = {"key": _FROM_THE_FIRST_TO_THE_LAST, "range_end": _FROM_THE_FIRST_TO_THE_LAST}
    return Fields(call.post("/v3/kv/range", {**whole, "revision": str(revision), **options}))
