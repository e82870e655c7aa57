"""Secrets: the only room that sees a secret's value.

Today it seals and opens parcels with age; references to secrets are checked where the cluster file is read.
"""

from fleetkit.secrets.age import open_parcel, parse_recipient, seal_parcel

__all__ = ["open_parcel", "parse_recipient", "seal_parcel"]
