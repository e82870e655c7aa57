"""The form by which a key is written: what it is filled with, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fleetkit.core import Redactor, SettingsError
from fleetkit.etcd import Store, StoredKey, decode_content, normalize_key
from fleetkit.web._key_names import read_key, write_key

__all__ = ["KeyForm"]

_LONGEST_TTL = 12
"""Digits of a number of seconds: more than a thousand years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyForm:
    """What stands in the form.

    Attributes
    ----------
    store
        Where the key is, or will be.
    word
        The key as an address has it; empty for one that is to be created.
    name
        What a person reads of it, or has typed.
    revision
        The one at which it was shown; 0 where it must not be there.
    text, ttl
        What is to be written, and after how many seconds it is to expire.
    is_directory
        Whether a directory of v2 is to be made.
    kept_back
        Why the field does not hold what the key holds; empty where it does.
    """

    store: Store
    word: str = ""
    name: str = ""
    revision: int = 0
    text: str = ""
    ttl: str = ""
    is_directory: bool = False
    kept_back: str = ""

    @classmethod
    def of(cls, key: StoredKey) -> KeyForm:
        """Return the form for a key that is there.

        Raises
        ------
        SettingsError
            When it is a directory.
        """
        if key.is_dir:
            raise SettingsError(f"{key.name} is a directory, and has no value", hint="create a key below it")
        text, kept_back = _fill(key.content or b"")
        return cls(
            store=key.store,
            word=write_key(key.key),
            name=key.name,
            revision=key.revision,
            text=text,
            kept_back=kept_back,
        )

    @classmethod
    def read(cls, sent: Mapping[str, str], *, store: Store) -> KeyForm:
        """Return what came back.

        Raises
        ------
        SettingsError
            When the revision is none: then the form was not ours.
        """
        revision = sent.get("revision", "")
        if not revision.isdecimal() or not revision.isascii():
            raise SettingsError(f"{revision!r} is no revision", hint="open the form again")
        word = sent.get("key", "")
        return cls(
            store=store,
            word=word,
            name=StoredKey(store=store, key=read_key(word, store=store)).name if word else sent.get("name", ""),
            revision=int(revision),
            # A browser sends the lines of a form with the ends that HTTP has.
            text=sent.get("value", "").replace("\r\n", "\n"),
            ttl=sent.get("ttl", "").strip(),
            is_directory=sent.get("directory") == "1",
        )

    def anew(self, now: StoredKey | None) -> KeyForm:
        """Return the form for a second try, after somebody else was faster.

        A new key stays a new one: it never becomes a write over what is there by now.
        """
        return replace(self, revision=now.revision if now is not None and self.word else 0)

    def find_key(self) -> bytes:
        """Return the key that is meant.

        Raises
        ------
        SettingsError
            When it can be none.
        """
        if self.word:
            return read_key(self.word, store=self.store)
        if not self.name:
            raise SettingsError("the key has no name")
        return normalize_key(self.name, store=self.store)

    @property
    def content(self) -> bytes | None:
        """What is to be written; None for a directory."""
        return None if self.is_directory else self.text.encode("utf-8", "replace")

    def read_ttl(self) -> int | None:
        """Return the seconds, 0 for never, None for what it has.

        Raises
        ------
        SettingsError
            When they are no number.
        """
        if not self.ttl:
            return None
        if not self.ttl.isascii() or not self.ttl.isdecimal() or len(self.ttl) > _LONGEST_TTL:
            raise SettingsError(f"{self.ttl!r} is no number of seconds", hint="empty keeps what it has, 0 is never")
        return int(self.ttl)


def _fill(content: bytes) -> tuple[str, str]:
    """Return what a field can hold of a value without changing it, or why it holds nothing."""
    text = decode_content(content)
    if text is None:
        return "", "it holds bytes that are no text, which a field cannot hold: fleetkit kv put --file writes such"
    if "\r" in text:
        return "", "its lines end in a way that a field does not keep: fleetkit kv put --file writes such"
    if Redactor().redact(text) != text:
        return "", "it holds what looks like a secret, which is not shown"
    return text, ""
