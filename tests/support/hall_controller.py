"""A controller to be killed: starts a hall, machines and stubborn programs, says so, and waits for its end.

Run as ``python hall_controller.py FOLDER MARK`` with this folder's parent and the package on the path.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from support.hall_boot import boot, ignition, serve_metadata, unit

from fleetkit.sandbox.hall import Hall, MachineSpec

STUBBORN = "trap '' TERM HUP INT; setsid sleep {mark} & sleep {mark}"


def main() -> None:
    """Hold a hall until killed."""
    folder, mark = Path(sys.argv[1]), sys.argv[2]
    stubborn = STUBBORN.format(mark=mark)
    hall = Hall.start(folder, trust_pem=b"")
    with serve_metadata(hall) as metadata:
        service = unit("stubborn.service", f'[Service]\nExecStart=/bin/bash -c "{stubborn}"\n')
        metadata.tell("10.77.1.10", user_data=ignition(units=[service]))
        boot(hall, "m", "10.77.1.10")
        plain = hall.add_machine(MachineSpec(machine_id="p", hostname="p", address="10.77.1.11", kind="plain"))
        plain.spawn(["bash", "-c", stubborn], env={"PATH": "/usr/bin:/bin"})
        sys.stdout.write(f"{hall.stub_pid}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
