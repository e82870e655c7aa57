"""Secrets that AWS keeps: SecureStrings of Systems Manager, and secrets of Secrets Manager.

No client is made here: the room `aws` makes them, and hands over how its errors are told.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fleetkit.core import NotFoundError, PreconditionError, SecretReference, SecretScheme
from fleetkit.secrets._fields import parse_fields, pick_field

__all__ = ["AskingAws", "AwsClients", "AwsSource"]

AskingAws = Callable[[str], AbstractContextManager[None]]
"""Turns what AWS answers inside of a block into an error of fleetkit's; told what is asked for."""


class AwsClients(Protocol):
    """Who makes clients: `fleetkit.aws.AwsSession`."""

    @property
    def region(self) -> str:
        """The region that is asked."""

    def client(self, service: str) -> Any:
        """Return the client of a service."""


class AwsSource:
    """Reads secrets from one region of AWS.

    Parameters
    ----------
    clients
        Makes the clients.
    asking
        Tells their errors: `fleetkit.aws.asking`.
    """

    def __init__(self, clients: AwsClients, *, asking: AskingAws) -> None:
        self._clients, self._asking = clients, asking

    def __repr__(self) -> str:
        return f"AwsSource({self._clients!r})"

    def read(self, reference: SecretReference) -> bytes:
        """Return a secret's value.

        Raises
        ------
        AwsError
            When AWS refuses or cannot be reached.
        NotFoundError
            When there is no such secret, version or field.
        PreconditionError
            When it lies there unencrypted.
        SettingsError
            When it is no JSON object, and a field of it is asked for.
        """
        return (self._parameter if reference.scheme is SecretScheme.SSM else self._managed)(reference)

    def _parameter(self, reference: SecretReference) -> bytes:
        ssm = self._clients.client("ssm")
        with self._asking(f"the secret {reference}"):
            try:
                found = ssm.get_parameter(Name=reference.place, WithDecryption=True)["Parameter"]
            except (ssm.exceptions.ParameterNotFound, ssm.exceptions.ParameterVersionNotFound) as error:
                raise self._missing(
                    reference, "Systems Manager has no such parameter, or not in that version"
                ) from error
        if found["Type"] != "SecureString":
            raise PreconditionError(
                f"the secret {reference} is not read",
                seen=f"it lies there unencrypted, as a {found['Type']}",
                hint=f"replace it, and put the new one with: aws ssm put-parameter --type SecureString "
                f"--name {reference.place}",
            )
        return str(found["Value"]).encode()

    def _managed(self, reference: SecretReference) -> bytes:
        manager = self._clients.client("secretsmanager")
        wanted = {"VersionStage": reference.stage, "VersionId": reference.version}
        with self._asking(f"the secret {reference}"):
            try:
                found = manager.get_secret_value(
                    SecretId=reference.place, **{name: value for name, value in wanted.items() if value}
                )
            except manager.exceptions.ResourceNotFoundException as error:
                raise self._missing(reference, "Secrets Manager has no such secret, or not in that version") from error
        if not reference.field:
            return found["SecretString"].encode() if "SecretString" in found else bytes(found["SecretBinary"])
        return pick_field(parse_fields(found.get("SecretString", ""), reference), reference)

    def _missing(self, reference: SecretReference, seen: str) -> NotFoundError:
        return NotFoundError(
            f"the secret {reference} is not there",
            seen=f"{seen} (asked {self._clients.region})",
            hint="check its name, the region and the account",
        )
