"""Secrets: the only room that sees a secret's value.

Today it seals and opens parcels and files with age; references to secrets are checked where the cluster file is read.
"""

from fleetkit.secrets.age import open_file, open_parcel, parse_recipient, seal_file, seal_parcel

__all__ = ["open_file", "open_parcel", "parse_recipient", "seal_file", "seal_parcel"]
