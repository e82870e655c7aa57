"""What stands for a part of a unit's own name in the values of its options, such as ``%i`` for its instance."""

from __future__ import annotations

import re

__all__ = ["FLEET_SPECIFIERS", "SYSTEMD_SPECIFIERS", "expand_specifiers"]

FLEET_SPECIFIERS = "nNpi"
"""Those that fleet v1.0.0 puts in, in [X-Fleet] alone."""

SYSTEMD_SPECIFIERS = "nNpPiI"
"""Those of systemd that name a unit."""


def expand_specifiers(text: str, name: str, *, known: str) -> str:
    """Put parts of a unit's name in where specifiers stand for them; any other specifier stays.

    Parameters
    ----------
    name
        The unit's full name.
    known
        Letters of the specifiers that are put in.
    """
    stem = name.rpartition(".")[0]
    prefix, _, instance = stem.partition("@")
    meant = {"n": name, "N": stem, "p": prefix, "P": prefix, "i": instance, "I": instance}
    return re.sub(f"%([{known}])", lambda found: meant[found[1]], text)
