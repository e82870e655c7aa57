"""Which variables of this shell the runs of a schedule are given: what they need, and nothing secret.

Whoever begins a scheduled run, cron above all, knows next to nothing of the shell that it was added in.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping

from fleetkit.config import FOREIGN_SETTINGS, SETTINGS
from fleetkit.core import Redactor

__all__ = ["choose_environment", "is_secret_variable", "list_left_out"]

_ALSO = frozenset(
    {"HTTPS_PROXY", "HTTP_PROXY", "LANG", "LC_ALL", "NO_PROXY", "PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}
    | {"VAULT_ADDR", "VAULT_CACERT", "VAULT_NAMESPACE"}
)
_EXACT = frozenset(one.name for one in (*SETTINGS, *FOREIGN_SETTINGS) if not one.name.endswith("*"))
_PREFIXES = tuple(one.name[:-1] for one in FOREIGN_SETTINGS if one.name.endswith("*"))
_SECRET_NAME = re.compile(r"(?i)secret|passw|passphrase|token$|access_key|private_key|api_?key|authorization$")
_SECRET_LEADS = frozenset({"VAULT_TOKEN"})


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
        return urllib.parse.urlsplit(value).password is not None
    except ValueError:
        return False


def _is_needed(name: str) -> bool:
    return name in _EXACT or name in _ALSO or name.startswith(_PREFIXES)
