"""What a real fleet v1.0.0 was recorded to be asked and to answer, and sockets that answer so again.

An answer whose status is None closes the connection, as fleet does when it stumbles; one with ``raw`` is sent as it is,
and one with ``silent`` never comes.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

__all__ = ["RECORDINGS", "Replay", "answer_one", "recorded", "replay", "requested"]

RECORDINGS = Path(__file__).parents[1] / "fleet" / "recordings" / "fleet-1.0.0"


def recorded(name: str) -> dict[str, Any]:
    """Return a recorded answer."""
    answer: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))["response"]
    return answer


def requested(name: str) -> dict[str, Any]:
    """Return the request that it answered."""
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))["request"]
    return found


def answer_one(far: socket.socket, choose: Callable[[str, str, str, Any], dict[str, Any]]) -> None:
    """Read one request, and send what ``choose`` returns for its method, target, content type and body."""
    with far, far.makefile("rb") as lines:
        method, target, _ = lines.readline().decode().split()
        headers = dict(line.decode().strip().lower().split(": ", 1) for line in iter(lines.readline, b"\r\n"))
        sent = lines.read(int(headers.get("content-length", 0)))
        answer = choose(method, target, headers.get("content-type", ""), json.loads(sent) if sent else None)
        if "raw" in answer:
            far.sendall(answer["raw"])
        elif answer.get("silent"):
            lines.read()
        elif answer["status"] is not None:
            body = b"" if answer.get("json") is None else json.dumps(answer["json"]).encode()
            head = f"HTTP/1.1 {answer['status']} {answer['reason']}\r\nContent-Length: {len(body)}\r\n\r\n"
            far.sendall(head.encode() + body)


class Replay:
    """Opens sockets behind which each request gets the next of the recorded answers."""

    def __init__(self, answers: Sequence[dict[str, Any]]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.sent: list[tuple[str, str, Any]] = []
        self._threads: list[threading.Thread] = []

    def __call__(self) -> socket.socket:
        near, far = socket.socketpair()
        thread = threading.Thread(target=self._serve, args=(far,))
        thread.start()
        self._threads.append(thread)
        return near

    def _serve(self, far: socket.socket) -> None:
        def choose(method: str, target: str, kind: str, body: Any) -> dict[str, Any]:
            self.asked.append(target)
            self.sent.append((method, kind, body))
            return self._answers.pop(0)

        answer_one(far, choose)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.fixture
def replay() -> Iterator[Callable[..., Replay]]:
    made: list[Replay] = []

    def make(*answers: dict[str, Any]) -> Replay:
        made.append(Replay(answers))
        return made[-1]

    yield make
    for one in made:
        one.join()
