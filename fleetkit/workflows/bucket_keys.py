"""Where objects lie in the cluster's bucket: each role's below a prefix that only its own instance role may read."""

from __future__ import annotations

import re
import secrets

from fleetkit.config import Cluster

__all__ = [
    "DEPLOY_PREFIX",
    "ETCD_PAGE",
    "PAGES",
    "SETTINGS",
    "archive_key",
    "deploy_mark_key",
    "is_of_page",
    "master_prefix",
    "page_prefixes",
    "pages_key",
    "secret_key",
    "secret_prefix",
    "secret_target",
    "settings_key",
]

DEPLOY_PREFIX = "roles/deploy"
"""Where the deploy host's files lie."""

ETCD_PAGE = "etcd-browser"
"""The page that needs etcd's addresses and a certificate."""

PAGES: tuple[str, ...] = (ETCD_PAGE, "fleet-ui")
"""The pages, as their units and their records are called."""

SETTINGS = "/etc/etcd/etcd.env"
"""Where on a master the settings of its member belong."""


def archive_key(cluster: Cluster) -> str:
    """Return the object key of fleet's archive: its hash is in it, so that a new version is a new object."""
    return f"archives/{cluster.pins.fleet_sha256}/fleet.tar.gz"


def pages_key(cluster: Cluster) -> str:
    """Return the object key of the archive of the pages, by its hash; empty where no pages are pinned."""
    sha256 = cluster.pins.pages_sha256
    return f"archives/{sha256}/pages.pex" if sha256 else ""


def deploy_mark_key() -> str:
    """Return the object key of the mark that the deploy host leaves at its end; nobody fetches for it any more then."""
    return f"{DEPLOY_PREFIX}/done"


def master_prefix(name: str) -> str:
    """Return the prefix of what the master of the member called ``name`` fetches."""
    return f"roles/master/{name}"


def page_prefixes(name: str) -> tuple[str, ...]:
    """Return the prefixes of what the pages fetch on the master of the member called ``name``, one for each page."""
    return tuple(f"{master_prefix(name)}/{page}" for page in PAGES)


def is_of_page(key: str) -> bool:
    """Return whether an object is what a page fetches, on whatever master."""
    return re.fullmatch(rf"{re.escape(master_prefix(''))}[^/]+/({'|'.join(PAGES)})/.+", key) is not None


def settings_key(name: str) -> str:
    """Return the object key of the settings that the member called ``name`` starts with."""
    return f"{master_prefix(name)}/files{SETTINGS}"


def secret_prefix(role: str) -> str:
    """Return below what the secrets lie that the machines of a role fetch; no other role may read them."""
    return f"roles/{role}/secrets/"


def secret_key(role: str, destination: str) -> str:
    """Return an object key for a secret that the machines of a role fetch: another each time.

    What a manifest names is never written over, so that a machine that starts meanwhile finds it as the manifest says.
    """
    return f"{secret_prefix(role)}{secrets.token_hex(8)}{destination}"


def secret_target(key: str) -> str:
    """Return where on a machine a secret belongs, by its object key; those of before had nothing random in them."""
    found = re.fullmatch(r"roles/[^/]+/secrets(?:/[0-9a-f]{16})?(/.+)", key)
    return "" if found is None else found[1]
