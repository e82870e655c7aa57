"""What memory a process holds, and all that come from it, looked at from outside while they are at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["watch_memory"]

_EVERY_S = 0.2


@contextmanager
def watch_memory(pid: int) -> Iterator[dict[str, float]]:
    """Watch what memory a process, and all that come from it, hold; the peaks, in MB, stand in what is yielded."""
    peaks = {"own": 0.0, "all": 0.0}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_EVERY_S):
            peaks["own"] = max(peaks["own"], _status_mb(pid, "VmHWM"))
            peaks["all"] = max(peaks["all"], sum(_status_mb(one, "VmRSS") for one in _family(pid)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


def _status_mb(pid: int, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0  # it has ended meanwhile
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), 0.0)


def _family(pid: int) -> list[int]:
    """Return a process and all that come from it."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(one) for task in threads for one in (task / "children").read_text(encoding="utf-8").split()]
    except OSError:
        return []
    return [pid, *(found for child in children for found in _family(child))]
