"""Secrets: the only room that sees a secret's value.

Today it seals and opens parcels and files with age; references to secrets are checked where the cluster file is read.
"""

from fleetkit.secrets.age import (
    make_identity,
    open_file,
    open_file_with,
    open_parcel,
    parse_recipient,
    seal_file,
    seal_parcel,
)

__all__ = [
    "make_identity",
    "open_file",
    "open_file_with",
    "open_parcel",
    "parse_recipient",
    "seal_file",
    "seal_parcel",
]
