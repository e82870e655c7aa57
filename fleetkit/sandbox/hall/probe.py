"""Does this computer allow a hall? Asked by doing, in a child that is thrown away.

Settings of the kernel do not tell: some systems let a user namespace be made and forbid what it is for.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from functools import cache

from fleetkit.sandbox.hall._entrance import DONE
from fleetkit.sandbox.hall.errors import HallUnavailableError

__all__ = ["require_hall"]

_NEEDED_PROGRAMS = ("bash", "curl", "sha256sum", "tar")
_TIMEOUT_S = 30
_USR_BIN = "/usr/bin:/usr/sbin:/bin:/sbin"

_CONTAINER = "in a container, the engine must allow it (for Docker: --security-opt seccomp=unconfined"
_MENDING = {
    "user-namespace": (
        "allow user namespaces to ordinary users: sysctl kernel.unprivileged_userns_clone=1, "
        "user.max_user_namespaces above 0, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; "
        f"{_CONTAINER})"
    ),
    "pid-namespace": f"{_CONTAINER})",
    "mount-proc": f"/proc must not be masked; {_CONTAINER} --security-opt systempaths=unconfined)",
    "mount-root": f"needs Linux 5.12 or later, and mounts in user namespaces; {_CONTAINER})",
    "network": f"/proc/sys must be writable to a user namespace; {_CONTAINER} --security-opt systempaths=unconfined)",
    "lines": "the kernel needs veth: modprobe veth",
    "firewall": "the kernel needs nf_tables and connection tracking: modprobe -a nf_tables nft_ct nf_conntrack",
    "traffic": "nothing came through the trial's own network; another filter of this computer may reach into it",
    "privileges": "a process could not give up its capabilities; the probe was not made for such a kernel",
}


@cache
def require_hall() -> None:
    """Return when a hall can be made here; a yes is remembered for the life of this process.

    Raises
    ------
    HallUnavailableError
        Names the step that failed, what the kernel said, and what to do about it.
    """
    if sys.platform != "linux":
        raise HallUnavailableError(
            "machines need the kernel of Linux", step="system", seen=f"this is {platform.system()}"
        )
    missing = [name for name in _NEEDED_PROGRAMS if shutil.which(name, path=_USR_BIN) is None]
    if missing:
        raise HallUnavailableError(
            "machines run programs of this computer's /usr that are not there",
            step="programs",
            seen=f"missing: {', '.join(missing)}",
            hint=f"install {' '.join(missing)} with the system's package manager",
        )
    _run_trial()


def _run_trial() -> None:
    # A single-threaded process of its own, because one with threads may not enter a user namespace.
    try:
        trial = subprocess.run(
            [sys.executable, "-m", "fleetkit.sandbox.hall._trial"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        steps, said = trial.stdout.split(), trial.stderr.strip()
    except subprocess.TimeoutExpired as error:
        steps = (error.stdout or b"").decode().split()
        said = f"no end after {_TIMEOUT_S} s"
    if steps and steps[-1] == DONE:
        return
    step = steps[-1] if steps else "user-namespace"
    raise HallUnavailableError(
        f"this computer does not allow machines without root: step {step} failed",
        step=step,
        seen=said.splitlines()[-1] if said else "it ended without a word",
        hint=_MENDING.get(step),
    )
