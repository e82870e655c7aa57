"""A key of an elliptic curve signs the digest that it is handed, and its public half is told as AWS tells it now.

moto takes a digest for a message and signs the digest's digest, which nobody can verify against what was said.
It answers with the name of the key's kind that AWS has left behind, with an id where an ARN belongs, and with a
public half that it makes up where a key has none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["SIGNING_KEYS"]


def _wrap_sign(original: Callable[[Any], str]) -> Callable[[Any], str]:
    def sign(self: Any) -> str:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
        from moto.kms.exceptions import ValidationException

        # What moto checks stays checked; its signature alone is another.
        answer = original(self)
        key = self.kms_backend.describe_key(self._get_param("KeyId")).private_key.private_key
        if self._get_param("MessageType") != "DIGEST" or not isinstance(key, EllipticCurvePrivateKey):
            return answer
        algorithm, digest = self._get_param("SigningAlgorithm"), self._get_param("Message")
        hashed = {"ECDSA_SHA_256": hashes.SHA256(), "ECDSA_SHA_384": hashes.SHA384()}.get(algorithm, hashes.SHA512())
        if len(digest) != hashed.digest_size:
            raise ValidationException(f"Digest is invalid length for algorithm {algorithm}.")
        signature = base64.b64encode(key.sign(digest, ECDSA(Prehashed(hashed)))).decode("ascii")
        return json.dumps({**json.loads(answer), "Signature": signature})

    return sign


def _wrap_get_public_key(original: Callable[[Any], str]) -> Callable[[Any], str]:
    def get_public_key(self: Any) -> str:
        from moto.core.exceptions import JsonRESTError

        answer = json.loads(original(self))
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        if not key.key_spec.startswith(("ECC_", "RSA_", "SM2")):
            message = f"{key.arn} key spec is {key.key_spec} which is not valid for this operation."
            raise JsonRESTError("UnsupportedOperationException", message)
        return json.dumps({**answer, "KeyId": key.arn, "KeySpec": key.key_spec})

    return get_public_key


SIGNING_KEYS = Patch(
    name="signing-keys",
    promise="a KMS key of an elliptic curve signs a digest as it is, and its public half is told with its spec and ARN",
    replacements=(
        Replacement(target="moto.kms.responses:KmsResponse.sign", digest="e56219d6817b", wrap=_wrap_sign),
        Replacement(
            target="moto.kms.responses:KmsResponse.get_public_key", digest="da885bd44c43", wrap=_wrap_get_public_key
        ),
    ),
)
