"""Which member an endpoint is: by the member list, read once and by whoever answers first."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Sequence

from fleetkit.core import EtcdError
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits
from fleetkit.etcd.maintenance import read_member_list
from fleetkit.etcd.values import Member, MemberStatus

__all__ = ["Roll"]


class Roll:
    """The member list, and the ids that members told of themselves where the list leaves it open.

    Asking every member for its status would tell the same, at twice the time of the health itself.
    """

    def __init__(self) -> None:
        self.members: tuple[Member, ...] = ()
        self._ids: dict[str, str] = {}
        self._claim = threading.Lock()

    def read_once(self, call: Call) -> None:
        """Read the member list, unless another thread does; names are an extra, so a failure here is none."""
        if not self._claim.acquire(blocking=False):
            return
        try:
            self.members = read_member_list(call)
        except EtcdError:
            # A learner refuses to list members; the next one that answers is asked instead.
            self._claim.release()

    def complete(self, answered: Sequence[Endpoint], *, context: ssl.SSLContext | None, deadline: float) -> None:
        """Ask those that answered, and that the list does not tell apart, for their ids; in the time that is left."""
        unknown = [endpoint for endpoint in answered if self.find(endpoint) is None]
        left = deadline - time.monotonic()
        if not unknown or left <= 0:
            return

        def ask(endpoint: Endpoint, until: float) -> str:
            with Call(endpoint, context=context, deadline=until) as call:
                return MemberStatus.from_json(call.post("/v3/maintenance/status", {})).member_id

        self._ids |= ask_each(unknown, ask, limits=EtcdLimits(total_s=left)).ok

    def find(self, endpoint: Endpoint) -> Member | None:
        """Return the member that ``endpoint`` is; None where that is not known."""
        told = self._ids.get(endpoint.name)
        if told:
            return next((member for member in self.members if member.id == told), None)
        return _match(endpoint, self.members)

    @property
    def voters(self) -> int | None:
        """Number of voting members; None while the list is not known."""
        return sum(not member.is_learner for member in self.members) or None


def _match(endpoint: Endpoint, members: Sequence[Member]) -> Member | None:
    for member in members:
        if member.name == endpoint.name:
            return member
    url = f"{endpoint.scheme}://{endpoint.host}:{endpoint.port}"
    exact = [member for member in members if url in member.client_urls]
    return exact[0] if len(exact) == 1 else None
