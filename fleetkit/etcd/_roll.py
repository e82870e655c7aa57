"""Which member an endpoint is: by the member list, read once and by whoever answers first."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from fleetkit.core import EtcdError
from fleetkit.etcd._http import Call
from fleetkit.etcd.endpoints import Endpoint
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

    def learn(self, call: Call, endpoint: Endpoint) -> None:
        """Learn from a member that just answered; names and ids are an extra, so a failure here is none."""
        try:
            if self._claim.acquire(blocking=False):
                self.members = self._read(call)
            if self.members and _match(endpoint, self.members) is None:
                status = MemberStatus.from_json(call.post("/v3/maintenance/status", {}))
                self._ids[endpoint.name] = status.member_id
        except EtcdError:
            return

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

    def _read(self, call: Call) -> tuple[Member, ...]:
        try:
            return read_member_list(call)
        except EtcdError:
            # A learner refuses to list members; the next one that answers is asked instead.
            self._claim.release()
            raise


def _match(endpoint: Endpoint, members: Sequence[Member]) -> Member | None:
    for member in members:
        if member.name == endpoint.name:
            return member
    url = f"{endpoint.scheme}://{endpoint.host}:{endpoint.port}"
    exact = [member for member in members if url in member.client_urls]
    return exact[0] if len(exact) == 1 else None
