"""``sshd``: public keys alone, the machine's own host keys, a shell in the machine's root, forwarding as configured.

Everybody who comes in is uid 0, with the home and the name of the user that was asked for; see
`fleetkit.sandbox.machine.accounts`.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from fleetkit.sandbox.machine.ssh.config import SshdConfig, SshdConfigError, read_sshd_config
from fleetkit.sandbox.machine.ssh.keygen import DEFAULT_HOST_KEYS

__all__ = ["load_host_keys", "read_settings", "sshd"]

_CONFIG = Path("/etc/ssh/sshd_config")
_BAD_CONFIG = 255
_OTHERS_MAY_READ = 0o077


def sshd(words: list[str], _: dict[str, str]) -> int:
    """Play ``sshd`` with the options ``-D -e -i -t -f -p``, and return when it ends."""
    try:
        options = _read_options(words[1:])
        config = read_sshd_config(Path(options.get("-f", str(_CONFIG))))
        keys = load_host_keys(config)
    except SshdConfigError as error:
        _say(str(error))
        _say(f"{options.get('-f', _CONFIG) if 'options' in locals() else _CONFIG}: terminating, bad configuration")
        return _BAD_CONFIG
    if not keys:
        _say("no hostkeys available -- exiting.")
        return 1
    if "-t" in options:
        return 0
    for remark in config.remarks:
        _say(remark)
    connection = socket.socket(fileno=0) if "-i" in options else None
    asyncio.run(_serve(config, keys, connection=connection, port=options.get("-p")))
    return 0


async def _serve(config: SshdConfig, keys: list[Any], *, connection: socket.socket | None, port: str | None) -> None:
    import asyncssh

    from fleetkit.sandbox.machine.ssh.session import make_server, run_session

    settings = read_settings(config) | {
        "server_factory": make_server(config, say=_say),
        "server_host_keys": keys,
        "process_factory": run_session(config),
    }
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if connection is not None:
        served = await asyncssh.run_server(connection, **settings)
        await served.wait_closed()
        return
    ports = [port] if port else list(config.values.get("port", ("22",)))
    hosts = [value.strip("[]") for value in config.values.get("listenaddress", ("0.0.0.0",))]  # noqa: S104 - sshd's own default
    listeners = [
        await asyncssh.listen(host, int(number), reuse_address=True, **settings) for host in hosts for number in ports
    ]
    _say(f"Server listening on {', '.join(hosts)} port {', '.join(ports)}.")
    await ended.wait()
    for listener in listeners:
        listener.close()


def read_settings(config: SshdConfig) -> dict[str, Any]:
    """Return what asyncssh goes by beside keys and sessions."""
    return {
        "encoding": None,
        "agent_forwarding": False,
        "allow_scp": False,
        "keepalive_interval": int(config.first("clientaliveinterval", "0")),
        "keepalive_count_max": int(config.first("clientalivecountmax", "3")),
        "login_timeout": _seconds(config.first("logingracetime", "120")),
    }


def _read_options(words: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    left = iter(words)
    for word in left:
        if word in ("-f", "-p"):
            options[word] = next(left, "")
        elif word in ("-D", "-e", "-i", "-t", "-q", "-De"):
            options[word] = ""
        else:
            raise SshdConfigError(f"option {word} is not known to the stand-in")
    return options


def load_host_keys(config: SshdConfig, *, root: Path = Path("/")) -> list[Any]:
    """Return the host keys that the configuration names and that can be used; each other one is named."""
    import asyncssh

    keys = []
    for name in config.values.get("hostkey", DEFAULT_HOST_KEYS):
        path = root / name.lstrip("/")
        try:
            if path.stat().st_mode & _OTHERS_MAY_READ:
                _say(f"Permissions {path.stat().st_mode & 0o777:04o} for '{name}' are too open. It is ignored.")
                continue
            keys.append(asyncssh.read_private_key(path))
        except OSError as error:
            _say(f"Unable to load host key: {name}: {error.strerror}")
        except asyncssh.KeyImportError as error:
            _say(f'Unable to load host key "{name}": {error}')
    return keys


def _seconds(text: str) -> int:
    factor = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    return int(text[:-1]) * factor if factor else int(text)


def _say(text: str) -> None:
    sys.stderr.write(f"sshd: {text}\n")
    sys.stderr.flush()
