"""Whom a backup is encrypted for, and how it is opened again: age keys, and a key in AWS KMS.

KMS encrypts no more than 4 KiB, so it wraps an age identity that is made for one backup alone. What it wrapped lies
in the same file as what that identity opens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.aws import AwsLimits, open_session, unwrap_secret, wrap_secret
from fleetkit.config import parse_kms_key
from fleetkit.core import FleetkitError, SettingsError
from fleetkit.etcd import Seal, open_envelope, pack_envelope

__all__ = ["BackupSeals", "needs_identity", "open_sealed", "prepare_seals", "seal_backup"]

_KMS, _KEY = "awskms:", "key.json"
_CONTEXT = "fleetkit:cluster"
_LIMITS = AwsLimits(connect_timeout_s=5.0, read_timeout_s=10.0, attempts=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrappedIdentity:
    """An age identity as KMS wrapped it: the key's ARN, what came of it, and the words that open it."""

    key: str
    wrapped: bytes
    context: dict[str, str]

    def to_json(self) -> bytes:
        found = {"key": self.key, "wrapped": base64.b64encode(self.wrapped).decode(), "context": self.context}
        return json.dumps(found, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes, *, where: str) -> _WrappedIdentity:
        try:
            found = json.loads(content)
            key = parse_kms_key(f"{_KMS}{found['key']}", what=_KEY).name
            return cls(key=key, wrapped=base64.b64decode(found["wrapped"], validate=True), context=found["context"])
        except (KeyError, TypeError, ValueError) as error:
            raise FleetkitError(
                f"the backup {where} cannot be opened",
                seen=f"its {_KEY} is none ({error})",
                hint="take another one: fleetkit etcd backups lists them; nothing was changed",
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSeals:
    """Whom a backup is encrypted for.

    Attributes
    ----------
    recipients
        What age encrypts for; none where it is not encrypted.
    identity
        The identity of one of them, wrapped by KMS; None where that has no part in it.
    """

    recipients: tuple[Any, ...] = ()
    identity: _WrappedIdentity | None = None

    @property
    def seal(self) -> Seal:
        """In which way it is encrypted."""
        if self.identity is not None:
            return Seal.KMS
        return Seal.AGE if self.recipients else Seal.NONE


def needs_identity(seal_for: Sequence[str]) -> bool:
    """Return whether what is encrypted so opens with nothing but a key in a file."""
    given = [text.strip() for text in seal_for if text.strip()]
    return bool(given) and not any(text.startswith(_KMS) for text in given)


def prepare_seals(seal_for: Sequence[str], *, cluster: str) -> BackupSeals:
    """Read whom a backup of a cluster is to be encrypted for; a key in KMS is asked now, before anything is read.

    Parameters
    ----------
    seal_for
        age recipients, SSH public keys, and at most one key in KMS: ``awskms:`` and its ARN, id or alias.
        Blank ones are passed over.

    Raises
    ------
    SettingsError
        When one of them is no key, or a key in KMS of a kind that does not serve.
    AwsError, NotFoundError
        When KMS cannot be asked, does not let these credentials encrypt, or has no such key.
    """
    given = [text.strip() for text in seal_for if text.strip()]
    if not given:
        return BackupSeals()
    from fleetkit.secrets import make_identity, parse_recipient

    recipients = [parse_recipient(text) for text in given if not text.startswith(_KMS)]
    keys = [text for text in given if text.startswith(_KMS)]
    if not keys:
        return BackupSeals(recipients=tuple(recipients))
    if len(keys) > 1:
        raise SettingsError(
            "a backup is encrypted for one key in KMS", seen=", ".join(keys), hint="name one; age keys may stand beside"
        )
    key, context = parse_kms_key(keys[0], what="the key to encrypt for"), {_CONTEXT: cluster}
    identity, recipient = make_identity()
    arn, wrapped = wrap_secret(open_session(key.region, limits=_LIMITS), key.name, identity.encode(), context=context)
    return BackupSeals(
        recipients=(*recipients, recipient),
        identity=_WrappedIdentity(key=arn, wrapped=wrapped, context=context),
    )


def seal_backup(packed: Path, seals: BackupSeals) -> Path:
    """Encrypt a packed backup, and return the file that takes its place; as it is where nobody is named.

    Raises
    ------
    FleetkitError
        When it cannot be written.
    """
    if not seals.recipients:
        return packed
    from fleetkit.secrets import seal_file

    sealed = packed.with_name(f"{packed.name}.age")
    seal_file(packed, sealed, recipients=seals.recipients)
    packed.unlink()
    if seals.identity is None:
        return sealed
    outer = packed.with_name(f"{packed.name}.kms")
    pack_envelope(outer, seals.identity.to_json(), sealed)
    sealed.unlink()
    return outer


def open_sealed(file: Path, seal: Seal, *, cluster: str, identity: Path | None) -> Path:
    """Decrypt a backup, and return the file that takes its place; as it is where it is not encrypted.

    Parameters
    ----------
    cluster
        The cluster of which it must be: KMS opens it for no other.
    identity
        File with an age identity or SSH private key: given where no KMS opens it, and where it is, KMS is not asked.

    Raises
    ------
    SettingsError
        When the key in the file does not open it.
    AwsError
        When KMS cannot be asked, or does not let these credentials decrypt.
    FleetkitError
        When it was cut off or changed, or KMS wrapped its key for another cluster.
    """
    if seal is Seal.NONE:
        return file
    from fleetkit.secrets import open_file, open_file_with

    sealed, wrapped = (file, None) if seal is Seal.AGE else _split(file)
    opened = file.with_name("opened.tar")
    if identity is not None:
        open_file(sealed, opened, identity_file=identity)
    else:
        assert wrapped is not None  # noqa: S101 -- for the type checker: the caller asked for the key file
        session = open_session(parse_kms_key(f"{_KMS}{wrapped.key}", what=_KEY).region, limits=_LIMITS)
        secret = unwrap_secret(session, wrapped.key, wrapped.wrapped, context={_CONTEXT: cluster})
        open_file_with(sealed, opened, identity=secret.decode())
    sealed.unlink()
    return opened


def _split(outer: Path) -> tuple[Path, _WrappedIdentity]:
    """Take apart what `seal_backup` put together; the outer file is removed."""
    sealed = outer.with_name(f"{outer.name}.age")
    wrapped = _WrappedIdentity.from_json(open_envelope(outer, sealed), where=outer.name)
    outer.unlink()
    return sealed, wrapped
