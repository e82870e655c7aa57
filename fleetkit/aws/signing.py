"""A key in AWS KMS that signs: its private half never leaves KMS, so each signature is a call.

Checking a signature takes the public half alone, which is read once, and no call at all.
"""

from __future__ import annotations

import hashlib
from typing import Any

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession
from fleetkit.core import KeyScheme, NotFoundError, SettingsError, Signer, format_public_key

__all__ = ["open_signing_key"]

_SPEC, _USAGE, _ALGORITHM = "ECC_NIST_P256", "SIGN_VERIFY", "ECDSA_SHA_256"


class _KmsSigner:
    """Signs by asking KMS."""

    def __init__(self, kms: Any, *, key_id: str, public_key: str) -> None:
        self._kms, self._key_id, self._public_key = kms, key_id, public_key

    def __repr__(self) -> str:
        return f"Signer({self._public_key})"

    @property
    def public_key(self) -> str:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        # KMS takes 4096 bytes of a message at most, and the digest of one of any length.
        digest = hashlib.sha256(message).digest()
        with asking(f"a signature by the key {self._key_id}"):
            answer = self._kms.sign(
                KeyId=self._key_id, Message=digest, MessageType="DIGEST", SigningAlgorithm=_ALGORITHM
            )
        return bytes(answer["Signature"])


def open_signing_key(session: AwsSession, key: str) -> Signer:
    """Return who signs with a key in KMS; its public half is read now, and nothing is signed yet.

    Parameters
    ----------
    session
        AWS in the key's region; its limits are those of each signature.
    key
        ARN, id or ``alias/NAME``. An alias is followed once: later signatures are of the key that it leads to now.

    Raises
    ------
    AwsError
        When KMS cannot be reached, or does not let these credentials read the key.
    NotFoundError
        When there is no such key.
    SettingsError
        When it is a key of another kind.
    """
    kms = session.client("kms")
    with asking(f"the public key of {key} in {session.region}"):
        try:
            answer = kms.get_public_key(KeyId=key)
        except kms.exceptions.NotFoundException as error:
            raise NotFoundError(
                f"there is no key {key} in KMS", seen=f"asked {session.region}", hint="check its name and its region"
            ) from error
        except kms.exceptions.UnsupportedOperationException as error:
            raise _refuse(key, seen="it has no public half") from error
    if (answer["KeySpec"], answer["KeyUsage"]) != (_SPEC, _USAGE):
        raise _refuse(key, seen=f"it is {answer['KeySpec']}, for {answer['KeyUsage']}")
    return _KmsSigner(kms, key_id=answer["KeyId"], public_key=format_public_key(KeyScheme.P256, answer["PublicKey"]))


def _refuse(key: str, *, seen: str) -> SettingsError:
    return SettingsError(
        f"the key {key} cannot sign records and approvals",
        seen=seen,
        hint=f"name one that was made with: aws kms create-key --key-spec {_SPEC} --key-usage {_USAGE}",
    )
