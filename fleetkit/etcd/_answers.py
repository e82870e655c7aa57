"""A member's answer, read to its end."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "read_answer", "read_index"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A member's answer: HTTP status, the body as JSON or else as text, and the v2 store's index where it tells it."""

    status: int
    body: Any
    index: int = 0


def read_answer(response: http.client.HTTPResponse) -> Answer:
    """Read all of a response."""
    return Answer(response.status, _decode(response.read()), read_index(response))


def read_index(response: http.client.HTTPResponse) -> int:
    """Return the v2 store's index as the response's header tells it, before its body is there; 0 where it does not."""
    index = response.headers.get("X-Etcd-Index", "")
    return int(index) if index.isdecimal() else 0


def _decode(content: bytes) -> Any:
    text = content.decode("utf-8", errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
