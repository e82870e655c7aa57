"""Secrets that Vault keeps in its key-value engines, of both versions; the only module that speaks to Vault.

OpenBao answers alike, and so does whatever else has Vault's API.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import urllib.parse
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from fleetkit.core import NotFoundError, SecretReference, SettingsError, VaultError
from fleetkit.secrets._fields import pick_field
from fleetkit.secrets._local import read_local
from fleetkit.secrets._vault_failures import asking_vault
from fleetkit.secrets.secret import Secret
from fleetkit.secrets.vault_access import AppRoleLogin, AwsLogin, SignIdentity, TokenLogin, VaultAccess

__all__ = ["VaultSource"]

_ENGINES = ("kv", "generic")
"""What keeps values that somebody put there; others make new ones whenever they are asked."""


class VaultSource:
    """Reads secrets from one Vault, signed in when the first is asked for, and out at the end of the block.

    Parameters
    ----------
    access
        Where it is, and how to get in.
    sign_identity
        Signs in by AWS: `fleetkit.aws.sign_caller_identity`, with a session bound to it. Needed for no other login.
    environ
        Variables that the login's references name; those of this process where not given.
    """

    def __init__(
        self,
        access: VaultAccess,
        *,
        sign_identity: SignIdentity | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._access, self._sign_identity = access, sign_identity
        self._environ = os.environ if environ is None else environ
        self._client: Any = None

    def __repr__(self) -> str:
        return f"VaultSource({self._access.address})"

    def __enter__(self) -> VaultSource:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        if not isinstance(self._access.login, TokenLogin):
            # A token that we were given for this alone; where it cannot be taken back, it ends by itself.
            with contextlib.suppress(VaultError):
                self._ask("the end of our token", client.auth.token.revoke_self)
        client.adapter.close()

    def read(self, reference: SecretReference) -> bytes:
        """Return a secret's value.

        Raises
        ------
        VaultError
            When Vault refuses, is sealed, or cannot be reached.
        NotFoundError
            When there is no such secret, version or field.
        SettingsError
            When what lies there is no key-value secret, or has several fields and none is named.
        """
        client = self._signed_in()
        mount, version, path = self._find_mount(client, reference)
        wanted = int(reference.version) if reference.version else None
        if version == 1 and wanted is not None:
            raise SettingsError(
                f"the secret {reference} has no versions",
                seen=f"{mount} is a key-value engine of version 1",
                hint="leave out ?version",
            )
        what = f"the secret {reference}"
        answer = self._ask(what, lambda: _read(client, mount, path, version=version, wanted=wanted))
        fields = self._pick(answer, "data", *(["data"] if version == 2 else []), what=what)
        return pick_field(fields, reference)

    def _find_mount(self, client: Any, reference: SecretReference) -> tuple[str, int, str]:
        """Return where the engine is mounted, which version it has, and the path in it; a mount may hold slashes."""
        what = f"the secret {reference}"
        quoted = urllib.parse.quote(reference.place)
        answer = self._ask(what, lambda: client.adapter.get(f"/v1/sys/internal/ui/mounts/{quoted}"))
        found = self._pick(answer, "data", what=what)
        mount, kind = str(found.get("path", "")).strip("/"), str(found.get("type", ""))
        path = reference.place.removeprefix(f"{mount}/")
        if kind not in _ENGINES:
            raise SettingsError(
                f"the secret {reference} is no value that somebody put there",
                seen=f"{mount} is an engine of kind {kind!r}",
                hint="name a secret of a key-value engine (kv)",
            )
        if path == reference.place:
            raise NotFoundError(f"the secret {reference} is not there", seen=f"{mount} is a mount, and no secret in it")
        return mount, 2 if (found.get("options") or {}).get("version") == "2" else 1, path

    def _signed_in(self) -> Any:
        if self._client is None:
            client = self._make_client()
            try:
                self._sign_in(client)
            except BaseException:
                client.adapter.close()
                raise
            self._client = client
        return self._client

    def _make_client(self) -> Any:
        import hvac

        access, limits = self._access, self._access.limits
        return hvac.Client(
            url=access.address,
            # An empty one, since hvac would look for one of its own where none is given.
            token="",
            verify=str(access.ca_file) if access.ca_file is not None else True,
            timeout=(limits.connect_timeout_s, limits.read_timeout_s),
            # requests would send the token along to wherever it is sent.
            allow_redirects=False,
            namespace=access.namespace or None,
        )

    def _sign_in(self, client: Any) -> None:
        login = self._access.login
        if isinstance(login, TokenLogin):
            read_local(login.token, self._environ).deliver(lambda token: _use_token(client, token))
        elif isinstance(login, AppRoleLogin):
            read_local(login.secret_id, self._environ).deliver(
                lambda secret_id: self._log_in(
                    client, login.mount, {"role_id": login.role_id, "secret_id": secret_id.decode()}
                )
            )
        else:
            self._log_in(client, login.mount, self._aws_proof(login))
        # A token is a secret as well, whoever made it.
        Secret(str(client.token).encode(), name=f"token of {self._access.address}")

    def _log_in(self, client: Any, mount: str, proof: Mapping[str, str]) -> None:
        what = f"a token by the login at auth/{mount}"
        answer = self._ask(what, lambda: client.adapter.post(f"/v1/auth/{mount}/login", json=proof))
        client.token = self._pick(answer, "auth", "client_token", what=what)

    def _aws_proof(self, login: AwsLogin) -> dict[str, str]:
        """Return what `Vault demands <https://developer.hashicorp.com/vault/api-docs/auth/aws#login>`_."""
        if self._sign_identity is None:
            raise SettingsError("Vault cannot be signed in to by AWS", seen="no session of AWS was handed over")
        told = {"X-Vault-AWS-IAM-Server-ID": login.server_id} if login.server_id else {}
        signed = self._sign_identity(login.sts_region, told)
        headers = json.dumps({name: [value] for name, value in signed.headers.items()})
        return {
            "role": login.role,
            "iam_http_request_method": signed.method,
            "iam_request_url": _base64(signed.url.encode()),
            "iam_request_body": _base64(signed.body),
            "iam_request_headers": _base64(headers.encode()),
        }

    def _ask(self, what: str, call: Callable[[], Any]) -> Any:
        return asking_vault(what, call, address=self._access.address)

    def _pick(self, answer: Any, *path: str, what: str) -> Any:
        found = answer
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        if not found:
            raise VaultError(
                f"Vault at {self._access.address} gave no answer about {what}",
                seen=f"JSON without {'.'.join(path)}",
                hint="is it Vault, and does the login demand nothing further?",
            )
        return found


def _read(client: Any, mount: str, path: str, *, version: int, wanted: int | None) -> Any:
    if version == 1:
        return client.secrets.kv.v1.read_secret(path, mount_point=mount)
    return client.secrets.kv.v2.read_secret_version(
        path, version=wanted, mount_point=mount, raise_on_deleted_version=True
    )


def _use_token(client: Any, token: bytes) -> None:
    client.token = token.decode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
