"""What a fidelity patch is, and how it is put on and taken off.

A patch replaces private functions of moto, so it names what it replaces with a digest of the source that it was
written against: when moto changes, the sandbox refuses to start and says which function moved, instead of behaving
in a way that nobody meant.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import ServiceError

__all__ = ["ABSENT", "Patch", "Replacement", "applied", "apply_patches", "source_digest"]

ABSENT = "absent"
"""Digest of a function that moto does not have, and that a patch adds."""

_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One function of moto and what stands in its place.

    Attributes
    ----------
    target
        ``module:Class.attribute`` or ``module:function``.
    digest
        First 12 hex digits of the SHA-256 of its source, or `ABSENT`.
    wrap
        Makes the new function out of the original one (None where absent).
    """

    target: str
    digest: str
    wrap: Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One difference between moto and AWS, mended.

    Attributes
    ----------
    name
        Short name, as status and errors show it.
    promise
        What AWS does, and moto with the patch does too.
    replacements
        The functions that are replaced.
    """

    name: str
    promise: str
    replacements: tuple[Replacement, ...]


def source_digest(found: Any) -> str:
    """Return the digest under which a function's source is known; properties count by their getter."""
    function: Any = found.fget if isinstance(found, property) else found
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]


def _owner_of(target: str) -> tuple[Any, str]:
    module_name, _, path = target.partition(":")
    owner: Any = importlib.import_module(module_name)
    *parents, attribute = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    return owner, attribute


def _check(patch: Patch, replacement: Replacement, found: Any) -> None:
    digest = ABSENT if found is _MISSING else source_digest(found)
    if digest == replacement.digest:
        return
    raise ServiceError(
        f"moto's {replacement.target} is not what the sandbox's patch {patch.name!r} was written for",
        seen=f"digest {digest} instead of {replacement.digest}",
        hint="install the pinned moto: pip install 'fleetkit[sandbox]'",
    )


def apply_patches(patches: Sequence[Patch]) -> Callable[[], None]:
    """Put patches on, in order, and return what takes them off again.

    Raises
    ------
    ServiceError
        When a replaced function of moto does not look as expected; nothing stays replaced then.
    """
    undo = contextlib.ExitStack()
    with contextlib.ExitStack() as guard:
        guard.callback(undo.close)
        for patch in patches:
            for replacement in patch.replacements:
                owner, attribute = _owner_of(replacement.target)
                found = vars(owner).get(attribute, _MISSING)
                _check(patch, replacement, found)
                if found is _MISSING:
                    undo.callback(delattr, owner, attribute)
                    setattr(owner, attribute, replacement.wrap(None))
                else:
                    undo.callback(setattr, owner, attribute, found)
                    setattr(owner, attribute, replacement.wrap(found))
        guard.pop_all()
    return undo.close


@contextlib.contextmanager
def applied(*patches: Patch) -> Iterator[None]:
    """Hold patches on for a ``with`` block."""
    undo = apply_patches(patches)
    try:
        yield
    finally:
        undo()
