"""One field of a secret that is made of several."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fleetkit.core import NotFoundError, SecretReference, SettingsError

__all__ = ["parse_fields", "pick_field"]


def parse_fields(text: str, reference: SecretReference) -> Mapping[str, Any]:
    """Read a secret that is a JSON object.

    Raises
    ------
    SettingsError
        When it is none.
    """
    fields = _load(text)
    if not isinstance(fields, dict):
        raise SettingsError(
            f"the secret {reference} has no fields",
            seen="it is no JSON object",
            hint=f"leave out #{reference.field} to take it as a whole",
        )
    return fields


def _load(text: str) -> Any:
    # Apart, because the parser's error carries the whole text along, and must not hang on to one of ours.
    try:
        return json.loads(text)
    except ValueError:
        return None


def pick_field(fields: Mapping[str, Any], reference: SecretReference) -> bytes:
    """Return the field that a reference names, or the only one where it names none.

    Raises
    ------
    NotFoundError
        When there is no such field; lists the names of those that are there.
    SettingsError
        When several are there and none is named, or it is no text or number.
    """
    name = reference.field or (next(iter(fields)) if len(fields) == 1 else "")
    if not name:
        raise SettingsError(
            f"the secret {reference} has {len(fields)} fields, and the reference names none",
            seen=f"fields: {', '.join(sorted(fields))}",
            hint=f"write {reference}#FIELD",
        )
    if name not in fields:
        raise NotFoundError(f"the secret {reference} has no field {name!r}", known=sorted(fields))
    value = fields[name]
    if isinstance(value, (dict, list, bool)) or value is None:
        raise SettingsError(
            f"the field {name!r} of the secret {reference} cannot be used", seen="it is neither a text nor a number"
        )
    return str(value).encode()
