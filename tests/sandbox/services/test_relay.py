"""Connections are passed on whole, in both directions, or refused in words."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Iterator

import pytest

from fleetkit.sandbox.services.relay import RelayThread


@pytest.fixture
def relay() -> Iterator[RelayThread]:
    thread = RelayThread()
    yield thread
    thread.stop()


def _echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def _let_it_come_to_rest(relay: RelayThread) -> None:
    """Return when the thread has done what it could begin by now."""
    passed = threading.Event()
    relay.call(passed.set)
    assert passed.wait(10)


def test_what_is_sent_arrives_and_the_end_is_passed_on(relay: RelayThread) -> None:
    data = bytes(range(256)) * 4000
    with socket.create_server(("127.0.0.1", 0)) as far, socket.create_server(("127.0.0.1", 0)) as near:
        threading.Thread(target=lambda: _echo(far.accept()[0])).start()
        place = near.getsockname()
        relay.serve(near.dup(), lambda: socket.create_connection(far.getsockname()))
        with socket.create_connection(place, timeout=10) as client:
            sender = threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
            sender.start()
            received = b"".join(iter(lambda: client.recv(65536), b""))
            sender.join()
    assert received == data


def test_where_nothing_can_be_dialled_the_refusal_is_answered(relay: RelayThread) -> None:
    def dial() -> socket.socket:
        raise ConnectionRefusedError

    with socket.create_server(("127.0.0.1", 0)) as near:
        relay.serve(near.dup(), dial, refusal=b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
        with socket.create_connection(near.getsockname(), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 503")


def test_who_has_said_all_and_waits_for_the_answer_is_kept(relay: RelayThread) -> None:
    """Nothing that is still to happen on this side then refers to the connection, so it was collected as garbage."""
    with socket.create_server(("127.0.0.1", 0)) as far, socket.create_server(("127.0.0.1", 0)) as near:
        relay.serve(near.dup(), lambda: socket.create_connection(far.getsockname()))
        with socket.create_connection(near.getsockname(), timeout=10) as client:
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            answering = far.accept()[0]
            with answering:
                assert b"".join(iter(lambda: answering.recv(4096), b"")) == b"question"
                for _ in range(5):
                    _let_it_come_to_rest(relay)
                gc.collect()
                answering.sendall(b"answer")
            assert b"".join(iter(lambda: client.recv(4096), b"")) == b"answer"
