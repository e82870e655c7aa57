"""Secrets: the only room that sees a secret's value.

References to secrets (`fleetkit.core.parse_reference`) are resolved here, late, and what they lead to is carried in a
`Secret`, which does not print itself and is delivered to a writer that is handed over.
It also seals and opens parcels and files with age, and writes what Docker reads of registries' credentials.
"""

from fleetkit.secrets.age import (
    make_identity,
    open_file,
    open_file_with,
    open_parcel,
    parse_recipient,
    seal_file,
    seal_parcel,
)
from fleetkit.secrets.aws_source import AskingAws, AwsClients, AwsSource
from fleetkit.secrets.registry import RegistryLogin, render_docker_config, render_dockercfg
from fleetkit.secrets.resolving import Protect, SecretSources, resolve_secret
from fleetkit.secrets.secret import Secret
from fleetkit.secrets.vault_access import (
    AppRoleLogin,
    AwsLogin,
    SignedIdentity,
    SignIdentity,
    TokenLogin,
    VaultAccess,
    VaultLimits,
    VaultLogin,
    read_vault_environment,
)
from fleetkit.secrets.vault_source import VaultSource

__all__ = [
    "AppRoleLogin",
    "AskingAws",
    "AwsClients",
    "AwsLogin",
    "AwsSource",
    "Protect",
    "RegistryLogin",
    "Secret",
    "SecretSources",
    "SignIdentity",
    "SignedIdentity",
    "TokenLogin",
    "VaultAccess",
    "VaultLimits",
    "VaultLogin",
    "VaultSource",
    "make_identity",
    "open_file",
    "open_file_with",
    "open_parcel",
    "parse_recipient",
    "read_vault_environment",
    "render_docker_config",
    "render_dockercfg",
    "resolve_secret",
    "seal_file",
    "seal_parcel",
]
