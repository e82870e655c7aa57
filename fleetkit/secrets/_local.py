"""Secrets of this computer: environment variables, and files that nobody else may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from fleetkit.core import NotFoundError, PreconditionError, SecretReference, SecretScheme, SettingsError
from fleetkit.secrets.secret import Secret

__all__ = ["read_local"]

_LARGEST_BYTES = 64 * 1024
"""As much as Secrets Manager keeps of one; whatever is larger is no password, token or key."""


def _read_variable(reference: SecretReference, environ: Mapping[str, str]) -> bytes:
    """Return the value of the variable that a reference names.

    Raises
    ------
    NotFoundError
        When it is not set, or empty.
    """
    value = environ.get(reference.place, "")
    if not value:
        raise NotFoundError(
            f"the secret {reference} is not there",
            seen="the variable is empty" if reference.place in environ else "no such variable is set",
            hint=f"set it for this program alone: read -rs {reference.place} && export {reference.place}",
        )
    return os.fsencode(value)


def _read_private_file(reference: SecretReference) -> bytes:
    """Return what the file holds that a reference names; the line end of its only line is left out.

    Raises
    ------
    NotFoundError
        When there is no such file, or nothing in it.
    PreconditionError
        When others may read or change it.
    SettingsError
        When it cannot be read, or is no file that may hold a secret.
    """
    path = Path(reference.place).expanduser()
    try:
        # Looked at when it is open, so that nobody can put another in its place; a pipe must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            _check_file(reference, os.fstat(descriptor))
            content = stream.read(_LARGEST_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"the secret {reference} is not there", seen=f"no file {path}") from error
    except OSError as error:
        raise SettingsError(f"the secret {reference} cannot be read", seen=f"{path}: {error.strerror}") from error
    # Editors end a line that a password has not; text of several lines, such as a key, is kept as it is.
    only = content.removesuffix(b"\n").removesuffix(b"\r")
    content = content if b"\n" in only else only
    if not content:
        raise NotFoundError(f"the secret {reference} is not there", seen=f"{path} is empty")
    return content


def _check_file(reference: SecretReference, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise SettingsError(f"the secret {reference} cannot be read", seen="it is no plain file")
    if facts.st_uid not in (os.geteuid(), 0):
        raise PreconditionError(
            f"the secret {reference} is not read",
            seen=f"its file belongs to user {facts.st_uid}, who can read and change it",
            hint=f"make it yours: chown {os.geteuid()} {reference.place}",
        )
    if facts.st_mode & 0o077:
        raise PreconditionError(
            f"the secret {reference} is not read",
            seen=f"its mode is {stat.S_IMODE(facts.st_mode):04o}: others may read or change it",
            hint=f"chmod 600 {reference.place}, and if others were on this computer, replace the secret",
        )
    if facts.st_size > _LARGEST_BYTES:
        raise SettingsError(
            f"the secret {reference} is too large",
            seen=f"{facts.st_size} bytes",
            hint=f"a secret has {_LARGEST_BYTES} bytes at most",
        )


def read_local(reference: SecretReference, environ: Mapping[str, str]) -> Secret:
    """Return a secret of this computer.

    Raises
    ------
    NotFoundError, PreconditionError, SettingsError
        As `read_variable` and `read_private_file` do.
    """
    if reference.scheme is SecretScheme.ENV:
        return Secret(_read_variable(reference, environ), name=str(reference))
    return Secret(_read_private_file(reference), name=str(reference))
