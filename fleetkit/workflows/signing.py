"""Who signs what this operator does: the key in the operator's folder, or the one in KMS that the settings name."""

from __future__ import annotations

from fleetkit.aws import AwsLimits, open_session, open_signing_key
from fleetkit.config import Settings
from fleetkit.core import AwsError, Signer
from fleetkit.pki import ensure_signing_key, verify_signature

__all__ = ["open_signer"]

_LIMITS = AwsLimits(connect_timeout_s=1.5, read_timeout_s=2.0, attempts=2)
"""A run goes on without a signature, and its end waits for the last one: for a few seconds at most."""

_TRIAL = b"fleetkit trial\n"
"""Signed to see that the key signs; it stands for nothing, and can be taken for nothing else."""


def open_signer(settings: Settings) -> Signer:
    """Return who signs; a key in the operator's folder is made where there is none, one in KMS is tried out.

    Whoever opens it before a change knows that the change can be signed for.

    Raises
    ------
    PreconditionError
        When the key in the operator's folder is damaged, or others can reach it.
    SettingsError
        When that folder cannot be made or written, or the key in KMS is of a kind that does not serve.
    NotFoundError
        When there is no such key in KMS.
    AwsError
        When KMS cannot be reached, or does not let these credentials sign.
    """
    key = settings.signing_key
    if key is None:
        return ensure_signing_key(settings.home)
    signer = open_signing_key(open_session(key.region, limits=_LIMITS), key.name)
    if not verify_signature(signer.public_key, _TRIAL, signer.sign(_TRIAL)):
        raise AwsError(
            f"what the key {key.name} signs does not verify",
            seen=f"its public key is {signer.public_key}",
            hint="check AWS_ENDPOINT_URL: what answers there is not KMS, or not like it",
        )
    return signer
