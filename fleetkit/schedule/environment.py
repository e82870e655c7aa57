"""Which variables of this shell the runs of a schedule are given: what they need, and nothing secret.

Whoever begins a scheduled run, cron above all, knows next to nothing of the shell that it was added in.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping, MutableMapping

from fleetkit.config import FOREIGN_SETTINGS, SETTINGS
from fleetkit.core import Redactor

__all__ = ["apply_environment", "choose_environment", "is_secret_variable", "list_left_out"]

_ALSO = frozenset(
    {"HTTPS_PROXY", "HTTP_PROXY", "LANG", "LC_ALL", "NO_PROXY", "PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}
    | {"VAULT_ADDR", "VAULT_CACERT", "VAULT_NAMESPACE"}
)
_EXACT = frozenset(one.name for one in (*SETTINGS, *FOREIGN_SETTINGS) if not one.name.endswith("*"))
_PREFIXES = tuple(one.name[:-1] for one in FOREIGN_SETTINGS if one.name.endswith("*"))
_SECRET_NAME = re.compile(r"(?i)secret|passw|passphrase|token$|access_key|private_key|api_?key|authorization$")
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_LEADS_TO_KEYS = frozenset({"AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"})
_SECRET_LEADS = frozenset({"VAULT_TOKEN"})


def apply_environment(environ: MutableMapping[str, str], chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Give a process the variables of a schedule, and return the names of those that were taken out for them.

    Keys of AWS that whoever begins the run has for its own sake would win over the profile or the file that the
    schedule names, and lead to another account.
    """
    taken = tuple(name for name in _KEYS if name in environ) if _LEADS_TO_KEYS & chosen.keys() else ()
    for name in taken:
        del environ[name]
    environ.update(chosen)
    return taken


def choose_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the runs are given, by name; those that are unset, empty or secret are not there."""
    return {
        name: value
        for name, value in sorted(environ.items())
        if value and _is_needed(name) and not is_secret_variable(name, value)
    }


def list_left_out(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of variables that runs would need, and that are secret: nobody gives those to them."""
    names = (name for name in sorted(environ) if _is_needed(name) or name in _SECRET_LEADS)
    return tuple(name for name in names if environ[name] and is_secret_variable(name, environ[name]))


def is_secret_variable(name: str, value: str) -> bool:
    """Return whether a variable is a secret, by its name or by what its value looks like."""
    if _SECRET_NAME.search(name) or Redactor().redact(value) != value:
        return True
    try:
        # Proxies are named without a scheme as well.
        return urllib.parse.urlsplit(value if "//" in value else f"//{value}").password is not None
    except ValueError:
        return False


def _is_needed(name: str) -> bool:
    return name in _EXACT or name in _ALSO or name.startswith(_PREFIXES)
