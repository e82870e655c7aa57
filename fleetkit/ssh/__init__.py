"""The way in: a tunnel with several forwards that heals itself, remote commands, unix sockets of machines.

Host keys are pinned: they are handed in, and a machine that shows another one is refused before anything is sent.
Nothing here knows of clusters; a caller names the bastion, the keys and the addresses behind it.
"""

from fleetkit.ssh.connection import CommandResult, Connection, open_connection, run_command
from fleetkit.ssh.following import follow_command, leash_command
from fleetkit.ssh.known_hosts import HostKey, KnownHosts
from fleetkit.ssh.login_keys import list_login_keys
from fleetkit.ssh.openssh import ssh_command
from fleetkit.ssh.sshuttle import sshuttle_command
from fleetkit.ssh.targets import Forward, SshAccess, SshLimits, SshTarget
from fleetkit.ssh.tunnel import Tunnel, TunnelEvent, TunnelState
from fleetkit.ssh.unix_socket import UnixSocket, open_unix_socket

__all__ = [
    "CommandResult",
    "Connection",
    "Forward",
    "HostKey",
    "KnownHosts",
    "SshAccess",
    "SshLimits",
    "SshTarget",
    "Tunnel",
    "TunnelEvent",
    "TunnelState",
    "UnixSocket",
    "follow_command",
    "leash_command",
    "list_login_keys",
    "open_connection",
    "open_unix_socket",
    "run_command",
    "ssh_command",
    "sshuttle_command",
]
