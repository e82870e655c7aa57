"""Connections passed on: accepted in one place of the network, dialled from another.

All of a sandbox's relays share one thread; dialling, which blocks, has a few of its own.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

__all__ = ["Relay", "RelayThread"]

_Dial = Callable[[], socket.socket]
"""Returns a connected socket, or raises OSError where nothing can be reached."""

_CHUNK = 1 << 16


class Relay:
    """One listening place that is being relayed; made by `RelayThread.serve`."""

    def __init__(self, thread: RelayThread, server: asyncio.Server) -> None:
        self._thread = thread
        self._server = server

    def close(self) -> None:
        """Stop accepting; connections that are open go on."""
        self._thread.call(self._server.close)


class RelayThread:
    """The thread that relays."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._dialers = concurrent.futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="dial")
        self._servers: list[asyncio.Server] = []
        # The loop refers to a task only weakly, and once a side has said all that it has to say, so does everything
        # else: the connection would be collected while it waits for the answer.
        self._passing: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()

    def serve(
        self,
        listener: socket.socket,
        dial: _Dial,
        *,
        tls: ssl.SSLContext | None = None,
        refusal: bytes = b"",
    ) -> Relay:
        """Relay what connects to ``listener`` to what ``dial`` returns, each connection to a new one.

        Parameters
        ----------
        tls
            Ends TLS here, so that the other side is spoken to in clear.
        refusal
            Sent before closing where nothing could be dialled.
        """
        listener.setblocking(False)

        async def start() -> asyncio.Server:
            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = self._loop.create_task(self._pass_on(reader, writer, dial, refusal))
                self._passing.add(task)
                task.add_done_callback(self._passing.discard)

            server = await asyncio.start_server(accept, sock=listener, ssl=tls)
            self._servers.append(server)
            return server

        return Relay(self, asyncio.run_coroutine_threadsafe(start(), self._loop).result())

    def call(self, function: Callable[[], object]) -> None:
        """Run a function in the thread, soon."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """End the thread and all that it relays."""
        asyncio.run_coroutine_threadsafe(self._end_all(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._dialers.shutdown(wait=False, cancel_futures=True)
        self._loop.close()

    async def _end_all(self) -> None:
        for server in self._servers:
            server.close()
        # A connection that was being accepted may yet begin a task, so it is looked for them until there are none.
        while running := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            # One more round, in which the transports of what was cancelled close.
            await asyncio.sleep(0)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dial: _Dial, refusal: bytes
    ) -> None:
        try:
            far = await self._loop.run_in_executor(self._dialers, dial)
        except OSError:
            with contextlib.suppress(OSError):
                if refusal:
                    # Read what was asked, or the answer is lost in a reset.
                    await reader.read(_CHUNK)
                    writer.write(refusal)
                    await writer.drain()
            writer.close()
            return
        for end in (far, writer.get_extra_info("socket")):
            # Small writes of an interactive tunnel must not wait for their acknowledgement.
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far.setblocking(False)
        far_reader, far_writer = await asyncio.open_connection(sock=far)
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            writer.close()
            far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the reader's end, then say so to the writer; a broken side ends both."""
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except (OSError, ssl.SSLError):
        writer.close()
