"""Where programs of a machine ask its init: a unix socket, one question per connection."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.sandbox.sockets import open_short_path

__all__ = ["CONTROL", "Answer", "Question", "Verb", "serve_control"]

CONTROL = Path("/run/sandbox/control.sock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a program was called with.

    Attributes
    ----------
    words
        Its words without its own name.
    env, cwd
        The caller's environment and folder.
    signals
        Signals that the caller got meanwhile, to be passed on.
    """

    words: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    signals: asyncio.Queue[int]


class Answer:
    """What goes back to the caller, to be shown by it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def out(self, text: str | bytes) -> None:
        """Have the caller write to its standard output."""
        await self._send("out", text)

    async def err(self, text: str | bytes) -> None:
        """Have the caller write to its standard error."""
        await self._send("err", text)

    async def _send(self, stream: str, text: str | bytes) -> None:
        raw = text.encode() if isinstance(text, str) else text
        self._writer.write(json.dumps({stream: raw.decode("latin-1")}).encode() + b"\n")
        await self._writer.drain()


Verb = Callable[[Question, Answer], Awaitable[int]]


async def serve_control(verbs: Mapping[str, Verb], *, place: Path = CONTROL) -> asyncio.Server:
    """Answer questions by name of the program, from now on, at a socket."""

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            line = await reader.readline()
            if line:
                request: dict[str, Any] = json.loads(line)
                code = await _answer(verbs[request["name"]], request, reader, writer)
                writer.write(json.dumps({"code": code}).encode() + b"\n")
                await writer.drain()
        writer.close()

    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX)
    with open_short_path(place) as name:
        server.bind(name)
    return await asyncio.start_unix_server(serve_one, sock=server, limit=2**22)


async def _answer(
    verb: Verb, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> int:
    signals: asyncio.Queue[int] = asyncio.Queue()
    question = Question(words=tuple(request["words"]), env=request["env"], cwd=request["cwd"], signals=signals)
    work = asyncio.ensure_future(verb(question, Answer(writer)))
    listening = asyncio.create_task(_listen(reader, signals))
    # A caller that goes away before its answer takes its question with it, as when a client is killed.
    await asyncio.wait([work, listening], return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        listening.cancel()
        return work.result()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return 1


async def _listen(reader: asyncio.StreamReader, signals: asyncio.Queue[int]) -> None:
    with suppress(ConnectionError):
        while line := await reader.readline():
            signals.put_nowait(json.loads(line)["signal"])
