"""The keys to log in with: files that open without a passphrase, and what the agent holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from fleetkit.core import SettingsError
from fleetkit.ssh._config import Route
from fleetkit.ssh.known_hosts import HostKey

__all__ = ["LoginKey", "LoginKeys", "open_login_keys"]


@dataclass(frozen=True, slots=True)
class LoginKey:
    """A key, and where it came from."""

    key: paramiko.PKey
    source: str

    def __str__(self) -> str:
        shown = HostKey(algorithm=self.key.get_name(), blob=self.key.asbytes())
        return f"{shown} from {self.source}"


@dataclass(frozen=True, slots=True)
class LoginKeys:
    """The keys to try in this order, and why other files are not among them."""

    keys: tuple[LoginKey, ...]
    unusable: tuple[str, ...]


@contextlib.contextmanager
def open_login_keys(route: Route) -> Iterator[LoginKeys]:
    """Load the keys of a route; the agent's connection is open for the time of the block.

    Raises
    ------
    SettingsError
        When a key file that was asked for is missing.
    """
    agent = paramiko.Agent() if route.agent != "none" else None
    try:
        held = [LoginKey(key, "ssh-agent") for key in agent.get_keys()] if agent is not None else []
        yield _collect(route, held)
    finally:
        if agent is not None:
            agent.close()


def _collect(route: Route, held: list[LoginKey]) -> LoginKeys:
    keys: list[LoginKey] = []
    unusable: list[str] = []
    for path in route.key_files:
        if not path.exists():
            if route.named:
                raise SettingsError(
                    f"the private key {path} is not there",
                    hint="name the right file as key_file, or leave it empty to use ssh-agent and ssh_config",
                )
            continue
        loaded = _load(path)
        if isinstance(loaded, paramiko.PKey):
            keys.append(LoginKey(loaded, str(path)))
            continue
        public = _public_blob(path)
        matching = [key for key in held if public is not None and key.key.asbytes() == public]
        keys += matching
        if not matching:
            unusable.append(loaded)
    if route.agent == "all":
        present = {key.key.asbytes() for key in keys}
        keys += [key for key in held if key.key.asbytes() not in present]
    return LoginKeys(tuple(keys), tuple(unusable))


def _load(path: Path) -> paramiko.PKey | str:
    try:
        return paramiko.PKey.from_path(path)
    except (TypeError, paramiko.PasswordRequiredException):
        # cryptography says TypeError when a key wants a passphrase and gets none.
        return f"{path} has a passphrase; add it to the agent: ssh-add {path}"
    except (ValueError, paramiko.SSHException, UnknownKeyType) as error:
        return f"{path} is not a private key that can be used: {error}"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"


def _public_blob(path: Path) -> bytes | None:
    with contextlib.suppress(OSError, SettingsError, UnicodeDecodeError):
        return HostKey.from_line(Path(f"{path}.pub").read_text(encoding="utf-8")).blob
    return None
