"""The sshuttle command line that brings whole networks behind the bastion to this computer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from fleetkit.core import SettingsError
from fleetkit.ssh.openssh import ssh_words
from fleetkit.ssh.targets import SshTarget

__all__ = ["sshuttle_command"]


def sshuttle_command(
    target: SshTarget, networks: Sequence[str], *, known_hosts_file: Path, config_file: Path | None = None
) -> tuple[str, ...]:
    """Return the words of an sshuttle command with the host key pinned.

    Parameters
    ----------
    target
        The bastion.
    networks
        CIDRs to bring here, such as the VPC's.
    known_hosts_file
        The cluster's known_hosts file; ssh is told to trust nothing else.
    config_file
        An ssh_config to honour; ssh's own default where not given.

    Raises
    ------
    SettingsError
        When no network is given.
    """
    if not networks:
        raise SettingsError("sshuttle needs at least one network")
    ssh = ssh_words(target, known_hosts_file=known_hosts_file, config_file=config_file)
    remote = target.host if target.user is None else f"{target.user}@{target.host}"
    if target.port is not None:
        remote += f":{target.port}"
    return ("sshuttle", "--ssh-cmd", shlex.join(ssh), "--remote", remote, *networks)
