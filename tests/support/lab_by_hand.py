"""JupyterLab as ``fleetkit lab`` serves it, for a person who works on a cluster by hand."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from support.e2e_world import World

__all__ = ["LabByHand", "lab_by_hand"]

_ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/lab\?token=(\w+)")
_GRACE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LabByHand:
    """Where it listens, and who is let in."""

    url: str
    token: str

    def notebook_url(self, path: str) -> str:
        """Return the address that shows one notebook, alone on its page."""
        return f"{self.url}/doc/tree/{path}?token={self.token}&reset"


@contextlib.contextmanager
def lab_by_hand(world: World, cluster: str) -> Iterator[LabByHand]:
    """Serve the notebooks for the length of a block, and end it as a person does: with Ctrl-C."""
    process = world.start("fleetkit", "lab", "--cluster", cluster, "--no-browser")
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    # Nobody waits for what it tells on the side, and a full pipe would stop it.
    listener = threading.Thread(target=said.extend, args=(process.stderr,))
    listener.start()
    try:
        found = _ADDRESS.search(process.stdout.readline())
        if found is not None:
            yield LabByHand(url=found[1], token=found[2])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_GRACE_S)
        listener.join()
        process.stdout.close()
        process.stderr.close()
    assert found is not None, "".join(said)
