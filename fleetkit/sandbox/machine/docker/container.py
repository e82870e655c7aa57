"""One container: its program, what that wrote, and its end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fleetkit.sandbox.machine.docker.options import RunOptions

__all__ = ["Container"]

_BLOCK = 65536


@dataclass(slots=True, kw_only=True)
class Container:
    """A container; ``code`` is None while it runs."""

    identity: str
    name: str
    options: RunOptions
    pid: int
    log: Path
    output: int
    code: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: set[asyncio.Event] = field(default_factory=set)

    def take_output(self) -> bool:
        """Move what the program wrote into the log; return False when there is no more for now."""
        try:
            text = os.read(self.output, _BLOCK)
        except BlockingIOError:
            return False
        if text:
            with self.log.open("ab") as log:
                log.write(text)
            self.tell()
        return bool(text)

    def tell(self) -> None:
        """Wake those who follow the container."""
        for listener in self.listeners:
            listener.set()

    def send_signal(self, number: int) -> None:
        """Send its program a signal; one that has ended is no error."""
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self, *, wait_s: float) -> None:
        """Have its program end, within ``wait_s`` seconds by itself, and wait for it."""
        if wait_s > 0 and self.code is None:
            self.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), wait_s)
        self.send_signal(signal.SIGKILL)
        await self.ended.wait()

    async def follow(self, show: Callable[[bytes], Awaitable[None]]) -> None:
        """Show its log, and what is added to it, until it ends."""
        shown = 0
        news = asyncio.Event()
        self.listeners.add(news)
        try:
            while True:
                ended = self.ended.is_set()
                news.clear()
                with self.log.open("rb") as log:
                    log.seek(shown)
                    text = log.read()
                if text:
                    shown += len(text)
                    await show(text)
                if ended:
                    return
                await news.wait()
        finally:
            self.listeners.discard(news)
