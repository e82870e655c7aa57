"""Replies of fleet's API, and its pages."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Reply", "Request", "error_reply", "json_reply", "page_reply"]

# As Go's encoder does, so that what is sent can stand in a web page.
_ESCAPED = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; names of headers in lower case."""

    method: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, list[str]]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply.

    Attributes
    ----------
    kind
        Its content type; empty for one without.
    named
        Whether it says which server it is of.
    hang_up
        fleet's answer for the state of a unit that has none: no answer at all.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    named: bool = True
    hang_up: bool = False


def json_reply(value: Any, *, status: int = 200) -> Reply:
    """Return a value as fleet writes it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)
    return Reply(status=status, body=text.encode("utf-8", "replace"))


def error_reply(status: int, message: str = "") -> Reply:
    """Return an error as fleet writes it; for most of its own failures it has no words."""
    return json_reply({"error": {"code": status, "message": message}}, status=status)


def page_reply(
    field: str, items: Sequence[Any], query: Mapping[str, list[str]], *, limit: int, shown_empty: bool
) -> Reply:
    """Return one page of a list that is made anew for each page, and the token that asks for the next."""
    tokens = query.get("nextPageToken", [])
    if len(tokens) > 1:
        return error_reply(400, "too many values for page token")
    page = 1
    if tokens:
        try:
            asked, page = struct.unpack("<HH", base64.urlsafe_b64decode(tokens[0])[:4])
        except (binascii.Error, struct.error):
            return error_reply(400, "invalid page token")
        if asked != limit:
            return error_reply(400, f"token limit must be {limit}")
        if page == 0:
            return error_reply(400, "page must be greater than 0")
    shown = list(items[(page - 1) * limit : page * limit])
    answer: dict[str, Any] = {field: shown} if shown or shown_empty else {}
    if len(shown) == limit:
        answer["nextPageToken"] = base64.urlsafe_b64encode(struct.pack("<HH", limit, page + 1)).decode()
    return json_reply(dict(sorted(answer.items())))
