"""A secret wrapped by a symmetric key in AWS KMS: it opens where KMS is asked with the same words about it.

What is wrapped is a few bytes, such as the key of something larger; KMS takes 4096 at most.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession
from fleetkit.core import FleetkitError, NotFoundError, SettingsError

__all__ = ["unwrap_secret", "wrap_secret"]

_ALGORITHM = "SYMMETRIC_DEFAULT"


def wrap_secret(session: AwsSession, key: str, secret: bytes, *, context: Mapping[str, str]) -> tuple[str, bytes]:
    """Have KMS encrypt a secret, and return the key's ARN with what came of it.

    Parameters
    ----------
    session
        AWS in the key's region.
    key
        ARN, id or ``alias/NAME``.
    context
        Words about it, which whoever unwraps it must give again; they stand in CloudTrail, and grants may demand them.

    Raises
    ------
    AwsError
        When KMS cannot be reached, or does not let these credentials encrypt.
    NotFoundError
        When there is no such key.
    SettingsError
        When it is a key of another kind.
    """
    kms = session.client("kms")
    with asking(f"the wrapping of a secret by {key} in {session.region}"):
        try:
            answer = kms.encrypt(
                KeyId=key, Plaintext=secret, EncryptionContext=dict(context), EncryptionAlgorithm=_ALGORITHM
            )
        except kms.exceptions.NotFoundException as error:
            raise NotFoundError(
                f"there is no key {key} in KMS", seen=f"asked {session.region}", hint="check its name and its region"
            ) from error
        except kms.exceptions.InvalidKeyUsageException as error:
            raise SettingsError(
                f"the key {key} cannot wrap a secret",
                seen="it is no symmetric key for encrypting",
                hint="name one that was made with: aws kms create-key",
            ) from error
    return str(answer["KeyId"]), bytes(answer["CiphertextBlob"])


def unwrap_secret(session: AwsSession, key: str, wrapped: bytes, *, context: Mapping[str, str]) -> bytes:
    """Have KMS decrypt what `wrap_secret` made.

    Parameters
    ----------
    session
        AWS in the key's region.
    key
        The key's ARN; no other is tried.
    context
        The very words that were given when it was wrapped.

    Raises
    ------
    AwsError
        When KMS cannot be reached, or does not let these credentials decrypt with that key.
    FleetkitError
        When it was wrapped by another key, with other words, or was changed since.
    """
    kms = session.client("kms")
    with asking(f"the unwrapping of a secret by {key}"):
        try:
            answer = kms.decrypt(
                KeyId=key, CiphertextBlob=wrapped, EncryptionContext=dict(context), EncryptionAlgorithm=_ALGORITHM
            )
        except (kms.exceptions.InvalidCiphertextException, kms.exceptions.IncorrectKeyException) as error:
            raise FleetkitError(
                f"the key {key} does not open what it is to open",
                seen=f"it was wrapped by another key, changed, or not wrapped for {', '.join(context.values())}",
            ) from error
    return bytes(answer["Plaintext"])
