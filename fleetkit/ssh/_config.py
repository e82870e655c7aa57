"""What ssh_config says of a machine, joined with what the caller says: the route on which it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko

from fleetkit.core import SettingsError, current_user
from fleetkit.ssh.known_hosts import HostKey, KnownHosts
from fleetkit.ssh.targets import SshAccess, SshTarget

__all__ = ["Route", "resolve_route"]

_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
_MOST_JUMPS = 8
"""A jump host that jumps through itself would never end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a machine is really reached.

    Attributes
    ----------
    asked
        The name that the caller used, for messages.
    host, port, user
        What is dialled, and whom to log in as.
    host_keys
        The keys that the machine may show.
    key_files
        Private keys to try, in this order; ``named`` tells whether somebody asked for just these.
    named
        Whether a key file that is missing is an error.
    agent
        Which of the agent's keys are tried: ``all``, ``matching`` those of the files, or ``none``.
    jump
        The machine through which it is reached; None when it is dialled from here.
    """

    asked: str
    host: str
    port: int
    user: str
    host_keys: tuple[HostKey, ...]
    key_files: tuple[Path, ...]
    named: bool
    agent: str
    jump: Route | None

    @property
    def shown(self) -> str:
        """The machine as messages name it."""
        dialled = f"{self.host}:{self.port}"
        return dialled if self.asked in (self.host, dialled) else f"{self.asked} ({dialled})"


def resolve_route(target: SshTarget, access: SshAccess) -> Route:
    """Join the target with ssh_config.

    Raises
    ------
    SettingsError
        When ssh_config cannot be read, or asks for something that is not supported here.
    """
    config = _read_config(access.config_file)
    return _resolve(target, config, access.known_hosts, depth=0)


def _resolve(target: SshTarget, config: paramiko.SSHConfig, known_hosts: KnownHosts, *, depth: int) -> Route:
    if depth > _MOST_JUMPS:
        raise SettingsError(f"ssh_config jumps in a circle to reach {target.host}")
    try:
        said = config.lookup(target.host)
    except (paramiko.ConfigParseError, paramiko.CouldNotCanonicalize, ImportError) as error:
        raise SettingsError(f"ssh_config cannot be applied to {target.host}", seen=str(error)) from error
    if said.get("proxycommand"):
        raise SettingsError(
            f"ssh_config reaches {target.host} with ProxyCommand, which is not supported",
            seen=said["proxycommand"],
            hint="use ProxyJump instead",
        )
    port = target.port or _read_port(said.get("port"), target.host)
    alias = said.get("hostkeyalias")
    # The asked name comes first: a pinned key is filed under the machine's own address, which a relay or a
    # port forwarding maps to another one.
    names = [alias] if alias else [target.host, said["hostname"]]
    keys = [key for name in names for key in known_hosts.keys_for(name, port=port)]
    files, named = _key_files(target, said)
    return Route(
        asked=target.host,
        host=said["hostname"],
        port=port,
        user=target.user or said.get("user") or current_user(),
        host_keys=tuple(dict.fromkeys(keys)),
        key_files=files,
        named=named,
        agent=_agent_use(target, said),
        jump=_resolve_jump(said.get("proxyjump"), config, known_hosts, depth=depth),
    )


def _resolve_jump(
    jumps: str | None, config: paramiko.SSHConfig, known_hosts: KnownHosts, *, depth: int
) -> Route | None:
    if not jumps or jumps.lower() == "none":
        return None
    # The last one named is the nearest to the machine; those before it lead there.
    *before, nearest = [jump.strip() for jump in jumps.split(",")]
    user, _, address = nearest.rpartition("@")
    host, _, port = address.rpartition(":") if ":" in address and not address.endswith("]") else (address, "", "")
    target = SshTarget(host=host.strip("[]"), port=_read_port(port, host) if port else None, user=user or None)
    said = config.lookup(target.host)
    # A jump host is not the cluster's: its key is one that the user's own ssh knows.
    files = said.get("userknownhostsfile", "~/.ssh/known_hosts").split()
    for file in files:
        known_hosts = known_hosts + KnownHosts.from_file(Path(file).expanduser())
    route = _resolve(target, config, known_hosts, depth=depth + 1)
    if not before:
        return route
    earlier = _resolve_jump(",".join(before), config, known_hosts, depth=depth + 1)
    return replace(route, jump=earlier)


def _key_files(target: SshTarget, said: paramiko.SSHConfigDict) -> tuple[tuple[Path, ...], bool]:
    if target.key_file is not None:
        return (target.key_file.expanduser(),), True
    files = said.get("identityfile")
    if files:
        return tuple(Path(file).expanduser() for file in files), False
    return tuple(Path.home() / ".ssh" / name for name in _DEFAULT_KEYS), False


def _agent_use(target: SshTarget, said: paramiko.SSHConfigDict) -> str:
    if said.get("identityagent", "").lower() == "none":
        return "none"
    if target.key_file is not None or said.get("identitiesonly", "no").lower() == "yes":
        return "matching"
    return "all"


def _read_port(text: str | None, host: str) -> int:
    if text is None:
        return 22
    if not text.isascii() or not text.isdigit():
        raise SettingsError(f"the SSH port of {host} is not a number", seen=repr(text))
    return int(text)


def _read_config(path: Path | None) -> paramiko.SSHConfig:
    lines = [] if path is None else list(_expand_includes(path.expanduser(), depth=0))
    try:
        return paramiko.SSHConfig.from_text("\n".join(lines))
    except paramiko.ConfigParseError as error:
        raise SettingsError(f"{path} is not an ssh_config", seen=str(error)) from error


def _expand_includes(path: Path, *, depth: int) -> Iterator[str]:
    # paramiko takes Include for an option that it does not know, and leaves the included files out in silence.
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the ssh_config {path} cannot be read", seen=str(error)) from error
    for line in text.splitlines():
        words = line.split()
        if words and words[0].lower() == "include" and depth < _MOST_JUMPS:
            for pattern in words[1:]:
                # Relative to ~/.ssh, as ssh_config(5) says of a user's file.
                full = Path.home() / ".ssh" / Path(pattern.strip('"')).expanduser()
                for found in sorted(Path(full.anchor).glob(str(full.relative_to(full.anchor)))):
                    yield from _expand_includes(found, depth=depth + 1)
        else:
            yield line
