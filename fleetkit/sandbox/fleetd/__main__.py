"""Run fleetd: ``python -m fleetkit.sandbox.fleetd``."""

from __future__ import annotations

import sys

from fleetkit.sandbox.fleetd.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
