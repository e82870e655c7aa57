"""Credentials of container registries, as Docker reads them: today's ``config.json`` and the older ``.dockercfg``."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fleetkit.core import SettingsError
from fleetkit.secrets.secret import Secret

__all__ = ["RegistryLogin", "render_docker_config", "render_dockercfg"]

_REGISTRY = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")
_HUB = ("docker.io", "https://index.docker.io/v1/")
"""Docker looks for the credentials of its own registry under this address, and for all others under their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryLogin:
    """Who signs in to one registry.

    Attributes
    ----------
    registry
        Its name as images name it, with a port where they do: ``quay.io``, ``docker.io``.
    user
        Without a colon, which ends it in what is sent.
    password
        The password, or a token that stands in for it.

    Raises
    ------
    SettingsError
        When one of them cannot be used.
    """

    registry: str
    user: str
    password: Secret

    def __post_init__(self) -> None:
        if not _REGISTRY.fullmatch(self.registry):
            raise SettingsError(
                "the name of a registry cannot be used",
                seen=repr(self.registry[:80]),
                hint="write it as images name it, in lower case: quay.io, or registry.example.com:5000",
            )
        if not self.user or not self.user.isprintable() or ":" in self.user:
            raise SettingsError(
                f"the user of the registry {self.registry} cannot be used",
                seen="nothing" if not self.user else "a colon, or a character that cannot be printed",
                hint="a user's name has neither; what follows a colon is taken for the password",
            )
        refused: list[bool] = []
        self.password.deliver(lambda content: refused.append(not _is_typed(content)))
        if refused[0]:
            raise SettingsError(
                f"the password of the registry {self.registry} cannot be used",
                seen=f"what {self.password.name} leads to has several lines, or is no text",
                hint="name the password alone, and not a file or a JSON that holds it",
            )


def render_docker_config(logins: Iterable[RegistryLogin]) -> Secret:
    """Write ``config.json``, which Docker reads today from ``~/.docker``.

    Raises
    ------
    SettingsError
        When a registry is named twice, or none is.
    """
    return _render("config.json", logins, lambda entries: {"auths": entries})


def render_dockercfg(logins: Iterable[RegistryLogin]) -> Secret:
    """Write ``.dockercfg``, which Docker before 1.7 reads and later ones still understand.

    Raises
    ------
    SettingsError
        When a registry is named twice, or none is.
    """
    return _render(".dockercfg", logins, lambda entries: {name: {**one, "email": ""} for name, one in entries.items()})


def _render(
    name: str, logins: Iterable[RegistryLogin], shape: Callable[[dict[str, dict[str, str]]], dict[str, Any]]
) -> Secret:
    by_registry: dict[str, RegistryLogin] = {}
    for login in logins:
        if login.registry in by_registry:
            raise SettingsError(f"the registry {login.registry} is named twice", hint="Docker keeps one login of each")
        by_registry[login.registry] = login
    if not by_registry:
        raise SettingsError(f"{name} cannot be made", seen="no registry is named")
    entries = {_address(one.registry): {"auth": _auth(one)} for _, one in sorted(by_registry.items())}
    content = json.dumps(shape(entries), indent=1).encode() + b"\n"
    return Secret(content, name=f"{name} for {', '.join(sorted(by_registry))}")


def _address(registry: str) -> str:
    return _HUB[1] if registry == _HUB[0] else registry


def _auth(login: RegistryLogin) -> str:
    pieces: list[bytes] = []
    login.password.deliver(pieces.append)
    return base64.b64encode(login.user.encode() + b":" + pieces[0]).decode("ascii")


def _is_typed(content: bytes) -> bool:
    try:
        return content.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
