"""A cluster of etcd members on machines that boot, as the product's masters do but with their files in Ignition."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.hall_boot import ignition, unit
from support.hall_pki import Authority

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox.hall import Allow, Hall

MEMBERS = {"etcd1": "10.77.1.10", "etcd2": "10.77.2.10", "etcd3": "10.77.3.10"}
OPERATOR = "10.77.9.9"
QUORUM = Patience(deadline_s=40, interval_s=0.2)

UNIT = """\
[Unit]
Wants=docker.service network-online.target
After=docker.service network-online.target
[Service]
EnvironmentFile=/etc/fleetkit/images.env
ExecStartPre=-/usr/bin/docker rm -f etcd
ExecStartPre=/usr/bin/chown -R etcd:etcd /etc/etcd/pki
ExecStart=/usr/bin/docker run --name etcd --network host --env-file /etc/etcd/etcd.env --user 232:232 \\
  -v /etc/etcd/pki:/etc/etcd/pki:ro -v /var/lib/etcd:/var/lib/etcd:rw ${ETCD_IMAGE} /usr/local/bin/etcd
Restart=always
RestartSec=2500ms
"""
IMAGE = "ETCD_IMAGE=quay.io/coreos/etcd@sha256:" + "0" * 64 + "\n"


@dataclass(slots=True)
class Cluster:
    """Three members' certificates and user data, and the operator's look at them."""

    folder: Path
    authority: Authority = field(default_factory=Authority)

    def user_data(self, member: str, *, change: Mapping[str, tuple[str, str]] = {}) -> str:
        """Render one member's; ``change`` maps a file or unit to a text in it and what comes in its place."""
        address = MEMBERS[member]
        pair = self.authority.issue(member, addresses=(address, "127.0.0.1"), names=(member, "localhost"))
        urls = ",".join(f"{name}=https://{one}:2380" for name, one in MEMBERS.items())
        environment = {
            "NAME": member,
            "DATA_DIR": "/var/lib/etcd/data",
            "LISTEN_CLIENT_URLS": f"https://{address}:2379",
            "ADVERTISE_CLIENT_URLS": f"https://{address}:2379",
            "LISTEN_PEER_URLS": f"https://{address}:2380",
            "INITIAL_ADVERTISE_PEER_URLS": f"https://{address}:2380",
            "INITIAL_CLUSTER": urls,
            "INITIAL_CLUSTER_STATE": "new",
            "INITIAL_CLUSTER_TOKEN": "test",
            "ENABLE_V2": "true",
            "CLIENT_CERT_AUTH": "true",
            "PEER_CLIENT_CERT_AUTH": "true",
        }
        for prefix in ("", "PEER_"):
            environment |= {
                f"{prefix}TRUSTED_CA_FILE": "/etc/etcd/pki/ca.crt",
                f"{prefix}CERT_FILE": "/etc/etcd/pki/member.crt",
                f"{prefix}KEY_FILE": "/etc/etcd/pki/member.key",
            }
        texts: dict[str, str] = {
            "/etc/etcd/etcd.env": "".join(f"ETCD_{key}={value}\n" for key, value in environment.items()),
            "/etc/etcd/pki/ca.crt": self.authority.pem.decode(),
            "/etc/etcd/pki/member.crt": pair.certificate.decode(),
            "/etc/etcd/pki/member.key": pair.key.decode(),
            "/etc/fleetkit/images.env": IMAGE,
            "etcd-member.service": UNIT,
        }
        for name, (old, new) in change.items():
            assert old in texts[name], f"{name} has no {old!r} to change"
            texts[name] = texts[name].replace(old, new)
        etcd_unit = unit("etcd-member.service", texts.pop("etcd-member.service"))
        modes = {path: 0o400 if path.endswith(".key") else 0o644 for path in texts}
        return ignition(
            {path: (text, modes[path]) for path, text in texts.items() if text},
            [etcd_unit],
            [{"path": "/var/lib/etcd", "mode": 0o700, "user": {"name": "etcd"}, "group": {"name": "etcd"}}],
        )

    def client_context(self) -> ssl.SSLContext:
        pair = self.authority.issue("operator")
        paths = {"ca.crt": self.authority.pem, "client.crt": pair.certificate, "client.key": pair.key}
        for name, text in paths.items():
            (self.folder / name).write_bytes(text)
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        context.load_cert_chain(self.folder / "client.crt", self.folder / "client.key")
        return context

    def health(self, hall: Hall, member: str, *, timeout_s: float = 2.0) -> tuple[bool, str]:
        """Ask a member from the operator's place: whether it is healthy, and what it said."""
        address = MEMBERS[member]
        try:
            with (
                hall.connect("operator", address, 2379, timeout_s) as plain,
                self.client_context().wrap_socket(plain, server_hostname=address) as channel,
            ):
                connection = http.client.HTTPSConnection(address, 2379)
                connection.sock = channel
                connection.request("GET", "/health")
                said: dict[str, Any] = json.loads(connection.getresponse().read())
        except OSError as error:
            return False, repr(error)
        return said["health"] == "true", json.dumps(said)

    def await_health(self, hall: Hall, wanted: Mapping[str, bool]) -> None:
        """Wait until each member is as wanted."""

        def look() -> bool | NotYet[bool]:
            seen = {member: self.health(hall, member) for member in wanted}
            fits = all(seen[member][0] is wish for member, wish in wanted.items())
            return True if fits else NotYet(str(seen))

        wait_until(look, what=f"members to be {dict(wanted)}", patience=QUORUM)


def cluster_rules() -> list[Allow]:
    """Return what masters need: each other's peer port, and the operator's way to the client port."""
    every = list(MEMBERS.values())
    rules = [
        Allow(source=one, destination=other, protocol="tcp", ports=(2380, 2380))
        for one in every
        for other in every
        if one != other
    ]
    return rules + [Allow(source=OPERATOR, destination=one, protocol="tcp", ports=(2379, 2379)) for one in every]
