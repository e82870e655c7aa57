"""Who may come in by SSH, what is forwarded for them, and the shell that they get."""

from __future__ import annotations

import asyncio
import os
import pty
import shlex
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSCTTY, TIOCSWINSZ
from typing import Any

from fleetkit.sandbox.machine.ssh.config import SshdConfig
from fleetkit.sandbox.machine.systemd.environment import BASE_ENVIRONMENT, with_stand_ins

__all__ = ["Leader", "make_server", "run_session"]

_SHELL = "/bin/bash"
_BLOCK = 65536


class Leader:
    """Leads allowed forwards to where they say; one that overrides it may lead them elsewhere, or nowhere."""

    def lead_tcp(self, connection: Any, host: str, port: int) -> Any:  # noqa: ARG002 - for those who override it
        """Return True, a forward of asyncssh's own, or False to refuse."""
        return True

    def lead_unix(self, connection: Any, path: str) -> Any:  # noqa: ARG002 - for those who override it
        """Return True, a forward of asyncssh's own, or False to refuse."""
        return True


_AS_SAID = Leader()


def make_server(
    config: SshdConfig, *, say: Callable[[str], None], root: Path = Path("/"), leader: Leader = _AS_SAID
) -> Callable[[], Any]:
    """Return what makes asyncssh's server object for each connection.

    Parameters
    ----------
    root
        The folder that is the machine's ``/``.
    leader
        Says where forwards lead.
    """
    import asyncssh

    class Server(asyncssh.SSHServer):
        """Judges one connection."""

        def connection_made(self, connection: Any) -> None:
            self._connection = connection
            self._peer = connection.get_extra_info("peername") or ("unknown", 0)

        def begin_auth(self, username: str) -> bool:
            self._keys = _read_keys(config, username, say, root)
            return True

        def public_key_auth_supported(self) -> bool:
            return config.first("pubkeyauthentication", "yes") == "yes"

        def validate_public_key(self, username: str, key: Any) -> bool:
            # What it returns for a key that it knows are that key's options, which may be none.
            known = self._keys is not None and self._keys.validate(key, self._peer[0], self._peer[0]) is not None
            if known:
                # asyncssh asks before the signature, so this is the key that may come in, not one that has.
                host, port = self._peer[:2]
                say(f"Acceptable publickey for {username} from {host} port {port} {key.get_fingerprint()}")
            return known

        def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
            if not config.forwards_tcp_to(dest_host, dest_port):
                say(f"refused to forward {orig_host}:{orig_port} to {dest_host}:{dest_port}")
                return False
            return leader.lead_tcp(self._connection, dest_host, dest_port)

        def unix_connection_requested(self, dest_path: str) -> Any:
            if not config.forwards_streams:
                say(f"refused to forward to {dest_path}")
                return False
            return leader.lead_unix(self._connection, dest_path)

    return Server


def _read_keys(config: SshdConfig, user: str, say: Callable[[str], None], root: Path) -> Any:
    import asyncssh

    home = _home(user, root)
    if home is None or not config.lets_in(user):
        say(f"User {user} not allowed: no such user here, or the configuration does not let it in")
        return None
    files = config.first("authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2").split()
    lines: list[str] = []
    for name in files:
        path = root / str(Path(home, name.replace("%h", home).replace("%u", user).replace("%%", "%"))).lstrip("/")
        with suppress(OSError):
            lines += path.read_text(encoding="utf-8").splitlines()
    # A line that is no key spoils itself alone, as with sshd.
    good = []
    for line in lines:
        with suppress(ValueError, asyncssh.KeyImportError):
            asyncssh.import_authorized_keys(line)
            good.append(line)
    return asyncssh.import_authorized_keys("\n".join(good)) if good else None


def _home(user: str, root: Path = Path("/")) -> str | None:
    for line in (root / "etc/passwd").read_text(encoding="ascii").splitlines():
        fields = line.split(":")
        if fields[0] == user:
            return None if fields[6].endswith("nologin") else fields[5]
    return None


def run_session(config: SshdConfig) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """Return what asyncssh runs for each session: a shell, or one command by it."""

    async def run(process: Any) -> None:
        user = process.get_extra_info("username")
        home = _home(user) or "/"
        words = [_SHELL, "-l"] if process.command is None else [_SHELL, "-c", process.command]
        peer, here = process.get_extra_info("peername"), process.get_extra_info("sockname")
        env = {**BASE_ENVIRONMENT, "HOME": home, "LOGNAME": user, "USER": user, "SHELL": _SHELL}
        if peer and here:
            env["SSH_CONNECTION"] = f"{peer[0]} {peer[1]} {here[0]} {here[1]}"
        for pair in (pair for value in config.values.get("setenv", ()) for pair in shlex.split(value)):
            name, _, text = pair.partition("=")
            env[name] = text
        where = home if Path(home).is_dir() else "/"
        terminal = process.get_terminal_type()
        run_one = _run_piped if terminal is None else _run_on_terminal
        if terminal is not None:
            env["TERM"] = terminal
        code = await run_one(process, words, with_stand_ins(env), where)
        if code < 0:
            process.exit_with_signal(_signal_name(code))
        else:
            process.exit(code)

    return run


async def _run_piped(process: Any, words: list[str], env: dict[str, str], where: str) -> int:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *words, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=where, start_new_session=True
    )
    feeding = asyncio.create_task(_feed(process, child.stdin))
    await asyncio.gather(_show(child.stdout, process.stdout), _show(child.stderr, process.stderr))
    code = await child.wait()
    feeding.cancel()
    return code


async def _run_on_terminal(process: Any, words: list[str], env: dict[str, str], where: str) -> int:
    ours, theirs = pty.openpty()
    _resize(ours, process.get_terminal_size())
    child = await asyncio.create_subprocess_exec(
        *words, stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=where, start_new_session=True,
        preexec_fn=lambda: ioctl(0, TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    typing = asyncio.create_task(_type(process, ours))
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def show() -> None:
        try:
            data = os.read(ours, _BLOCK)
        except OSError:
            # What Linux answers when the last program has let go of the terminal.
            data = b""
        if data:
            process.stdout.write(data)
        else:
            loop.remove_reader(ours)
            ended.set()

    loop.add_reader(ours, show)
    code = await child.wait()
    with suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), 1)
    loop.remove_reader(ours)
    typing.cancel()
    os.close(ours)
    return code


async def _type(process: Any, terminal: int) -> None:
    import asyncssh

    while True:
        try:
            data = await process.stdin.read(_BLOCK)
        except asyncssh.TerminalSizeChanged as change:
            _resize(terminal, (change.width, change.height, change.pixwidth, change.pixheight))
            continue
        except (asyncssh.BreakReceived, asyncssh.SignalReceived):
            continue
        if not data:
            return
        os.write(terminal, data)


async def _feed(process: Any, stream: Any) -> None:
    with suppress(ConnectionError):
        while data := await process.stdin.read(_BLOCK):
            stream.write(data)
            await stream.drain()
    stream.close()


async def _show(stream: Any, channel: Any) -> None:
    while data := await stream.read(_BLOCK):
        channel.write(data)
        await channel.drain()


def _resize(terminal: int, size: tuple[int, int, int, int]) -> None:
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], size[2], size[3]))


def _signal_name(code: int) -> str:
    import signal

    return signal.Signals(-code).name.removeprefix("SIG")
