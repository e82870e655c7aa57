"""``sshd``, ``ssh-keygen`` and ``coreos-metadata`` inside a machine, when somebody other than init runs them.

Init itself forks, which costs less. Needs the packages of the interpreter that it is started with.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from fleetkit.sandbox.machine.inner import INNER_PROGRAMS

if __name__ == "__main__":
    sys.exit(INNER_PROGRAMS[sys.argv[1]](sys.argv[1:], dict(os.environ)))
