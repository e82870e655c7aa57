"""Real etcd members on loopback, under mutual TLS with strict name checks, and faults to give them."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd import Endpoint, EtcdLimits, TlsFiles, read_health, render_environment
from fleetkit.pki import ClusterPki, ensure_pki
from fleetkit.ssh import KnownHosts, SshAccess
from fleetkit.workflows import WayIn, Workspace

ZONE = "demo.internal"
_BIN = Path(sys.executable).parent
PACKAGED = _BIN / "etcd"
"""The etcd of the sandbox's package."""
_PATIENCE = Patience(deadline_s=60, interval_s=0.05)


def free_port() -> int:
    """Return a port of loopback that was free a moment ago.

    Not one of those that the kernel hands out by itself: another test's outgoing connection would take it
    before the member listens.
    """
    while True:
        port = random.randrange(15000, 32000)  # noqa: S311 -- nothing secret about a port
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass(slots=True)
class RunningMember:
    """One member: its ports, its certificates, its process."""

    name: str
    client_port: int
    peer_port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None


@dataclass(slots=True)
class EtcdCluster:
    """Three members, started with the very environment that fleetkit renders for a machine."""

    folder: Path
    size: int = 3
    program: Path = PACKAGED
    pki: ClusterPki = field(init=False)
    members: dict[str, RunningMember] = field(init=False, default_factory=dict)

    def __enter__(self) -> EtcdCluster:
        names = [f"etcd{number}" for number in range(1, self.size + 1)]
        self.pki = ensure_pki(
            self.folder / "pki", cluster="demo", members=dict.fromkeys(names, "127.0.0.1"), dns_zone=ZONE
        )
        for name in names:
            self._lay_out(name)
        try:
            for name in names:
                self.start(name)
            self.wait_healthy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        for name in self.members:
            self.kill(name)
        for member in self.members.values():
            # A member preallocates 64 MB; a test run must not leave them behind.
            shutil.rmtree(member.folder, ignore_errors=True)

    def _lay_out(self, name: str) -> None:
        member = RunningMember(name, free_port(), free_port(), self.folder / name)
        certificates = member.folder / "pki"
        certificates.mkdir(parents=True)
        shutil.copyfile(self.pki.ca.certificate, certificates / "ca.crt")
        for kind, files in (("server", self.pki.servers[name]), ("peer", self.pki.peers[name])):
            shutil.copyfile(files.certificate, certificates / f"{kind}.crt")
            shutil.copyfile(files.key, certificates / f"{kind}.key")
        self.members[name] = member

    def environment(self, name: str) -> dict[str, str]:
        """Return the member's settings: what a machine gets, with this computer's ports and folders."""
        text = render_environment(
            name=name,
            members=dict.fromkeys(self.members, "127.0.0.1"),
            token="demo",
            heartbeat_ms=100,
            election_ms=1000,
            quota_bytes=2 * 1024**3,
        )
        values = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
        member = self.members[name]
        peers = {other.name: f"https://127.0.0.1:{other.peer_port}" for other in self.members.values()}
        client = f"https://127.0.0.1:{member.client_port}"
        values |= {
            "ETCD_DATA_DIR": str(member.folder / "data"),
            "ETCD_LISTEN_CLIENT_URLS": client,
            "ETCD_ADVERTISE_CLIENT_URLS": client,
            "ETCD_LISTEN_PEER_URLS": peers[name],
            "ETCD_INITIAL_ADVERTISE_PEER_URLS": peers[name],
            "ETCD_INITIAL_CLUSTER": ",".join(f"{other}={url}" for other, url in peers.items()),
            "ETCD_UNSAFE_NO_FSYNC": "true",
        }
        return {key: value.replace("/etc/etcd/pki", str(member.folder / "pki")) for key, value in values.items()}

    def start(self, name: str, **changed: str) -> None:
        """Start a member; ``changed`` replaces settings."""
        member = self.members[name]
        with (member.folder / "log").open("ab") as log:
            member.process = subprocess.Popen(
                [self.program],
                env={"PATH": os.defpath, **self.environment(name), **changed},
                stdout=log,
                stderr=log,
            )

    def _send(self, name: str, what: signal.Signals) -> int:
        process = self.members[name].process
        assert process is not None
        process.send_signal(what)
        return process.pid

    def pause(self, name: str) -> None:
        """Freeze a member, and return when all its threads stand still: a busy computer takes its time over that."""
        os.waitpid(self._send(name, signal.SIGSTOP), os.WUNTRACED)

    def resume(self, name: str) -> None:
        """Let a frozen member go on."""
        self._send(name, signal.SIGCONT)

    def kill(self, name: str) -> None:
        """End a member at once; no harm when it has ended."""
        process = self.members[name].process
        if process is not None:
            process.kill()
            process.wait()
            self.members[name].process = None

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the members' endpoints: checked by their private names, dialled on loopback."""
        return tuple(
            Endpoint(name=member.name, host=f"{member.name}.{ZONE}", address="127.0.0.1", port=member.client_port)
            for member in self.members.values()
        )

    @contextlib.contextmanager
    def open_way(self, workspace: Workspace, **_options: object) -> Iterator[WayIn]:
        """Open the way in to these members, where the workflows open that to a cluster's own."""
        yield WayIn(
            cluster=workspace.cluster,
            endpoints=self.endpoints(),
            tls=self.tls,
            tunnel=None,
            _pki=self.pki,
            _access=SshAccess(known_hosts=KnownHosts()),
            _key_file=None,
        )

    @property
    def tls(self) -> TlsFiles:
        """The operator's certificate."""
        operator = self.pki.clients["operator"]
        return TlsFiles(ca=self.pki.ca.certificate, certificate=operator.certificate, key=operator.key)

    def leader(self) -> str:
        """Return the leader's name."""
        from fleetkit.etcd import read_status

        def look() -> str | NotYet[str]:
            for name, status in read_status(self.endpoints(), tls=self.tls).ok.items():
                if status.is_leader:
                    return name
            return NotYet("no member says that it leads")

        return wait_until(look, what="a leader", patience=_PATIENCE)

    def wait_healthy(self) -> None:
        """Wait until all members are healthy."""

        def look() -> bool | NotYet[bool]:
            health = read_health(self.endpoints(), tls=self.tls, limits=EtcdLimits(total_s=2))
            ill = [f"{member.name}: {member.reason}" for member in health.members if not member.healthy]
            ill += [f"{name} ended: {self.log_tail(name)}" for name in self.members if self._has_ended(name)]
            return NotYet("; ".join(ill)) if ill else True

        wait_until(look, what="every member to be healthy", patience=_PATIENCE)

    def mend(self) -> None:
        """Start whom a test killed, let go on whom it paused, and wait until all are healthy."""
        for name, member in self.members.items():
            if member.process is None:
                self.start(name)
            else:
                self.resume(name)
        self.wait_healthy()

    def log_tail(self, name: str) -> str:
        """Return the last lines that a member wrote."""
        return "\n".join((self.members[name].folder / "log").read_text(errors="replace").splitlines()[-3:])

    def _has_ended(self, name: str) -> bool:
        process = self.members[name].process
        return process is not None and process.poll() is not None

    def etcdctl_v2(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Ask etcdctl the same of the v2 store."""
        operator = self.pki.clients["operator"]
        return subprocess.run(
            [
                _BIN / "etcdctl",
                f"--endpoints={','.join(f'https://127.0.0.1:{one.client_port}' for one in self.members.values())}",
                f"--ca-file={self.pki.ca.certificate}",
                f"--cert-file={operator.certificate}",
                f"--key-file={operator.key}",
                *arguments,
            ],
            env={"PATH": os.defpath, "ETCDCTL_API": "2"},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def etcdctl(self, *arguments: str, name: str | None = None) -> subprocess.CompletedProcess[str]:
        """Ask etcdctl the same, of one member or of all."""
        ports = [member.client_port for member in self.members.values() if name in (None, member.name)]
        operator = self.pki.clients["operator"]
        return subprocess.run(
            [
                _BIN / "etcdctl",
                f"--endpoints={','.join(f'https://127.0.0.1:{port}' for port in ports)}",
                f"--cacert={self.pki.ca.certificate}",
                f"--cert={operator.certificate}",
                f"--key={operator.key}",
                *arguments,
            ],
            env={"PATH": os.defpath, "ETCDCTL_API": "3"},
            capture_output=True,
            text=True,
            timeout=60,
        )
