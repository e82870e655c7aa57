"""A real SSH server on loopback, in a process of its own, so that it can be killed, frozen and started again.

Run as a program it is the server; imported, it is the handle that tests use.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.ssh import HostKey, KnownHosts, SshAccess, SshLimits, SshTarget

QUICK = SshLimits(connect_s=5, probe_interval_s=0.2, probe_timeout_s=1.0)


@dataclass(slots=True)
class SshServer:
    """An SSH server of a test, with its own host key and one client key that it lets in."""

    folder: Path
    forbidden: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[str] | None = None
    user: str = "ubuntu"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("host", "client"):
            if not self.key(name).exists():
                make_key(self.key(name))

    def key(self, name: str) -> Path:
        return self.folder / f"{name}_key"

    def __enter__(self) -> SshServer:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; on the same port as before when it ran already."""
        self.process = subprocess.Popen(
            [
                sys.executable, __file__, "--port", str(self.port), "--host-key", str(self.key("host")),
                "--client-key", f"{self.key('client')}.pub", "--user", self.user,
                *(word for item in self.forbidden for word in ("--forbid", item)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        # A busy computer takes its time over that.
        os.waitpid(self.process.pid, os.WUNTRACED)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    @property
    def host_key(self) -> HostKey:
        return HostKey.from_line(Path(f"{self.key('host')}.pub").read_text(encoding="ascii"))

    @property
    def known_hosts(self) -> KnownHosts:
        line = Path(f"{self.key('host')}.pub").read_text(encoding="ascii")
        return KnownHosts.from_lines([f"127.0.0.1 {line}"])

    @property
    def target(self) -> SshTarget:
        return SshTarget(host="127.0.0.1", port=self.port, user=self.user, key_file=self.key("client"))

    @property
    def access(self) -> SshAccess:
        return SshAccess(known_hosts=self.known_hosts, limits=QUICK)


def make_key(path: Path, *, passphrase: bytes | None = None) -> None:
    """Make an Ed25519 key pair in OpenSSH's format."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = ed25519.Ed25519PrivateKey.generate()
    protection = form.NoEncryption() if passphrase is None else form.BestAvailableEncryption(passphrase)
    path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, protection))
    path.chmod(0o600)
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    Path(f"{path}.pub").write_bytes(public + b" made by a test\n")


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    """Hold a port of loopback for the time of the block."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


async def _feed(asked: Any, stdin: asyncio.StreamWriter) -> None:
    """Pass on what comes; whether it ends or is cut off, the command's input is closed, as OpenSSH does it."""
    import asyncssh

    with contextlib.suppress(OSError, asyncssh.Error):
        while piece := await asked.read(65536):
            stdin.write(piece)
            await stdin.drain()
    stdin.close()


async def _show(said: asyncio.StreamReader | None, shown: Any) -> None:
    while said is not None and (piece := await said.read(65536)):
        shown.write(piece)
        await shown.drain()


async def _serve(options: argparse.Namespace) -> None:
    import asyncssh

    class Server(asyncssh.SSHServer):  # type: ignore[misc] # asyncssh is not among the typed packages
        def begin_auth(self, username: str) -> bool:  # noqa: ARG002 -- asyncssh calls it so
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return username == options.user and key == client

        def public_key_auth_supported(self) -> bool:
            return True

        def connection_requested(self, host: str, port: int, orig_host: str, orig_port: int) -> bool:  # noqa: ARG002
            if f"{host}:{port}" in options.forbid:
                raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "not allowed")
            return True

        def unix_connection_requested(self, path: str) -> bool:
            return "forbidden" not in path

    async def run(process: asyncssh.SSHServerProcess) -> None:
        child = await asyncio.create_subprocess_shell(
            process.command or "true",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert child.stdin is not None
        feeding = asyncio.create_task(_feed(process.stdin, child.stdin))
        # The other side may have hung up by now.
        with contextlib.suppress(BrokenPipeError, asyncssh.Error):
            await asyncio.gather(_show(child.stdout, process.stdout), _show(child.stderr, process.stderr))
            process.exit(await child.wait())
        feeding.cancel()

    client = asyncssh.read_public_key(options.client_key)
    listener = await asyncssh.listen(
        "127.0.0.1", options.port, server_host_keys=[options.host_key], server_factory=Server,
        process_factory=run, encoding=None, reuse_address=True,
    )  # fmt: skip
    sys.stdout.write(f"{listener.get_port()}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--host-key")
    parser.add_argument("--client-key")
    parser.add_argument("--user")
    parser.add_argument("--forbid", action="append", default=[])
    asyncio.run(_serve(parser.parse_args()))
