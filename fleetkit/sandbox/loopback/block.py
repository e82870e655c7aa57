"""A block of loopback addresses that one sandbox has to itself: 127.N.0.0/16, for some N."""

from __future__ import annotations

import errno
import random
import socket

from fleetkit.sandbox.hall.errors import HallError

__all__ = ["Block"]

_FIRST, _LAST = 2, 254
_CLAIM_PORT = 45_017
_PER_STEP = 254


class Block:
    """One block; held until `close`, or until the process ends, however it ends.

    Raises
    ------
    HallError
        When every block is taken, or this computer has no loopback addresses but one.
    """

    def __init__(self) -> None:
        self._claim, self._number = _claim()
        self._given = 0

    def next_address(self) -> str:
        """Return an address that was not given before; an old one may still have connections that are ending."""
        step, rest = divmod(self._given, _PER_STEP)
        self._given += 1
        return f"127.{self._number}.{step}.{rest + 1}"

    def close(self) -> None:
        """Let others have the block."""
        self._claim.close()


def _claim() -> tuple[socket.socket, int]:
    numbers = list(range(_FIRST, _LAST + 1))
    random.shuffle(numbers)
    for number in numbers:
        claim = socket.socket()
        try:
            # Bound and never listened on: nobody connects to it, and nobody else can bind it.
            claim.bind((f"127.{number}.255.254", _CLAIM_PORT))
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                raise HallError("loopback addresses past 127.0.0.1 cannot be used", seen=error.strerror) from error
            continue
        return claim, number
    raise HallError("every block of loopback addresses is taken", hint="end sandboxes that are not needed")
