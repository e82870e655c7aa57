"""Which secrets the machines of each pool find, and where: read here out of the cluster file, and resolved late."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.config import Cluster, Registry
from fleetkit.core import SecretReference, SecretScheme, parse_reference
from fleetkit.secrets import (
    AwsSource,
    Protect,
    RegistryLogin,
    Secret,
    SecretSources,
    VaultSource,
    read_vault_environment,
    render_docker_config,
    render_dockercfg,
    resolve_secret,
)
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.bucket_keys import secret_key
from fleetkit.workflows.delivery import DeliveredFile

__all__ = ["SecretFile", "hash_secret", "list_secret_files", "open_sources", "resolve_file"]

_FOLDER = "/etc/fleetkit/secrets"
_DOCKER = {"/root/.docker/config.json": render_docker_config, "/root/.dockercfg": render_dockercfg}
"""What Docker's client reads when a unit calls it, which runs as root; the second is for one of before 1.7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """A file that the machines of one pool find, and what it is made of.

    Attributes
    ----------
    role
        The pool.
    destination
        Absolute path on the machine.
    reference
        What is in it, where that is one secret.
    registries
        Whose credentials are in it, where it is Docker's.
    """

    role: str
    destination: str
    reference: SecretReference | None = None
    registries: tuple[Registry, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The references that lead to what is in it."""
        return (str(self.reference),) if self.reference is not None else tuple(one.password for one in self.registries)

    def delivered(self, sha256: str) -> DeliveredFile:
        """Return it as a manifest names it; its content is put there apart."""
        return DeliveredFile(
            destination=self.destination,
            mode=0o400,
            owner="root:root",
            key=secret_key(self.role, self.destination),
            sha256=sha256,
            content=None,
        )


def list_secret_files(cluster: Cluster) -> tuple[SecretFile, ...]:
    """Return what the cluster file wants the machines of each pool to find."""
    files: list[SecretFile] = []
    for role, pool in cluster.pools.items():
        files += [
            SecretFile(role=role, destination=f"{_FOLDER}/{name}", reference=parse_reference(cluster.secrets[name]))
            for name in pool.secrets
        ]
        registries = tuple(one for one in cluster.registries if role in one.pools)
        files += [SecretFile(role=role, destination=path, registries=registries) for path in _DOCKER if registries]
    return tuple(files)


@contextlib.contextmanager
def open_sources(workspace: Workspace, files: tuple[SecretFile, ...]) -> Iterator[SecretSources]:
    """Give what the secrets of these files are read from; Vault is signed in to when the first is asked for.

    Raises
    ------
    NotFoundError, SettingsError
        When one lies in Vault, and the environment does not say how that is reached.
    """
    source = AwsSource(workspace.session, asking=aws.asking)
    in_vault = [one for file in files for one in file.sources if one.startswith(f"{SecretScheme.VAULT}:")]
    if not in_vault:
        yield SecretSources(aws=source, environ=workspace.environ)
        return
    with VaultSource(read_vault_environment(workspace.environ), environ=workspace.environ) as vault:
        yield SecretSources(aws=source, vault=vault, environ=workspace.environ)


def resolve_file(file: SecretFile, sources: SecretSources, *, protect: Protect) -> Secret:
    """Read what is to be in a file, now.

    Raises
    ------
    FleetkitError
        When a secret cannot be read, or cannot be used for what it is meant for.
    """
    if file.reference is not None:
        return resolve_secret(file.reference, sources, protect=protect)
    logins = [
        RegistryLogin(
            registry=one.name,
            user=one.user,
            password=resolve_secret(parse_reference(one.password), sources, protect=protect),
        )
        for one in file.registries
    ]
    made = _DOCKER[file.destination](logins)
    made.protect(protect)
    return made


def hash_secret(secret: Secret) -> str:
    """Return the sha256 by which a machine checks what it fetched; it goes into the manifest, and nowhere else."""
    found: list[str] = []
    secret.deliver(lambda content: found.append(hashlib.sha256(content).hexdigest()))
    return found[0]
