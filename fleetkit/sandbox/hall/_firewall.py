"""The router's firewall and its faults, each a table of its own whose rules are replaced as a whole.

Traffic to the router itself (the metadata service) is no forwarding and meets the faults alone.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from fleetkit.sandbox.hall import _netfilter as nft

__all__ = ["Firewall"]

_NETLINK_NETFILTER = 12
_POLICY, _FAULTS = "fleetkit_policy", "fleetkit_faults"
_HOOKED = "packets"
_BEFORE_CONNECTION_TRACKING = -300
_TIMEOUT_S = 5
_ENDS: tuple[Literal["source", "destination"], ...] = ("source", "destination")


class Firewall:
    """Speaks to nf_tables of the network namespace in which it is made."""

    def __init__(self) -> None:
        self._channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        self._channel.settimeout(_TIMEOUT_S)
        self._current: dict[str, str] = {}
        self._count = 0
        messages = []
        for table, hook, priority, policy in (
            (_POLICY, "forward", 0, "drop"),
            (_FAULTS, "prerouting", _BEFORE_CONNECTION_TRACKING, "accept"),
        ):
            messages += [
                nft.make_table(table),
                nft.hook_chain(table, _HOOKED, hook=hook, priority=priority, policy=policy),
            ]
        nft.send_batch(self._channel, messages)

    def set_policy(self, allowed: Iterable[Sequence[Any]]) -> None:
        """Let through what is ``allowed`` (source, destination, protocol, ports or None), and drop the rest."""
        matches = []
        for source, destination, protocol, ports in allowed:
            match = nft.Match().address("source", source).address("destination", destination).protocol(protocol)
            if ports is not None:
                match.ports("destination", ports[0], ports[1])
            matches.append(match)
        self._replace(_POLICY, matches, verdict="accept", first=[nft.stateful_accept(_POLICY, _HOOKED)])

    def set_faults(
        self,
        *,
        cut_ports: Iterable[tuple[str, int]],
        partitions: Iterable[tuple[Sequence[str], Sequence[str]]],
        unplugged: Iterable[str],
    ) -> None:
        """Drop what the faults hit, also of connections that are open.

        The drop happens in the router, so that neither end is told: as with a broken line, each waits.
        """
        matches: list[nft.Match] = []
        for address, port in cut_ports:
            for end, side in itertools.product(_ENDS, repeat=2):
                matches.append(nft.Match().address(end, address).protocol("tcp").ports(side, port, port))
        for ones, others in partitions:
            for one, other in itertools.product(ones, others):
                matches.append(nft.Match().address("source", one).address("destination", other))
                matches.append(nft.Match().address("source", other).address("destination", one))
        for address in unplugged:
            matches.append(nft.Match().address("source", address))
            matches.append(nft.Match().address("destination", address))
        self._replace(_FAULTS, matches, verdict="drop", first=[])

    def _replace(self, table: str, matches: Sequence[nft.Match], *, verdict: str, first: Sequence[nft.Message]) -> None:
        # The new rules are laid down beside the old ones, in a chain that no packet meets yet,
        # because there may be more of them than one batch takes; the last batch changes over at once.
        self._count += 1
        fresh = f"rules{self._count}"
        nft.send_batch(self._channel, [nft.make_chain(table, fresh)])
        rules = [nft.rule(table, fresh, match, verdict) for match in matches]
        for start in range(0, len(rules), nft.RULES_PER_BATCH):
            nft.send_batch(self._channel, rules[start : start + nft.RULES_PER_BATCH])
        change = [nft.empty_chain(table, _HOOKED), *first, nft.jump(table, _HOOKED, to=fresh)]
        if table in self._current:
            change.append(nft.remove_chain(table, self._current[table]))
        nft.send_batch(self._channel, change)
        self._current[table] = fresh
