"""The few messages of nf_tables that a hall needs, in the kernel's own encoding (nfnetlink).

No binary and no library: the encoding is small, fixed by the kernel's ABI, and sent in batches,
which the kernel takes whole or not at all.
Names and numbers are those of ``linux/netfilter/nf_tables.h``.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Sequence
from typing import Literal

__all__ = [
    "RULES_PER_BATCH",
    "Match",
    "Message",
    "empty_chain",
    "hook_chain",
    "jump",
    "make_chain",
    "make_table",
    "remove_chain",
    "rule",
    "send_batch",
    "stateful_accept",
]

RULES_PER_BATCH = 500
"""A batch must fit into the socket's buffer, of which a system gives 200 kB; a long rule takes 400 bytes."""

_NFPROTO_IPV4 = 2
_SUBSYSTEM = 10
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEWTABLE, _NEWCHAIN, _DELCHAIN, _NEWRULE, _DELRULE = 0, 3, 5, 6, 8
_REQUEST, _ACK, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_NESTED = 0x8000
_ERROR = 2
_REGISTER = 1
_CMP_EQ, _CMP_NEQ, _CMP_LTE, _CMP_GTE = 0, 1, 3, 5
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_META_L4PROTO = 16
_ESTABLISHED_RELATED = 0x2 | 0x4
_VERDICTS = {"drop": 0, "accept": 1}
_JUMP = 0xFFFFFFFD
_HOOKS = {"prerouting": 0, "forward": 2}
_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}
_SOURCE_AT, _DESTINATION_AT = 12, 16
_PORT_AT = {"source": 0, "destination": 2}
_NLMSGHDR = struct.Struct("=IHHII")
_LONGEST_BATCH = 400_000

Message = tuple[int, int, bytes]
"""Type within nf_tables, flags, attributes."""


class Match:
    """Conditions of one rule, as the kernel's expressions; all must hold."""

    def __init__(self) -> None:
        self.expressions = b""

    def address(self, side: Literal["source", "destination"], network: str) -> Match:
        """Require the address on ``side`` to lie in ``network``; ``0.0.0.0/0`` asks nothing."""
        parsed = ipaddress.IPv4Network(network)
        if parsed.prefixlen == 0:
            return self
        at = _SOURCE_AT if side == "source" else _DESTINATION_AT
        self.expressions += _load_payload(_NETWORK_HEADER, at, 4)
        if parsed.prefixlen < parsed.max_prefixlen:
            self.expressions += _bitwise(parsed.netmask.packed)
        self.expressions += _compare(_CMP_EQ, parsed.network_address.packed)
        return self

    def protocol(self, name: str) -> Match:
        """Require the transport protocol; ``any`` asks nothing."""
        if name != "any":
            self.expressions += _expression("meta", _u32(1, _REGISTER) + _u32(2, _META_L4PROTO))
            self.expressions += _compare(_CMP_EQ, bytes([_PROTOCOLS[name]]))
        return self

    def ports(self, side: Literal["source", "destination"], first: int, last: int) -> Match:
        """Require the port on ``side`` to lie between ``first`` and ``last``; the protocol must be given before."""
        self.expressions += _load_payload(_TRANSPORT_HEADER, _PORT_AT[side], 2)
        if first == last:
            self.expressions += _compare(_CMP_EQ, struct.pack(">H", first))
        else:
            self.expressions += _compare(_CMP_GTE, struct.pack(">H", first))
            self.expressions += _compare(_CMP_LTE, struct.pack(">H", last))
        return self


def make_table(table: str) -> Message:
    """Return the message that leaves ``table`` there, whether or not it was there before."""
    return _NEWTABLE, _CREATE, _text(1, table)


def hook_chain(table: str, chain: str, *, hook: str, priority: int, policy: str) -> Message:
    """Return the message that leaves ``chain`` hooked into the path of packets; its rules stay."""
    where = _u32(1, _HOOKS[hook]) + _attribute(2, struct.pack(">i", priority))
    return (
        _NEWCHAIN,
        _CREATE,
        _text(1, table) + _text(3, chain) + _nested(4, where) + _u32(5, _VERDICTS[policy]) + _text(7, "filter"),
    )


def make_chain(table: str, chain: str) -> Message:
    """Return the message that makes a chain which packets meet only when another jumps to it."""
    return _NEWCHAIN, _CREATE, _text(1, table) + _text(3, chain)


def empty_chain(table: str, chain: str) -> Message:
    """Return the message that takes all rules out of a chain."""
    return _DELRULE, 0, _text(1, table) + _text(2, chain)


