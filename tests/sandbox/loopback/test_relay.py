"""The way from a machine's programs to private addresses: by the table, and to the end of the answer."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from fleetkit.sandbox.loopback import Row, Table
from fleetkit.sandbox.loopback.inside.here import Here
from fleetkit.sandbox.loopback.inside.relay import open_relay

OWN = "10.10.3.100"


@pytest.fixture
def here(tmp_path: Path) -> Here:
    Table(lowest_port=1024, rows={OWN: Row(address=OWN, loopback="127.0.0.1", root=str(tmp_path))}).write(
        tmp_path / "table.json"
    )
    return Here(hall=tmp_path, folder=tmp_path, address=OWN)


async def ask(here: Here, request: str) -> bytes:
    """Send one head to a machine's relay and return what it answers, to its end."""
    server, url = await open_relay(here)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(f"{request}\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("GET / HTTP/1.1", "405"), ("CONNECT 10.10.9.9:2380 HTTP/1.1", "403"), (f"CONNECT {OWN}:1 HTTP/1.1", "502")],
    ids=["no CONNECT", "an address that no machine has", "nobody listens"],
)
def test_what_cannot_be_passed_on_is_refused_in_words(here: Here, request_line: str, status: str) -> None:
    assert asyncio.run(ask(here, request_line)).startswith(f"HTTP/1.1 {status} ".encode())


def test_who_has_said_all_and_waits_for_the_answer_is_kept(here: Here) -> None:
    async def talk() -> bytes:
        accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        far = await asyncio.start_server(lambda *ends: accepted.put_nowait(ends), "127.0.0.1", 0)
        relay, url = await open_relay(here)
        async with far, relay:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
            writer.write(f"CONNECT {OWN}:{far.sockets[0].getsockname()[1]} HTTP/1.1\r\n\r\nquestion".encode())
            writer.write_eof()
            far_reader, far_writer = await accepted.get()
            assert await far_reader.read() == b"question"
            for _ in range(5):
                await asyncio.sleep(0)
            gc.collect()
            far_writer.write(b"answer")
            far_writer.close()
            answer = await reader.read()
            writer.close()
        return answer

    assert asyncio.run(talk()).endswith(b"\r\n\r\nanswer")
