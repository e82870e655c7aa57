"""How Vault is reached, and how one signs in to it; no connection is opened here."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from fleetkit.core import NotFoundError, SecretReference, SecretScheme, SettingsError, parse_reference

__all__ = [
    "AppRoleLogin",
    "AwsLogin",
    "SignIdentity",
    "SignedIdentity",
    "TokenLogin",
    "VaultAccess",
    "VaultLimits",
    "VaultLogin",
    "read_vault_environment",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultLimits:
    """Seconds that a connection to Vault may take, and an answer once it stands."""

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """A token that somebody made; it is used as it is, and left alone afterwards."""

    token: SecretReference

    def __post_init__(self) -> None:
        _check_local("the token of Vault", self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRoleLogin:
    """A role of Vault's AppRole: its id, which is no secret, and a secret id."""

    role_id: str
    secret_id: SecretReference
    mount: str = "approle"

    def __post_init__(self) -> None:
        _check_local("the secret id of an AppRole", self.secret_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsLogin:
    """Whoever AWS says that we are, by a signed request of STS that Vault sends on in our place.

    Attributes
    ----------
    role
        Role of Vault's own, not of IAM.
    server_id
        What Vault demands in ``X-Vault-AWS-IAM-Server-ID``, so that nobody can use the request elsewhere; empty where
        it demands none.
    sts_region
        Region of the STS that Vault asks. By default Vault asks the global one, which takes signatures of us-east-1.
    """

    role: str
    mount: str = "aws"
    server_id: str = ""
    sts_region: str = "us-east-1"


VaultLogin: TypeAlias = TokenLogin | AppRoleLogin | AwsLogin


class SignedIdentity(Protocol):
    """A signed request of STS that says who we are, not yet sent."""

    @property
    def method(self) -> str:
        """Its HTTP method."""

    @property
    def url(self) -> str:
        """Where it would go."""

    @property
    def headers(self) -> Mapping[str, str]:
        """All its headers, the signature among them."""

    @property
    def body(self) -> bytes:
        """Its body."""


SignIdentity = Callable[[str, Mapping[str, str]], SignedIdentity]
"""Signs such a request: told the region, and headers that the signature is to cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAccess:
    """Where Vault is, and how to get in.

    Attributes
    ----------
    address
        Its ``https`` address; secrets travel over nothing else.
    namespace
        Namespace that is asked; empty for the root.
    ca_file
        Authority of its certificate, in PEM; None for those that this computer trusts.
    """

    address: str
    login: VaultLogin
    namespace: str = ""
    ca_file: Path | None = None
    limits: VaultLimits = VaultLimits()

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.address)
        if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise SettingsError(
                "the address of Vault cannot be used",
                # What stands before the @ of an address may be a password.
                seen=f"{parts.scheme or 'no scheme'}, {parts.hostname or 'no name'}",
                hint="write https://NAME:8200; without TLS anybody on the way could read what it answers",
            )
        if self.ca_file is not None and not self.ca_file.is_file():
            raise SettingsError("the authority of Vault's certificate is not there", seen=str(self.ca_file))


def read_vault_environment(environ: Mapping[str, str]) -> VaultAccess:
    """Return how Vault is reached by the variables that Vault's own program reads.

    They are ``VAULT_ADDR``, ``VAULT_NAMESPACE``, ``VAULT_CACERT`` and ``VAULT_TOKEN``; without the last, the token
    that ``vault login`` left in ``~/.vault-token``.

    Raises
    ------
    NotFoundError
        When there is no ``VAULT_ADDR``.
    SettingsError
        When one of them cannot be used.
    """
    address = environ.get("VAULT_ADDR", "")
    if not address:
        raise NotFoundError("it is not known where Vault is", seen="no VAULT_ADDR", hint="set it: https://NAME:8200")
    token = "env:VAULT_TOKEN" if environ.get("VAULT_TOKEN") else "file:~/.vault-token"
    ca_file = environ.get("VAULT_CACERT", "")
    return VaultAccess(
        address=address,
        namespace=environ.get("VAULT_NAMESPACE", ""),
        ca_file=Path(ca_file) if ca_file else None,
        login=TokenLogin(token=parse_reference(token)),
    )


def _check_local(what: str, reference: SecretReference) -> None:
    # What opens Vault cannot lie in Vault, and each further service on the way is one more that must be up.
    if reference.scheme not in (SecretScheme.ENV, SecretScheme.FILE):
        raise SettingsError(f"{what} cannot lie there", seen=str(reference), hint="write env:NAME or file:/PATH")
