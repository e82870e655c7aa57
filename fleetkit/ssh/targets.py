"""Value objects: which machine, by which means, how patiently, and what is forwarded."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fleetkit.core import SettingsError
from fleetkit.ssh.known_hosts import KnownHosts

__all__ = ["Forward", "SshAccess", "SshLimits", "SshTarget"]

_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class SshTarget:
    """A machine with an SSH server, as a user would name it on ssh's command line.

    What is given here wins over ssh_config; what is not is looked up there under ``host``.

    Attributes
    ----------
    host
        Name or address; also the name under which its host key is pinned.
    port
        Port of the SSH server; ssh_config's, or 22, where not given.
    user
        Whom to log in as; ssh_config's, or the present user, where not given.
    key_file
        The one private key to log in with; ssh_config's keys and the agent's where not given.
    """

    host: str
    port: int | None = None
    user: str | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SshLimits:
    """How long things may take.

    Attributes
    ----------
    connect_s
        Seconds for each of: the TCP connection, the key exchange, the login.
    probe_interval_s, probe_timeout_s
        Seconds between two probes of an open tunnel, and until a probe without an answer counts as a loss.
        Together they are the time in which a frozen bastion is noticed.
    """

    connect_s: float = 10.0
    probe_interval_s: float = 1.0
    probe_timeout_s: float = 3.0

    def __post_init__(self) -> None:
        if min(self.connect_s, self.probe_interval_s, self.probe_timeout_s) <= 0:
            raise SettingsError("time limits of SSH must be longer than nothing", seen=repr(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAccess:
    """By which means machines are reached.

    Attributes
    ----------
    known_hosts
        The host keys that are trusted; no other is.
    config_file
        An ssh_config to honour; none where not given.
    limits
        How long things may take.
    """

    known_hosts: KnownHosts
    config_file: Path | None = None
    limits: SshLimits = field(default_factory=SshLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A port behind the bastion that a tunnel brings to this computer.

    Attributes
    ----------
    name
        What the tunnel calls it.
    host, port
        What the bastion connects to.
    local_port
        Port on 127.0.0.1; 0 for any that is free.
    """

    name: str
    host: str
    port: int
    local_port: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.port <= _HIGHEST_PORT or not 0 <= self.local_port <= _HIGHEST_PORT:
            raise SettingsError(
                f"the forward {self.name} has a port that is none", seen=f"{self.port} from local {self.local_port}"
            )
