"""A master's user data as the module renders it, the objects that it points to, and changes of one line in either."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from support.hall_pki import Authority
from support.sandbox_network import BUCKET
from support.terraform_offline import TERRAFORM, offline_terraform

ADDRESS = "10.20.1.50"
PREFIX = "roles/master/etcd1"
_PKI = "/etc/etcd/pki"
_CONFIGURATION = f"""
module "master" {{
  source   = "./user_data"
  bucket   = "{BUCKET}"
  manifest = "{PREFIX}/manifest"
  region   = "us-west-2"
  role     = "master"
}}
output "text" {{ value = module.master.text }}
"""


def render_master(folder: Path) -> str:
    """Return the Ignition document that Terraform makes for a master."""
    offline = offline_terraform(folder)
    place = folder / "render"
    shutil.copytree(TERRAFORM / "modules" / "user_data", place / "user_data")
    (place / "main.tf").write_text(_CONFIGURATION)
    offline.run(place, "init", "-input=false")
    offline.run(place, "apply", "-auto-approve", "-input=false")
    text: str = json.loads(offline.run(place, "output", "-json", "text").stdout)
    return text


@dataclass(slots=True)
class Master:
    """The one member of a cluster of one: what it is told, and what it fetches (destination to content)."""

    ignition: str
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def make(cls, ignition: str) -> Master:
        """Return it whole."""
        authority = Authority()
        pair = authority.issue("etcd1", addresses=(ADDRESS, "127.0.0.1"), names=("etcd1",))
        url = f"https://{ADDRESS}"
        environment = {
            "NAME": "etcd1",
            "DATA_DIR": "/var/lib/etcd/data",
            "LISTEN_CLIENT_URLS": f"{url}:2379",
            "ADVERTISE_CLIENT_URLS": f"{url}:2379",
            "LISTEN_PEER_URLS": f"{url}:2380",
            "INITIAL_ADVERTISE_PEER_URLS": f"{url}:2380",
            "INITIAL_CLUSTER": f"etcd1={url}:2380",
            "CLIENT_CERT_AUTH": "true",
            "PEER_CLIENT_CERT_AUTH": "true",
        }
        for prefix, name in (("", "server"), ("PEER_", "peer")):
            environment[f"{prefix}TRUSTED_CA_FILE"] = f"{_PKI}/ca.crt"
            environment[f"{prefix}CERT_FILE"] = f"{_PKI}/{name}.crt"
            environment[f"{prefix}KEY_FILE"] = f"{_PKI}/{name}.key"
        files = {
            "/etc/etcd/etcd.env": "".join(f"ETCD_{key}={value}\n" for key, value in environment.items()).encode(),
            "/etc/fleetkit/images.env": b"ETCD_IMAGE=quay.io/coreos/etcd@sha256:" + b"0" * 64 + b"\n",
            f"{_PKI}/ca.crt": authority.pem,
        }
        host_key = ed25519.Ed25519PrivateKey.generate()
        files["/etc/ssh/fleetkit/ssh_host_ed25519_key"] = host_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        for name in ("server", "peer"):
            files |= {f"{_PKI}/{name}.crt": pair.certificate, f"{_PKI}/{name}.key": pair.key}
        return cls(ignition=ignition, files=files)

    def objects(self) -> dict[str, bytes]:
        """Return the bucket's objects: the files and the manifest that lists them."""
        lines, held = [], {}
        for path, content in self.files.items():
            key = f"{PREFIX}/files{path}"
            held[key] = content
            lines.append(f"{hashlib.sha256(content).hexdigest()} {_access(path)} {path} {key}\n")
        return {**held, f"{PREFIX}/manifest": "".join(lines).encode()}

    def change_line(self, where: str, old: str, new: str) -> None:
        """Change a text that stands once in what it is told or fetches.

        ``where`` is the path of a file, the name of a unit for its text, or ``name of`` a unit for that itself.
        """
        if where in self.files:
            self.files[where] = _changed(self.files[where].decode(), old, new).encode()
            return
        document: dict[str, Any] = json.loads(self.ignition)
        for file in (one for one in document["storage"]["files"] if one["path"] == where):
            kind, _, content = file["contents"]["source"].partition("base64,")
            text = _changed(base64.b64decode(content).decode(), old, new)
            file["contents"]["source"] = f"{kind}base64,{base64.b64encode(text.encode()).decode()}"
        for unit in document["systemd"]["units"]:
            if where == f"name of {unit['name']}":
                unit["name"] = _changed(unit["name"], old, new)
            elif where == unit["name"]:
                unit["contents"] = _changed(unit["contents"], old, new)
        changed = json.dumps(document)
        assert changed != json.dumps(json.loads(self.ignition)), f"there is no {where}"
        self.ignition = changed


def _access(path: str) -> str:
    """Return mode and owner, as the manifest's line has them."""
    if path.endswith(".key"):
        return "0400 etcd:etcd"
    return "0600 root:root" if path.endswith("host_ed25519_key") else "0644 root:root"


def _changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {text}"
    return text.replace(old, new)
