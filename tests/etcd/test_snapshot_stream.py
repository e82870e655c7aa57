"""A snapshot that is not whole gets no name, whatever is wrong with its stream; and its size costs no memory."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from support.http_answers import SilentHandler, serve_handler

from fleetkit.core import EtcdError
from fleetkit.etcd import Endpoint, EtcdLimits, parse_endpoint, save_snapshot

DATA = bytes(range(256)) * 256
DIGEST = hashlib.sha256(DATA).digest()


def message(blob: bytes, remaining: int) -> bytes:
    """Write one line as etcd 3.5.1's gateway does: what is zero is left out."""
    result = {"blob": base64.b64encode(blob).decode()} | ({"remaining_bytes": str(remaining)} if remaining else {})
    return json.dumps({"result": result}).encode() + b"\n"


WHOLE = (message(DATA[:40_000], len(DATA) - 40_000), message(DATA[40_000:], 0), message(DIGEST, 0))


@contextlib.contextmanager
def serve(lines: Callable[[], Iterable[bytes]], *, ends: bool = True) -> Iterator[Endpoint]:
    """Answer in chunks, as the gateway does; without an end, the connection just closes."""

    class Handler(SilentHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 -- the base class looks for this name
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for line in lines():
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            if ends:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

    with serve_handler(Handler) as address:
        yield parse_endpoint(address)


CASES = {
    "cut off between messages": (WHOLE[:1], True, "broke off: after 40000 bytes, with 25536 still to come"),
    "cut off without an end": (WHOLE[:1], False, "cut off in the middle"),
    "without its hash": (WHOLE[:2], True, "sha256"),
    "one byte changed": ((WHOLE[0], message(b"?" + DATA[40_001:], 0), WHOLE[2]), True, "sha256"),
    "a piece left out": ((WHOLE[0], WHOLE[2]), True, "sha256"),
    "a line without an end": ((b'{"result":{"blob":"' + b"A" * 17 * 1024 * 1024,), True, "a line of more than"),
    "nothing at all": ((), True, "nothing came"),
    "an error in the middle": (
        (WHOLE[0], b'{"error":{"grpc_code":14,"message":"transport is closing"}}\n'),
        True,
        "broke the snapshot off: transport is closing",
    ),
    "no JSON": ((b"<html>\n",), True, "is no JSON"),
    "no base64": ((b'{"result":{"blob":"?"}}\n',), True, "base64"),
    "base64 with something in it": ((b'{"result":{"blob":"AA?AAA=="}}\n',), True, "base64"),
    "base64 without its end": ((b'{"result":{"blob":"AAAAA"}}\n',), True, "base64"),
    "letters that base64 has not": (('{"result":{"blob":"AAé="}}\n'.encode(),), True, "base64"),
    "whole, and no backend": (WHOLE, True, "is no backend of etcd"),
}


@pytest.mark.parametrize(("lines", "ends", "reason"), CASES.values(), ids=CASES)
def test_what_is_not_whole_is_refused_and_leaves_nothing(
    tmp_path: Path, lines: tuple[bytes, ...], ends: bool, reason: str
) -> None:
    with serve(lambda: lines, ends=ends) as endpoint, pytest.raises(EtcdError, match=reason):
        save_snapshot(endpoint, tmp_path / "snapshot.db")
    assert list(tmp_path.iterdir()) == []


def test_a_stream_that_stalls_is_given_up(tmp_path: Path) -> None:
    waiting = threading.Event()

    def stalled() -> Iterator[bytes]:
        yield WHOLE[0]
        waiting.wait(30)

    with serve(stalled) as endpoint:
        with pytest.raises(EtcdError, match="no answer within"):
            save_snapshot(endpoint, tmp_path / "snapshot.db", limits=EtcdLimits(total_s=0.3))
        waiting.set()
    assert list(tmp_path.iterdir()) == []


_MEASURED = """
import resource, sys
from pathlib import Path
from fleetkit.core import EtcdError
from fleetkit.etcd import parse_endpoint, save_snapshot
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    save_snapshot(parse_endpoint(sys.argv[1]), Path(sys.argv[2]))
except EtcdError as error:
    assert "no backend" in str(error), error
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_snapshot(tmp_path: Path) -> None:
    blob, number = b"\0" * 32 * 1024, 4096
    digest = hashlib.sha256()
    for _ in range(number):
        digest.update(blob)

    def lines() -> Iterator[bytes]:
        for left in range(number - 1, -1, -1):
            yield message(blob, left * len(blob))
        yield message(digest.digest(), 0)

    with serve(lines) as endpoint:
        ended = subprocess.run(
            [sys.executable, "-c", _MEASURED, endpoint.name, str(tmp_path / "snapshot.db")],
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
    # 128 MiB went through; what is held at once are single pieces.
    assert int(ended.stdout) < 24 * 1024
