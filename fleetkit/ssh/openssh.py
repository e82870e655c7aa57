"""The words of OpenSSH's own client, with the host key pinned: for a person's shell, and for sshuttle."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from fleetkit.ssh.targets import SshTarget

__all__ = ["ssh_command", "ssh_words"]

_PINNED = [
    word
    for option in (
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "VerifyHostKeyDNS=no",
        # OpenSSH before 8.5 does not know it.
        "IgnoreUnknown=KnownHostsCommand",
        "KnownHostsCommand=none",
        # A connection that is shared is found by its address alone, which another cluster may have as well.
        "ControlMaster=no",
        "ControlPath=none",
    )
    for word in ("-o", option)
]
"""What somebody's own ssh_config may not undo: no key but the cluster's own is trusted."""


def ssh_words(target: SshTarget, *, known_hosts_file: Path, config_file: Path | None = None) -> list[str]:
    """Return ``ssh`` and its options for a machine, without whom to log in to.

    Parameters
    ----------
    known_hosts_file
        The cluster's own; ssh is told to trust nothing else.
    config_file
        An ssh_config to honour; ssh's own default where not given.
    """
    words = ["ssh", "-o", f'UserKnownHostsFile="{str(known_hosts_file).replace("%", "%%")}"', *_PINNED]
    # The key is filed under the name that was asked for, whatever ssh_config dials for it.
    words += ["-o", f"HostKeyAlias={target.host}"]
    if config_file is not None:
        words += ["-F", str(config_file)]
    if target.key_file is not None:
        words += ["-i", str(target.key_file), "-o", "IdentitiesOnly=yes"]
    return words


def ssh_command(
    target: SshTarget,
    *,
    known_hosts_file: Path,
    config_file: Path | None = None,
    via: SshTarget | None = None,
    command: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return an ssh command that logs in to a machine, through another one where ``via`` is given.

    Parameters
    ----------
    command
        What to run there, word by word; a shell where empty.
    """
    words = ssh_words(target, known_hosts_file=known_hosts_file, config_file=config_file)
    if via is not None:
        # ProxyJump would hand none of these options on to the machine in between.
        between = ssh_words(via, known_hosts_file=known_hosts_file, config_file=config_file)
        way = shlex.join([*between, "-W", "HERE", *_login(via)]).replace("%", "%%").replace("HERE", "'[%h]:%p'")
        words += ["-o", f"ProxyCommand={way}"]
    return (*words, *_login(target), *([shlex.join(command)] if command else []))


def _login(target: SshTarget) -> list[str]:
    port = [] if target.port is None else ["-p", str(target.port)]
    return [*port, target.host if target.user is None else f"{target.user}@{target.host}"]
