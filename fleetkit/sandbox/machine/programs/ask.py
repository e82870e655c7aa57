"""``systemctl``, ``journalctl`` and ``docker`` inside a machine: hand the words to init and show its answer.

Standard library only, and no other module of ours: it is started often, and without ``site``.
Init answers with lines of JSON: ``out`` and ``err`` are text to show, ``code`` is the end.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

__all__ = ["CONTROL", "main"]

CONTROL = "/run/sandbox/control.sock"
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def main() -> int:
    """Ask init, show what it says until it says the end, and return the code."""
    name, words = sys.argv[1], sys.argv[2:]
    try:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.connect(CONTROL)
    except OSError as error:
        sys.stderr.write(f"{name}: init of this machine does not answer: {error}\n")
        return 1
    request = {"name": name, "words": words, "env": dict(os.environ), "cwd": os.getcwd()}  # noqa: PTH109 - no pathlib here
    channel.sendall(json.dumps(request).encode() + b"\n")
    for number in _PASSED_ON:
        signal.signal(number, lambda seen, _: channel.sendall(json.dumps({"signal": int(seen)}).encode() + b"\n"))
    return _show(channel)


def _show(channel: socket.socket) -> int:
    pending = b""
    while True:
        part = channel.recv(65536)
        if not part:
            return 1
        *lines, pending = (pending + part).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "code" in said:
                return int(said["code"])
            # Bytes travel as the characters of the same number.
            stream = sys.stdout.buffer if "out" in said else sys.stderr.buffer
            stream.write(said.get("out", said.get("err", "")).encode("latin-1", "replace"))
            stream.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # Whoever read the output had enough of it, as with ``| head``.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)
