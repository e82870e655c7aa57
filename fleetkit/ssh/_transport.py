"""Opening an SSH connection: dial, compare the host key, log in. Every failure says what to do next."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import paramiko

from fleetkit.core import SshError
from fleetkit.ssh._config import Route
from fleetkit.ssh._keys import LoginKeys, open_login_keys
from fleetkit.ssh._streamlocal import StreamLocalTransport
from fleetkit.ssh.known_hosts import HostKey
from fleetkit.ssh.targets import SshLimits

__all__ = ["LOG_CHANNEL", "open_transport"]

LOG_CHANNEL = "fleetkit.ssh.paramiko"
"""Where paramiko logs to; without a handler of its own, Python would print its remarks on standard error."""

logging.getLogger(LOG_CHANNEL).addHandler(logging.NullHandler())

_Started = Callable[[paramiko.Transport], None]


def open_transport(
    route: Route,
    *,
    limits: SshLimits,
    via: paramiko.Transport | None = None,
    on_started: _Started | None = None,
) -> StreamLocalTransport:
    """Connect, compare the host key with the pinned ones, and log in.

    Parameters
    ----------
    via
        An open connection through which the machine is reached; dialled from here where not given.
    on_started
        Is handed the connection before it is ready, so that another thread can break it off.

    Raises
    ------
    SshError
        When the machine cannot be reached, shows another key, or refuses ours.
    SettingsError
        When a private key that was asked for is missing.
    """
    hop: paramiko.Transport | None = None
    if via is None and route.jump is not None:
        hop = via = open_transport(route.jump, limits=limits, on_started=on_started)
    try:
        transport = _negotiate(route, _dial(route, limits, via), limits, on_started)
    except BaseException:
        if hop is not None:
            hop.close()
        raise
    transport.hop = hop
    try:
        _compare_host_key(route, transport)
        _log_in(route, transport)
    except BaseException:
        transport.close()
        raise
    return transport


def _dial(route: Route, limits: SshLimits, via: paramiko.Transport | None) -> socket.socket | paramiko.Channel:
    if via is not None:
        try:
            return via.open_channel(
                "direct-tcpip", (route.host, route.port), ("127.0.0.1", 0), timeout=limits.connect_s
            )
        except (paramiko.SSHException, OSError, EOFError) as error:
            seen = str(error) or "its connection ended meanwhile"
            raise SshError(
                f"{route.shown} cannot be reached from the machine before it", transient=True, seen=seen
            ) from error
    try:
        raw = socket.create_connection((route.host, route.port), timeout=limits.connect_s)
    except socket.gaierror as error:
        raise SshError(
            f"the name {route.host} does not resolve",
            transient=True,
            seen=error.strerror or str(error),
            hint="check the name, HostName in ssh_config, and this computer's name server",
        ) from error
    except TimeoutError as error:
        raise SshError(
            f"{route.shown} does not answer within {limits.connect_s:g} s",
            transient=True,
            hint="is the machine running, and does its security group admit this computer's present address "
            "(operator_cidr in the cluster file)?",
        ) from error
    except OSError as error:
        raise SshError(
            f"{route.shown} cannot be reached",
            transient=True,
            seen=error.strerror or str(error),
            hint="is the machine running, and is this the right port?",
        ) from error
    # Without this, Nagle's algorithm holds each small packet back until the one before it is acknowledged.
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return raw


def _negotiate(
    route: Route, raw: socket.socket | paramiko.Channel, limits: SshLimits, on_started: _Started | None
) -> StreamLocalTransport:
    transport = StreamLocalTransport(raw)
    transport.set_log_channel(LOG_CHANNEL)
    transport.daemon = True
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = limits.connect_s
    options = transport.get_security_options()
    # A server with several keys shows the one of the first kind that both sides know: ask for the pinned kind first.
    wanted = _signature_names(route.host_keys)
    known = [kind for kind in options.key_types if kind in wanted]
    options.key_types = [*known, *(kind for kind in options.key_types if kind not in wanted)]
    if on_started is not None:
        on_started(transport)
    try:
        transport.start_client(timeout=limits.connect_s)
        # At its time limit start_client returns as if all were well; only the key tells that nothing was agreed on.
        transport.get_remote_server_key()
    except (paramiko.SSHException, OSError, EOFError) as error:
        transport.close()
        raw.close()
        raise SshError(
            f"{route.shown} takes connections, but did not speak SSH within {limits.connect_s:g} s",
            transient=True,
            seen=str(error) or type(error).__name__,
            hint="the machine may be starting, frozen or overloaded, or another service listens on that port",
        ) from error
    return transport


def _signature_names(keys: tuple[HostKey, ...]) -> set[str]:
    names = {key.algorithm for key in keys}
    return names | {"rsa-sha2-512", "rsa-sha2-256"} if "ssh-rsa" in names else names


def _compare_host_key(route: Route, transport: paramiko.Transport) -> None:
    shown = transport.get_remote_server_key()
    seen = HostKey(algorithm=shown.get_name(), blob=shown.asbytes())
    if seen in route.host_keys:
        return
    if not route.host_keys:
        raise SshError(
            f"no host key is known for {route.shown}, so it is not trusted",
            seen=f"it shows {seen}",
            hint="a deploy enters the keys that it made, and new addresses, into the cluster's known_hosts file",
        )
    raise SshError(
        f"{route.shown} shows another host key than the pinned one, and was refused",
        seen=f"expected {' or '.join(map(str, route.host_keys))}, seen {seen}",
        hint="somebody may be between you and the machine; or the machine was replaced outside of fleetkit: "
        "find out which before anything else",
    )


def _log_in(route: Route, transport: paramiko.Transport) -> None:
    with open_login_keys(route) as login:
        if not login.keys:
            raise _no_login(route, login, "there is no private key to log in with")
        for candidate in login.keys:
            try:
                # A list of further methods means that this key alone does not do.
                if not transport.auth_publickey(route.user, candidate.key):
                    return
            except paramiko.AuthenticationException:
                pass
            except (paramiko.SSHException, OSError, EOFError) as error:
                raise _no_login(route, login, f"the login was broken off: {error or type(error).__name__}") from error
            if not transport.is_active():
                raise _no_login(route, login, "it hung up; perhaps too many keys were tried")
        raise _no_login(route, login, "every key was refused")


def _no_login(route: Route, login: LoginKeys, why: str) -> SshError:
    tried = [f"tried {key}" for key in login.keys] + list(login.unusable)
    return SshError(
        f"{route.shown} does not let {route.user} in",
        seen="; ".join([why, *tried]),
        hint=f"the machine's key pair must be one of these; name it as key_file, or add it to ssh-agent"
        f"{' (see above)' if login.unusable else ''}",
    )
