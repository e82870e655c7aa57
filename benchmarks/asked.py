"""The requests that something makes of AWS, written down, and made again by bare clients: what its calls take alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from fleetkit.aws import open_session
from fleetkit.core import call_each

__all__ = ["Asked", "ask_again", "note_requests"]


@dataclass(slots=True)
class Asked:
    """What AWS was asked.

    Attributes
    ----------
    requests
        Service, operation and parameters of each, pages too, in the order in which they were begun.
    at_once
        The most that were under way at the same time.
    """

    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    at_once: int = 0


@contextlib.contextmanager
def note_requests() -> Iterator[Asked]:
    """Write down what all clients of this process ask inside the block."""
    from botocore.client import BaseClient

    asked, lock, under_way = Asked(), threading.Lock(), 0
    make_call = BaseClient._make_api_call

    def note(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        nonlocal under_way
        with lock:
            asked.requests.append((client.meta.service_model.service_name, operation, dict(parameters)))
            under_way += 1
            asked.at_once = max(asked.at_once, under_way)
        try:
            return make_call(client, operation, parameters)
        finally:
            with lock:
                under_way -= 1

    with mock.patch.object(BaseClient, "_make_api_call", note):
        yield asked


def ask_again(asked: Asked, *, region: str) -> None:
    """Make the same requests by clients that are made anew, as many at the same time, none waiting for another.

    An answer that refuses was one before, too: a part of a bucket's settings that is not there.
    """
    from botocore.exceptions import ClientError

    session = open_session(region)

    def ask(number: int) -> None:
        service, operation, parameters = asked.requests[number]
        with contextlib.suppress(ClientError):
            answer = session.client(service)._make_api_call(operation, parameters)
            if operation == "GetObject":
                answer["Body"].read()

    for error in call_each(range(len(asked.requests)), ask, at_once=asked.at_once).failed.values():
        raise error
