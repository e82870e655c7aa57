"""What kind of computer measured: enough to judge the numbers by, and nothing that tells whose it is."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

__all__ = ["describe_machine"]


def describe_machine() -> dict[str, Any]:
    """Return system, processor, cores, memory, load and Python's version; no host name, user or path."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _first_match(Path("/proc/cpuinfo"), r"model name\s*:\s*(.+)") or "unknown",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _first_match(file: Path, pattern: str) -> str:
    # Only Linux has such a file; elsewhere the fact is left open.
    found = re.search(pattern, file.read_text(encoding="utf-8")) if file.is_file() else None
    return found.group(1).strip() if found else ""
