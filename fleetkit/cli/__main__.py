"""Entry point of the ``fleetkit`` program and of ``python -m fleetkit.cli``."""

from __future__ import annotations

import sys

from fleetkit.cli import main

__all__ = ["run"]


def run() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(main())


if __name__ == "__main__":
    run()
