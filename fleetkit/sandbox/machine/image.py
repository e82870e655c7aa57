"""What lies on a machine's disk before it boots for the first time, as an AMI would bring it.

Only what the programs inside need; the host's own /etc is not copied, save for its loader cache
and the certificates that it trusts.
"""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

from fleetkit.sandbox.machine.accounts import GROUPS, USERS
from fleetkit.sandbox.machine.standins import write_stand_ins

__all__ = ["write_base", "write_image"]

_NAMES = "/run/sandbox/names"
_TRUST_STORES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
_OS_RELEASE = {
    "flatcar": 'ID=flatcar\nID_LIKE=coreos\nNAME="Flatcar Container Linux stand-in"\nVARIANT=sandbox\n',
    "ubuntu": 'ID=ubuntu\nID_LIKE=debian\nNAME="Ubuntu stand-in"\nVARIANT=sandbox\n',
}
_SSHD_CONFIG = {
    "flatcar": "UseDNS no\nUsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
    "ubuntu": "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\n",
}
_PROFILE = """\
export PATH=/sandbox/bin:/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PS1="${USER}@\\h:\\w$ "
"""
_FOLDERS = (
    "etc/ssh/sshd_config.d",
    "etc/ssl/certs",
    "etc/systemd/system",
    "opt/bin",
    "var/lib",
    "var/log/journal",
    "var/tmp",
)


def write_image(root: Path, *, kind: str, trust_pem: bytes) -> None:
    """Write the files of a fresh disk of that kind into ``root``.

    Parameters
    ----------
    trust_pem
        Certificates trusted beside those that the host trusts.
    """
    write_base(root, kind=kind)
    etc = root / "etc"
    for name in ("hosts", "nsswitch.conf", "resolv.conf"):
        (etc / name).symlink_to(f"{_NAMES}/{name}")
    (root / "var/run").symlink_to("/run")
    (etc / "mtab").symlink_to("/proc/self/mounts")
    loader_cache = Path("/etc/ld.so.cache")
    if loader_cache.exists():
        (etc / "ld.so.cache").write_bytes(loader_cache.read_bytes())
    _write_trust(root, trust_pem)
    write_stand_ins(root / "sandbox", interpreter=sys.executable)


def write_base(root: Path, *, kind: str) -> None:
    """Write the part of the disk that leads nowhere out of ``root``: folders, accounts, the SSH server's settings."""
    for name in _FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    etc = root / "etc"
    _write_accounts(root, kind)
    (etc / "os-release").write_text(_OS_RELEASE[kind], encoding="ascii")
    (etc / "ssh/sshd_config").write_text(_SSHD_CONFIG[kind], encoding="ascii")
    (etc / "profile").write_text(_PROFILE, encoding="ascii")


def _write_accounts(root: Path, kind: str) -> None:
    users = [user for user in USERS if kind in user.kinds]
    lines = [f"{user.name}:x:{user.uid}:{user.uid}::{user.home}:{user.login}\n" for user in users]
    (root / "etc/passwd").write_text("".join(lines), encoding="ascii")
    groups = {user.name: user.uid for user in users} | GROUPS
    (root / "etc/group").write_text("".join(f"{name}:x:{gid}:\n" for name, gid in groups.items()), encoding="ascii")
    for user in users:
        if user.home.startswith("/home/"):
            (root / user.home.lstrip("/") / ".ssh").mkdir(parents=True, mode=0o700, exist_ok=True)


def _write_trust(root: Path, trust_pem: bytes) -> None:
    known = [path for path in (*_TRUST_STORES, ssl.get_default_verify_paths().cafile) if path and Path(path).exists()]
    bundle = (Path(known[0]).read_bytes() + b"\n" if known else b"") + trust_pem
    # Each of the places where programs of this host's distribution may look.
    for store in _TRUST_STORES:
        path = root / store.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bundle)
