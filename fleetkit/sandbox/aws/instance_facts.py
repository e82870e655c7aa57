"""What the metadata service says of an instance, read from moto at the moment of the question."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.identity import (
    ACCOUNT_ID,
    RoleCredentials,
    mint_role_credentials,
    role_of_profile,
    trusts_ec2,
)
from fleetkit.sandbox.world.observation import Instance

__all__ = ["InstanceFacts"]

_RENEW_BEFORE = dt.timedelta(minutes=10)


class InstanceFacts:
    """Facts of a region's instances.

    Parameters
    ----------
    region
        The region.
    instance_at
        Returns the running instance that has a private address.
    """

    def __init__(self, *, region: str, instance_at: Callable[[str], Instance | None]) -> None:
        self._region = region
        self._instance_at = instance_at
        self._minted: dict[tuple[str, str], RoleCredentials] = {}

    def instance_at(self, address: str) -> Instance | None:
        """Return the running instance that has a private address."""
        return self._instance_at(address)

    def requires_token(self, instance: Instance) -> bool:
        """Say whether the instance is set to IMDSv2 only."""
        return bool(self._read(instance).metadata_options.http_tokens == "required")

    def user_data(self, instance: Instance) -> bytes | None:
        """Return its user data, decoded."""
        held = self._read(instance).user_data
        return None if held is None else base64.b64decode(str(held))

    def public_key(self, instance: Instance) -> str | None:
        """Return the public side of its key pair."""
        pair = self._ec2().key_pairs.get(instance.key_name)
        return None if pair is None else str(pair.public_key).strip()

    def role(self, instance: Instance) -> str | None:
        """Return the name of the role in its profile; a role taken away is gone at once."""
        profile = self._read(instance).iam_instance_profile or {}
        return role_of_profile(profile["Arn"]) if profile.get("Arn") else None

    def credentials(self, instance: Instance, role: str) -> RoleCredentials | None:
        """Return credentials of that role for it, the same ones until they are about to expire.

        None where the role does not trust EC2.
        """
        if not trusts_ec2(role):
            return None
        held = self._minted.get((instance.instance_id, role))
        if held is None or held.expires - _RENEW_BEFORE < dt.datetime.now(dt.UTC):
            held = mint_role_credentials(role=role, session=instance.instance_id, region=self._region)
            self._minted[instance.instance_id, role] = held
        return held

    def _read(self, instance: Instance) -> Any:
        return self._ec2().get_instance(instance.instance_id)

    def _ec2(self) -> Any:
        from moto.ec2.models import ec2_backends

        return ec2_backends[ACCOUNT_ID][self._region]
