"""The process that a sandbox is: it holds the folder, runs all parts, and ends by request, by time or with its parent.

Started by `fleetkit.sandbox.lifecycle` as ``python -m fleetkit.sandbox.daemon``; tells on a pipe how it gets on.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from fleetkit.core import FleetkitError, format_utc, utc_now
from fleetkit.sandbox.control import describe_error
from fleetkit.sandbox.folder import SandboxFolder

__all__ = ["main"]


class _Ready:
    """Tells whoever started the daemon how it gets on, one line of JSON each time."""

    def __init__(self, pipe: IO[str]) -> None:
        self._pipe: IO[str] | None = pipe

    def tell(self, **message: Any) -> None:
        if self._pipe is None:
            return
        try:
            self._pipe.write(json.dumps(message) + "\n")
            self._pipe.flush()
        except BrokenPipeError:
            self._pipe = None

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe.close()


class _End:
    """The moment at which the daemon is to end, and why."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.why = ""

    def ask(self, why: str) -> None:
        if not self._asked.is_set():
            self.why = why
            self._asked.set()

    def wait(self, seconds: float | None) -> bool:
        return self._asked.wait(seconds)

    def watch_lifeline(self, fd: int) -> None:
        """End when the pipe's other end is closed, as it is when the parent dies, however it dies."""

        def watch() -> None:
            os.read(fd, 1)
            self.ask("its parent ended")

        threading.Thread(target=watch, name="lifeline", daemon=True).start()


def main(argv: list[str] | None = None) -> int:
    """Run the daemon."""
    given = _parse(argv)
    if given.detach and os.fork():
        # Whoever started this waits for it, and must not have to wait for the sandbox.
        os._exit(0)
    ready = _Ready(os.fdopen(given.ready, "w"))
    ready.tell(pid=os.getpid())
    folder = SandboxFolder(Path(given.dir))
    end = _End()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: end.ask("it was told to by a signal"))
    if given.lifeline is not None:
        end.watch_lifeline(given.lifeline)
    try:
        with folder.held():
            _run(folder, given, ready, end)
    except (FleetkitError, OSError) as error:
        ready.tell(**describe_error(error) if isinstance(error, FleetkitError) else {"error": str(error)})
        return 1
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fleetkit.sandbox.daemon")
    parser.add_argument("--dir", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--network", choices=["auto", "private", "loopback"], default="auto")
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--lifeline", type=int)
    parser.add_argument("--lifetime", type=float)
    return parser.parse_args(argv)


def _run(folder: SandboxFolder, given: argparse.Namespace, ready: _Ready, end: _End) -> None:
    from fleetkit.sandbox.control_server import ControlServer
    from fleetkit.sandbox.running import RunningSandbox

    folder.clear()
    started, clock = utc_now(), time.monotonic()
    sandbox = RunningSandbox(
        folder,
        region=given.region,
        network=given.network,
        progress=lambda text: ready.tell(progress=text),
    )

    def describe() -> dict[str, Any]:
        seen = sandbox.reconciler.seen
        return {
            "dir": str(folder.path),
            "pid": os.getpid(),
            "region": given.region,
            "network": sandbox.opened.network,
            "why_network": sandbox.opened.why,
            "not_covered": list(sandbox.opened.not_covered),
            "since": format_utc(started),
            "up_s": round(time.monotonic() - clock, 1),
            "lifetime_s": given.lifetime,
            "ends_with_parent": given.lifeline is not None,
            "endpoint": sandbox.server.url,
            "machines": len(seen.instances),
            "load_balancers": len(seen.balancers),
            "public": [
                {"host": one.host, "port": one.port, "local": f"127.0.0.1:{one.local_port}"}
                for one in sandbox.ports.ports
            ],
            "problems": list(sandbox.reconciler.problems),
        }

    try:
        with folder.bind_control() as listener:
            ControlServer(listener, sandbox, describe=describe, end=lambda: end.ask("it was asked to"))
            ready.tell(ready=True)
            ready.close()
            if not end.wait(given.lifetime):
                end.ask("its lifetime is over")
    finally:
        sys.stderr.write(f"{format_utc(utc_now())} ends because {end.why or 'it failed'}\n")
        sys.stderr.flush()
        # The machines first and at once: whatever else is slow, no process of theirs outlives this line.
        sandbox.hall.stop()
        folder.clear()
        # moto's threads and open relays have nothing left to lose, and would keep the process for seconds.
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
