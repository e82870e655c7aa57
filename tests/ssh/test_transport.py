"""What paramiko raises by itself comes out as the room's own errors."""

from __future__ import annotations

import paramiko
import pytest

from fleetkit.core import SshError
from fleetkit.ssh import SshLimits
from fleetkit.ssh._config import Route
from fleetkit.ssh._streamlocal import StreamLocalTransport
from fleetkit.ssh._transport import open_transport


class _CutOff(paramiko.Transport):
    """A connection whose other end goes away while a channel is asked for."""

    def __init__(self) -> None:
        """Begin nothing: it is never negotiated."""

    def open_channel(self, *_: object, **__: object) -> paramiko.Channel:
        raise EOFError


def test_a_bastion_that_goes_away_meanwhile_is_an_error_that_can_be_tried_again() -> None:
    route = Route(
        asked="etcd1", host="192.0.2.1", port=22, user="core", host_keys=(), key_files=(), named=False, agent="none",
        jump=None,
    )  # fmt: skip
    with pytest.raises(SshError, match="cannot be reached from the machine before it") as told:
        open_transport(route, limits=SshLimits(), via=_CutOff())
    assert told.value.transient
    assert told.value.seen == "its connection ended meanwhile"


class _Broken:
    """A channel of a connection that has broken, and does not know it yet: telling it of one's end fails."""

    _closed = False

    def settimeout(self, _seconds: float) -> None:
        """Nothing is waited for."""

    def close(self) -> None:
        raise EOFError


class _Hop(paramiko.Transport):
    closed = False

    def __init__(self) -> None:
        """Begin nothing: it is never negotiated."""

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("negotiated", [True, False])
def test_the_end_of_what_ran_through_a_connection_that_broke_is_no_error(negotiated: bool) -> None:
    transport = StreamLocalTransport(_Broken())  # type: ignore[arg-type] # it has what closing asks of a socket
    transport.active, transport.hop = negotiated, _Hop()
    transport.close()
    assert transport.hop.closed
    assert not transport.is_active()
