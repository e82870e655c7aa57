"""What a reboot does on one master: look which system runs and which one waits, reboot, and wait until it is back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleetkit.core import FleetkitError, NotYet, Patience, SshError, wait_until
from fleetkit.ssh import run_command
from fleetkit.workflows.way_in import WayIn

__all__ = ["MasterSystem", "read_system", "reboot_master"]

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_LOOK = """
cat /proc/sys/kernel/random/boot_id
sed -n 's/^VERSION=//p' /etc/os-release
update_engine_client -status 2>/dev/null || echo CURRENT_OP=
"""
_WAITS = "UPDATE_STATUS_UPDATED_NEED_REBOOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterSystem:
    """The operating system of one master.

    Attributes
    ----------
    name
        The master's name.
    boot_id
        Which boot this is, as the kernel has it.
    version
        The version that runs, as ``/etc/os-release`` has it.
    waiting
        The version that was installed beside it and runs after a reboot; empty where there is none.
    is_leader
        Whether its member leads.
    told
        Whether the machine could say if an update waits.
    """

    name: str
    boot_id: str
    version: str
    waiting: str
    is_leader: bool
    told: bool

    @property
    def text(self) -> str:
        """One line for people."""
        waits = f"{self.waiting} waits" if self.waiting else "no update waits"
        known = waits if self.told else "it does not say whether an update waits"
        return f"{self.name}{' (leader)' if self.is_leader else ''}: {self.version or 'unknown version'}, {known}"


def read_system(way: WayIn, name: str, address: str, *, is_leader: bool) -> MasterSystem:
    """Read which system a master runs, and which one waits for a reboot.

    Raises
    ------
    SshError
        When it cannot be reached.
    """
    with way.connect(address) as connection:
        told = run_command(connection, ["sudo", "sh", "-c", _LOOK]).stdout
    boot_id, _, rest = told.partition("\n")
    fields = dict(re.findall(r"^([A-Z_]+)=(.*)$", rest, re.MULTILINE))
    version = next((line for line in rest.splitlines() if "=" not in line), "")
    operation = fields.get("CURRENT_OP", "")
    return MasterSystem(
        name=name,
        boot_id=boot_id.strip(),
        version=version.strip().strip('"'),
        waiting=fields.get("NEW_VERSION", "a newer one") if operation == _WAITS else "",
        is_leader=is_leader,
        told=bool(operation),
    )


def reboot_master(way: WayIn, name: str, address: str, *, patience: Patience) -> None:
    """Reboot a master in good order, and wait until it lets us in again in another boot.

    Raises
    ------
    SshError
        When it cannot be reached, or refuses.
    WaitTimeoutError
        When it does not come back.
    """
    with way.connect(address) as connection:
        before = run_command(connection, ["cat", _BOOT_ID]).stdout.strip()
        try:
            ended = run_command(connection, ["sudo", "systemctl", "reboot"], check=False)
        except SshError:
            # It may end our connection before it answers; whether it reboots is seen below.
            ended = None
    if ended is not None and ended.exit_status not in (0, -1):
        raise SshError(f"{name} does not reboot", seen=ended.stderr.strip() or f"exit status {ended.exit_status}")

    def back() -> bool | NotYet[bool]:
        try:
            with way.connect(address) as again:
                now = run_command(again, ["cat", _BOOT_ID]).stdout.strip()
        except FleetkitError as error:
            return NotYet(error.without_hint)
        return NotYet("it has not gone down yet") if now == before else True

    wait_until(back, what=f"{name} to be back after its reboot", patience=patience)
