"""The way from a machine's programs to private addresses: an HTTP proxy that knows CONNECT and the table, no more.

Go's programs take it from HTTPS_PROXY. What passes is TLS from end to end: nothing here can read or change it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fleetkit.sandbox.loopback.inside.here import Here

__all__ = ["open_relay"]

_HEAD_BYTES = 8192
_CHUNK = 1 << 16
_CONNECT_S = 5.0


async def open_relay(here: Here) -> tuple[asyncio.Server, str]:
    """Open a machine's relay at its own place, and return it with its URL."""
    # The loop refers to a task only weakly, and a side that has said all it has to say refers to nothing.
    passing: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _serve(here, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # Whoever called is gone or speaks no HTTP, and is not owed an answer.
            return
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(pass_on(reader, writer))
        passing.add(task)
        task.add_done_callback(passing.discard)

    server = await asyncio.start_server(accept, here.loopback, 0, limit=_HEAD_BYTES)
    host, port = server.sockets[0].getsockname()
    return server, f"http://{host}:{port}"


async def _serve(here: Here, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, _, rest = head.partition(" ")
    host, _, port = rest.partition(" ")[0].rpartition(":")
    if method != "CONNECT" or not port.isdigit():
        await _answer(writer, "405 Method Not Allowed")
        return
    try:
        place = here.place(host, int(port))
    except LookupError as error:
        here.say(f"relay: {error}")
        await _answer(writer, "403 Forbidden")
        return
    try:
        dialled = asyncio.open_connection(*place, local_addr=(here.loopback, 0))
        far_reader, far_writer = await asyncio.wait_for(dialled, _CONNECT_S)
    except (OSError, TimeoutError):
        await _answer(writer, "502 Bad Gateway")
        return
    try:
        await _answer(writer, "200 Connection established")
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    finally:
        far_writer.close()


async def _answer(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode("latin-1"))
    await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the reader's end, and say so to the writer."""
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
