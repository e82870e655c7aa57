"""Secrets that this process has seen: whoever redacts a text from then on takes them out as well.

One register for the whole process, and not an argument, because an error or a traceback may be told at a place that
was never handed what was secret at another.
"""

from __future__ import annotations

import threading

from fleetkit.core._secret_forms import SHORTEST_SECRET, forms_of

__all__ = ["remember_secret", "remembered_forms"]

_LOCK = threading.Lock()
_FORMS: set[str] = set()


def remember_secret(value: str) -> None:
    """Have a value taken out of every text that is redacted in this process from now on.

    Raises
    ------
    ValueError
        When it is too short to be told from ordinary text; the message does not show it.
    """
    if len(value) < SHORTEST_SECRET:
        raise ValueError(f"a secret of fewer than {SHORTEST_SECRET} characters cannot be redacted")
    with _LOCK:
        _FORMS.update(forms_of(value))


def remembered_forms() -> list[str]:
    """Return every text that gives a remembered value away."""
    with _LOCK:
        return sorted(_FORMS)
