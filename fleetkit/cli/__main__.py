"""Entry point of the ``fleetkit`` program and of ``python -m fleetkit.cli``."""

from __future__ import annotations

import os
import sys

from fleetkit.cli import main
from fleetkit.cli._exit import ExitCode

__all__ = ["run"]


def run() -> None:
    """Run the command line and end the process with its exit code."""
    code = main()
    try:
        sys.stdout.flush()
    except OSError:
        # Told already; Python would try once more at its end, print a traceback, and exit with a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or ExitCode.FAILED
    sys.exit(code)


if __name__ == "__main__":
    run()
