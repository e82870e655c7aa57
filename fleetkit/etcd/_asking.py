"""Asking all members the same, over a connection to each, and taking the first answer."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import TypeVar

from fleetkit.etcd._gather import ask_first
from fleetkit.etcd._http import Call, make_context
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = ["context_for", "read_first"]

T = TypeVar("T")


def read_first(
    endpoints: Sequence[Endpoint],
    read: Callable[[Call], T],
    *,
    tls: TlsFiles | None,
    limits: EtcdLimits | None,
    what: str,
) -> T:
    """Return what is read of the first member that answers; ``read`` changes nothing, for all of them are asked.

    Parameters
    ----------
    what
        What is read, as it is to stand in an error: ``"the member list"``.

    Raises
    ------
    EtcdError
        When no member answered in time; says why of each.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    context = context_for(endpoints, tls)

    def ask(endpoint: Endpoint, deadline: float) -> T:
        with Call(endpoint, context=context, deadline=deadline) as call:
            return read(call)

    return ask_first(endpoints, ask, limits=limits or EtcdLimits(), what=what)


def context_for(endpoints: Sequence[Endpoint], tls: TlsFiles | None) -> ssl.SSLContext | None:
    """Make the TLS context where an endpoint needs one."""
    return make_context(tls) if any(endpoint.scheme == "https" for endpoint in endpoints) else None
