"""Reading a key out of the gateway's JSON, in which keys and values are base64."""

from __future__ import annotations

import base64

from fleetkit.etcd._reading import Fields
from fleetkit.etcd.stored_keys import Store, StoredKey

__all__ = ["read_key"]


def read_key(fields: Fields, *, values: bool) -> StoredKey:
    """Read one key.

    Parameters
    ----------
    values
        Whether values were asked for: the gateway leaves out an empty one and one that was not read alike.
    """
    return StoredKey(
        store=Store.V3,
        key=_decode(fields, "key"),
        content=_decode(fields, "value") if values else None,
        revision=fields.whole("mod_revision"),
        created=fields.whole("create_revision"),
        version=fields.whole("version"),
        lease=fields.hex_id("lease"),
    )


def _decode(fields: Fields, name: str) -> bytes:
    try:
        return base64.b64decode(fields.text(name), validate=True)
    except ValueError as error:
        raise fields.reject(name, "base64") from error
