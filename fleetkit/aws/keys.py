"""EC2 key pairs: their names and public halves."""

from __future__ import annotations

from dataclasses import dataclass

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["KeyPair", "list_key_pairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A key pair of the region.

    Attributes
    ----------
    name
        Its name.
    kind
        ``rsa`` or ``ed25519``.
    fingerprint
        As EC2 reckons it, which differs by how the pair was made.
    public_key
        ``<type> <base64>`` as in ``authorized_keys``, without a comment; empty where AWS does not tell it.
    """

    name: str
    kind: str
    fingerprint: str
    public_key: str


def list_key_pairs(session: AwsSession) -> tuple[KeyPair, ...]:
    """Return the region's key pairs, by name."""
    with asking(f"the key pairs of {session.region}"):
        # This call has no pages.
        found = session.ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    return tuple(
        KeyPair(
            name=pair["KeyName"],
            kind=pair.get("KeyType", ""),
            fingerprint=pair.get("KeyFingerprint", ""),
            public_key=" ".join(pair.get("PublicKey", "").split()[:2]),
        )
        for pair in sorted(found, key=lambda pair: pair["KeyName"])
    )
