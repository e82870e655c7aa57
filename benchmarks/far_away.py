"""A network that is far away, made on loopback: a relay that hands on each piece of data after a time of travel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from fleetkit.etcd import Endpoint

__all__ = ["far_away"]

_PIECE_BYTES = 64 * 1024
_LAST_NEWS_S = 10


@contextmanager
def far_away(endpoints: Sequence[Endpoint], *, travel_s: float) -> Iterator[tuple[Endpoint, ...]]:
    """Yield the endpoints as they are dialled through relays, each direction of which takes ``travel_s`` seconds.

    The bandwidth is not limited, and a piece never waits for the one before: only distance is added.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="far-away")
    thread.start()
    servers: list[asyncio.Server] = []
    try:
        servers += [asyncio.run_coroutine_threadsafe(_serve(one, travel_s), loop).result() for one in endpoints]
        yield tuple(
            replace(one, address="127.0.0.1", port=server.sockets[0].getsockname()[1])
            for one, server in zip(endpoints, servers, strict=True)
        )
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(servers), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(endpoint: Endpoint, travel_s: float) -> asyncio.Server:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(endpoint.address, endpoint.port)
        try:
            await asyncio.gather(_carry(reader, back, travel_s), _carry(there, writer, travel_s))
        finally:
            back.close()
            writer.close()

    return await asyncio.start_server(relay, "127.0.0.1", 0)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, travel_s: float) -> None:
    """Hand on what comes, in its order, each piece ``travel_s`` after it came."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, piece = await under_way.get()
            await asyncio.sleep(due - loop.time())
            if not piece:
                writer.close()
                return
            writer.write(piece)

    delivering = asyncio.ensure_future(deliver())
    try:
        while piece := await reader.read(_PIECE_BYTES):
            under_way.put_nowait((loop.time() + travel_s, piece))
    except ConnectionError:
        # Whoever hangs up hard has ended this connection, and its other end has to hear of it.
        pass
    under_way.put_nowait((loop.time() + travel_s, b""))
    await delivering


async def _end_all(servers: Sequence[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    # Both ends have hung up: what is still under way is the news of that.
    if carrying := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(carrying, timeout=_LAST_NEWS_S)
