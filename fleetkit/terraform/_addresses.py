"""Resource addresses, taken apart."""

from __future__ import annotations

import re

__all__ = ["module_names"]

_STEP = re.compile(r'module\.([A-Za-z0-9_-]+)(?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?(?:\.|$)')


def module_names(address: str) -> tuple[str, ...]:
    """Return the names of the modules on the way to ``address``, without their instance keys.

    ``module.workers["public"].module.disk.aws_ebs_volume.data`` gives ``("workers", "disk")``.
    """
    names = []
    place = 0
    # Step by step from the left: a key may hold any text, "module.x" among it.
    while found := _STEP.match(address, place):
        names.append(found[1])
        place = found.end()
    return tuple(names)
