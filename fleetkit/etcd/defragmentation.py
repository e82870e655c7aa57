"""Giving space back: dropping history that nobody needs any more, and the file's free pages."""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import EtcdError
from fleetkit.etcd._changing import ask_change, ask_member
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = ["compact", "defragment"]

_REWRITE_S = 120.0
"""Seconds that a member may take to rewrite its backend: etcdctl's own five are too few for a large one."""


def compact(
    endpoints: Sequence[Endpoint],
    revision: int,
    *,
    physical: bool = True,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> bool:
    """Drop the history of all keys before ``revision``, on all members; what keys hold now stays.

    Parameters
    ----------
    revision
        Watches and reads of what is older fail from now on.
    physical
        Whether to wait until the member that was asked has freed the pages.

    Returns
    -------
    bool
        Whether there was anything to drop: false where that was done before.

    Raises
    ------
    EtcdError
        When there is no such revision yet, or no member took the change.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    body = {"revision": str(revision), "physical": physical}
    try:
        ask_change(endpoints, "/v3/kv/compaction", body, tls=tls, limits=limits, what=f"the compaction to {revision}")
    except EtcdError as error:
        if "required revision has been compacted" in str(error.seen):
            return False
        raise
    return True


def defragment(endpoint: Endpoint, *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None) -> None:
    """Have one member rewrite its backend without free pages; it serves nobody while it does.

    Raises
    ------
    EtcdError
        When it refuses, or does not end in time: it goes on all the same then, and answers again afterwards.
    SettingsError
        When the TLS files cannot be used.
    """
    limits = limits or EtcdLimits(total_s=_REWRITE_S)
    ask_member(endpoint, "/v3/maintenance/defragment", {}, tls=tls, limits=limits, what="the defragmentation")
