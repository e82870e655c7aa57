"""What an upgrade does on one master: look which image its etcd runs, try the new one, and have it run that.

An image is named by its digest, so that docker runs what was pinned or nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from fleetkit.core import PreconditionError, SshError
from fleetkit.etcd import EtcdVersion
from fleetkit.ssh import run_command
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.supplying import supply_image
from fleetkit.workflows.way_in import WayIn

__all__ = ["MasterMachine"]

_UNIT = "etcd-member.service"
_PULL_S = 900
_STEP_S = 180
_VERSION = re.compile(r"^etcd Version: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterMachine:
    """The machine of one member.

    Attributes
    ----------
    workspace, way
        Whose it is, and the way to it.
    name
        The member's name, which its machine shares.
    """

    workspace: Workspace
    way: WayIn
    name: str

    def read_image(self) -> str:
        """Return the image that its etcd runs; empty where its container is not there.

        Raises
        ------
        SshError
            When it cannot be reached.
        """
        with self.way.connect(self._address) as connection:
            told = run_command(connection, ["sudo", "docker", "inspect", "etcd"], check=False)
        if told.exit_status != 0:
            return ""
        try:
            return str(json.loads(told.stdout)[0]["Config"]["Image"])
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise SshError(f"docker on {self.name} does not tell which image etcd runs", seen=str(error)) from error

    def try_image(self, image: str, version: EtcdVersion) -> None:
        """Fetch an image and have its program tell its version, while etcd runs on as it is.

        Raises
        ------
        PreconditionError
            When it is another version.
        SshError
            When the machine cannot be reached, or the image not be had.
        """
        words = ["run", "--rm", "--network", "host", "--user", "232:232", image, "/usr/local/bin/etcd", "--version"]
        with self.way.connect(self._address) as connection:
            run_command(connection, ["sudo", "docker", "pull", "--quiet", image], limit_s=_PULL_S)
            told = run_command(connection, ["sudo", "docker", *words], limit_s=_STEP_S).stdout
        found = _VERSION.search(told)
        if found is None or EtcdVersion.parse(found.group(1)) != version:
            raise PreconditionError(
                f"{image} is not etcd {version}",
                seen=f"on {self.name} its program says {told.strip().splitlines()[:1]}",
                hint=f"fleetkit pin {self.workspace.cluster.name} pins the image of pins.etcd_version",
            )

    def run_image(self, image: str) -> None:
        """Have the member's etcd start anew with an image, and its machine again with the same when it is replaced.

        What the machine fetches says so first: a machine that dies in the middle comes back with it.

        Raises
        ------
        AwsError, NotFoundError, SshError
            When the bucket cannot be written, or the machine not be reached.
        """
        supply_image(self.workspace, self.name, image)
        with self.way.connect(self._address) as connection:
            run_command(connection, ["sudo", "systemctl", "restart", "fleetkit-fetch.service"], limit_s=_STEP_S)
            run_command(connection, ["sudo", "systemctl", "restart", _UNIT], limit_s=_STEP_S)

    @property
    def _address(self) -> str:
        return self.workspace.cluster.masters[self.name].address
