"""Host keys as known_hosts files list them: read, looked up, told by their fingerprints. Standard library only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import SettingsError

__all__ = ["HostKey", "KnownHosts"]

_SSH_PORT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A machine's public host key.

    Attributes
    ----------
    algorithm
        Such as ``ssh-ed25519``.
    blob
        The key in SSH's wire format.
    """

    algorithm: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ssh shows it: ``SHA256:...``."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii")
        return f"SHA256:{digest.rstrip('=')}"

    def __str__(self) -> str:
        return f"{self.algorithm} {self.fingerprint}"

    @classmethod
    def from_line(cls, line: str) -> HostKey:
        """Read a public key in OpenSSH's form: algorithm, base64, and a comment that is dropped.

        Raises
        ------
        SettingsError
            When the line is not of that form.
        """
        try:
            algorithm, encoded = line.split()[:2]
            return cls(algorithm=algorithm, blob=base64.b64decode(encoded, validate=True))
        except (ValueError, binascii.Error) as error:
            raise SettingsError("this is not an OpenSSH public key", seen=repr(line[:80])) from error


@dataclass(frozen=True, slots=True)
class _Entry:
    names: str
    key: HostKey

    def covers(self, name: str) -> bool:
        if self.names.startswith("|1|"):
            # A hashed name: HMAC-SHA1 keyed with the salt, as sshd(8) describes it.
            salt, wanted = (base64.b64decode(part) for part in self.names.split("|")[2:4])
            return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), wanted)
        return name in self.names.split(",")


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """The host keys that are trusted, each for certain names.

    Marked lines (``@revoked``, ``@cert-authority``) and patterns are left out: what they would trust is not trusted.
    """

    entries: tuple[_Entry, ...] = ()

    @classmethod
    def from_lines(cls, lines: Iterable[str], *, source: str = "known_hosts") -> KnownHosts:
        """Read lines of a known_hosts file.

        Raises
        ------
        SettingsError
            When a line is neither empty, nor a comment, nor a host key; names ``source`` and the line.
        """
        entries: list[_Entry] = []
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if not text or text.startswith(("#", "@")):
                continue
            names, _, key = text.partition(" ")
            try:
                entries.append(_Entry(names, HostKey.from_line(key)))
            except SettingsError as error:
                raise SettingsError(f"line {number} of {source} is not a host key", seen=error.seen) from error
        return cls(tuple(entries))

    @classmethod
    def from_file(cls, path: Path) -> KnownHosts:
        """Read a known_hosts file; one that is not there trusts nobody.

        Raises
        ------
        SettingsError
            When the file cannot be read, or a line of it is none.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} cannot be read", seen=str(error)) from error
        return cls.from_lines(text.splitlines(), source=str(path))

    def keys_for(self, name: str, *, port: int = _SSH_PORT) -> tuple[HostKey, ...]:
        """Return the keys that are trusted for a name; with another port than 22 in the bracket form, too."""
        wanted = [name] if port == _SSH_PORT else [f"[{name}]:{port}", name]
        found = [entry.key for one in wanted for entry in self.entries if entry.covers(one)]
        return tuple(dict.fromkeys(found))

    def __add__(self, other: KnownHosts) -> KnownHosts:
        return KnownHosts(self.entries + other.entries)
