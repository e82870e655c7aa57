"""From a reference to its secret: late, when the value is needed, and not before."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fleetkit.core import FleetkitError, SecretReference, SecretScheme, SettingsError
from fleetkit.secrets._local import read_local
from fleetkit.secrets._quiet import no_debug_logs
from fleetkit.secrets.aws_source import AwsSource
from fleetkit.secrets.secret import Secret
from fleetkit.secrets.vault_source import VaultSource

__all__ = ["Protect", "SecretSources", "resolve_secret"]

Protect = Callable[[list[str]], object]
"""Told which texts to keep out of what is written: `fleetkit.runs.Run.protect`."""


def _nobody(_texts: list[str]) -> None:
    """Protect nothing further: this process redacts what it has seen in any case."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecretSources:
    """Where secrets are read from; what is not needed may be left out.

    Attributes
    ----------
    aws
        For ``ssm:`` and ``secretsmanager:``.
    vault
        For ``vault:``.
    environ
        For ``env:``; the variables of this process where not given.
    """

    aws: AwsSource | None = None
    vault: VaultSource | None = None
    environ: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        # Not the variables: some of them are secrets.
        return f"SecretSources(aws={self.aws!r}, vault={self.vault!r})"


def resolve_secret(reference: SecretReference, sources: SecretSources, *, protect: Protect = _nobody) -> Secret:
    """Read what a reference leads to, once, now.

    Parameters
    ----------
    protect
        Told of the value before anybody can do anything with it, such as the run that records this.
        In this process it is taken out of whatever is redacted in any case.

    Raises
    ------
    NotFoundError
        When there is no such secret, version or field.
    PreconditionError
        When it lies where others can read it.
    SettingsError
        When it cannot be used as a secret, or nobody handed over what is needed to read it.
    ServiceError
        When what keeps it refuses, or cannot be reached.
    """
    found = _resolve(reference, sources)
    if isinstance(found, FleetkitError):
        raise found
    found.protect(protect)
    return found


def _resolve(reference: SecretReference, sources: SecretSources) -> Secret | FleetkitError:
    """Return the secret, or what went wrong without the frames that it passed through: they may hold the value."""
    try:
        with no_debug_logs():
            return _read(reference, sources)
    except FleetkitError as error:
        return error.with_traceback(None)


def _read(reference: SecretReference, sources: SecretSources) -> Secret:
    if reference.scheme in (SecretScheme.ENV, SecretScheme.FILE):
        return read_local(reference, os.environ if sources.environ is None else sources.environ)
    source = sources.vault if reference.scheme is SecretScheme.VAULT else sources.aws
    if source is None:
        raise SettingsError(
            f"the secret {reference} cannot be read",
            seen=f"nothing is known here that keeps what {reference.scheme}: names",
            hint="set VAULT_ADDR and sign in: vault login" if reference.scheme is SecretScheme.VAULT else None,
        )
    return Secret(source.read(reference), name=str(reference))
