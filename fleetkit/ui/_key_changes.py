"""Changing keys from the browser: show what would be, take an approval, write by compare-and-swap, look again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import ipywidgets as widgets

from fleetkit.core import SettingsError
from fleetkit.etcd import StoredKey, decode_content, normalize_key
from fleetkit.runs import UNRECORDED
from fleetkit.ui import _parts
from fleetkit.ui._approving import Approving
from fleetkit.workflows import (
    Approved,
    ChangedKeys,
    KeyPlace,
    KeysPlan,
    Reporter,
    VerifiedKeys,
    apply_key_changes,
    plan_key_copy,
    plan_key_deletion,
    plan_key_put,
    verify_key_changes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KeyChanges"]


class _Browser(Protocol):
    @property
    def place(self) -> KeyPlace:
        """Where keys are changed."""

    def do(self, job: Callable[[], None]) -> None:
        """Have something done in the browser's thread."""

    def read_again(self) -> None:
        """Read anew what is shown."""


class KeyChanges:
    """Fields for a key, its value and its time to live; buttons that plan, and one that applies what was approved.

    Parameters
    ----------
    browser
        Whose keys they are.
    report
        Told which keys were changed, and never what they hold.
    """

    def __init__(self, browser: _Browser, *, report: Reporter) -> None:
        self._browser, self._report = browser, report
        self._seen: StoredKey | None = None
        # As with approvals: a press of a button must not overtake what was typed.
        self.key = widgets.Text(
            description="key", layout=widgets.Layout(width="44em", max_width="100%"), continuous_update=False
        )
        self.value = widgets.Textarea(
            description="new value",
            rows=6,
            layout=widgets.Layout(width="44em", max_width="100%"),
            continuous_update=False,
        )
        self.value.add_class(UNRECORDED)
        self.ttl = widgets.Text(
            description="expires in s",
            placeholder="empty: as it is; 0: never",
            layout=widgets.Layout(width="24em"),
            continuous_update=False,
        )
        self.put = _parts.button("Show the write", lambda: self._show(self._plan_put), style="primary")
        self.copy = _parts.button("Show a copy to this key", lambda: self._show(self._plan_copy))
        self.delete = _parts.button("Show the deletion", lambda: self._show(self._plan_deletion), style="danger")
        self.approving = Approving(browser.do)
        buttons = _parts.row(self.ttl, self.put, self.copy, self.delete)
        self.widget = _parts.card(self.key, self.value, buttons, *self.approving.parts)

    def look(self, key: StoredKey | None) -> None:
        """Take a key that is looked at: changes are on the condition that it stays what was seen; None is none."""
        self._seen = key
        self.approving.forget()
        if key is None:
            return
        self.key.value = key.name
        text = None if key.content is None else decode_content(key.content)
        self.value.value = text or ""
        self.value.placeholder = "bytes: write them by fleetkit kv put --file" if key.content and text is None else ""

    def _show(self, make: Callable[[KeyPlace], KeysPlan]) -> None:
        def show() -> None:
            self.approving.forget()
            place = self._browser.place
            self.approving.show(make(place), lambda approved: self._carry_out(place, approved))

        self._browser.do(show)

    def _plan_put(self, place: KeyPlace) -> KeysPlan:
        seen, key = self._seen, self._name(place)
        # Another name than that of the key that was looked at is a new key, and is not to hit one that is there.
        revision = seen.revision if seen is not None and seen.key == key and not seen.is_dir else 0
        content = self.value.value.encode()
        return plan_key_put(place, key, content=content, revision=revision, ttl_s=self._read_ttl())

    def _plan_copy(self, place: KeyPlace) -> KeysPlan:
        seen = self._require_seen()
        return plan_key_copy(place, seen.key, target=self._name(place), below=seen.is_dir)

    def _plan_deletion(self, place: KeyPlace) -> KeysPlan:
        seen = self._require_seen()
        if self._name(place) != seen.key:
            raise SettingsError(
                f"{self.key.value} is not the key that is looked at", hint="choose in the tree what is to go"
            )
        revision = None if seen.is_dir else seen.revision
        return plan_key_deletion(place, seen.key, below=seen.is_dir, revision=revision)

    def _carry_out(self, place: KeyPlace, approved: Approved[KeysPlan]) -> tuple[ChangedKeys, VerifiedKeys]:
        changed = apply_key_changes(place, approved, report=self._report)
        verified = verify_key_changes(place, changed, report=self._report)
        self._browser.read_again()
        return changed, verified

    def _name(self, place: KeyPlace) -> bytes:
        # What cannot be typed was written out: such a key is taken from the tree as it is.
        if self._seen is not None and self.key.value == self._seen.name:
            return self._seen.key
        return normalize_key(self.key.value, store=place.keys.store)

    def _require_seen(self) -> StoredKey:
        if self._seen is None:
            raise SettingsError("no key is looked at", hint="choose one in the tree")
        return self._seen

    def _read_ttl(self) -> int | None:
        text = self.ttl.value.strip()
        if text and not text.isdecimal():
            raise SettingsError(f"{text!r} is no number of seconds", hint="empty keeps what it has, 0 is never")
        return int(text) if text else None