def remove_chain(table: str, chain: str) -> Message:
    """Return the message that removes a chain with its rules; none may jump to it any more."""
    return _DELCHAIN, 0, _text(1, table) + _text(3, chain)


def rule(table: str, chain: str, match: Match, verdict: str) -> Message:
    """Return the message that appends a rule to ``chain``."""
    return _append(table, chain, match.expressions, _u32(1, _VERDICTS[verdict]))


def jump(table: str, chain: str, *, to: str) -> Message:
    """Return the message that appends to ``chain`` the rule to go through the chain ``to``."""
    return _append(table, chain, b"", _u32(1, _JUMP) + _text(2, to))


def _append(table: str, chain: str, conditions: bytes, verdict: bytes) -> Message:
    ending = _expression("immediate", _u32(1, 0) + _nested(2, _nested(2, verdict)))
    return _NEWRULE, _CREATE | _APPEND, _text(1, table) + _text(2, chain) + _nested(4, conditions + ending)


def stateful_accept(table: str, chain: str) -> Message:
    """Return the rule that lets through what belongs to a connection let through before."""
    match = Match()
    match.expressions = (
        _expression("ct", _u32(1, _REGISTER) + _u32(2, 0))
        # The state is a number of the host's own byte order, unlike all that comes from a packet.
        + _bitwise(struct.pack("=I", _ESTABLISHED_RELATED))
        + _compare(_CMP_NEQ, struct.pack("=I", 0))
    )
    return rule(table, chain, match, "accept")


def send_batch(channel: socket.socket, messages: Sequence[Message]) -> None:
    """Have the kernel take all ``messages`` at once.

    Parameters
    ----------
    channel
        A ``NETLINK_NETFILTER`` socket opened in the network namespace concerned.

    Raises
    ------
    OSError
        When the kernel refuses one of them; nothing has changed then.
    """
    parts = [_frame(_BATCH_BEGIN, _REQUEST, 0, _header(_SUBSYSTEM))]
    for number, (kind, flags, attributes) in enumerate(messages, 1):
        ack = _ACK if number == len(messages) else 0
        parts.append(_frame(_SUBSYSTEM << 8 | kind, _REQUEST | flags | ack, number, _header(0) + attributes))
    parts.append(_frame(_BATCH_END, _REQUEST, len(messages) + 1, _header(_SUBSYSTEM)))
    batch = b"".join(parts)
    if len(batch) > _LONGEST_BATCH:
        raise OSError(errno.EMSGSIZE, f"{len(messages)} firewall messages do not fit into one batch")
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST_BATCH)
    channel.send(batch)
    _await_verdict(channel, last=len(messages))


def _await_verdict(channel: socket.socket, *, last: int) -> None:
    while True:
        data = channel.recv(65536)
        while data:
            length, kind, _, number, _ = _NLMSGHDR.unpack_from(data)
            if kind == _ERROR:
                (code,) = struct.unpack_from("=i", data, _NLMSGHDR.size)
                if code != 0:
                    raise OSError(-code, f"nf_tables refused message {number}: {os.strerror(-code)}")
                if number == last:
                    return
            data = data[(length + 3) & ~3 :]


def _frame(kind: int, flags: int, number: int, body: bytes) -> bytes:
    return _NLMSGHDR.pack(_NLMSGHDR.size + len(body), kind, flags, number, 0) + body


def _header(resource: int) -> bytes:
    return struct.pack(">BBH", _NFPROTO_IPV4, 0, resource)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _nested(kind: int, value: bytes) -> bytes:
    return _attribute(kind | _NESTED, value)


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _u32(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack(">I", value))


def _expression(name: str, data: bytes) -> bytes:
    return _nested(1, _text(1, name) + _nested(2, data))


def _load_payload(base: int, offset: int, length: int) -> bytes:
    return _expression("payload", _u32(1, _REGISTER) + _u32(2, base) + _u32(3, offset) + _u32(4, length))


def _compare(operator: int, value: bytes) -> bytes:
    return _expression("cmp", _u32(1, _REGISTER) + _u32(2, operator) + _nested(3, _attribute(1, value)))


def _bitwise(mask: bytes) -> bytes:
    data = _u32(1, _REGISTER) + _u32(2, _REGISTER) + _u32(3, len(mask))
    return _expression("bitwise", data + _nested(4, _attribute(1, mask)) + _nested(5, _attribute(1, bytes(len(mask)))))
