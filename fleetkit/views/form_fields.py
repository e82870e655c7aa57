"""What a form is made of: fields in their groups, and what may be chosen for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.config import FieldOutline

__all__ = ["FormField", "FormGroup", "Offer", "Offers", "find_shared_causes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A value that AWS has; ``about`` tells it from the others, where its name does not."""

    value: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What may be chosen for a field.

    Attributes
    ----------
    options
        The values, in the order in which they are shown.
    unknown
        Why they could not be read; empty when they could.
    cause
        What lies behind that: the same for all fields that could not be read for the same reason.
    """

    options: tuple[Offer, ...] = ()
    unknown: str = ""
    cause: str = ""


def find_shared_causes(offers: Mapping[str, Offers]) -> dict[str, tuple[str, ...]]:
    """Return each cause for which more than one field could not be read, with the paths of those fields."""
    held: dict[str, list[str]] = {}
    for path, found in offers.items():
        if found.cause:
            held.setdefault(found.cause, []).append(path)
    return {cause: tuple(paths) for cause, paths in held.items() if len(paths) > 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field of the form.

    Attributes
    ----------
    path
        Dotted, as in messages about the file.
    outline
        What the schema says of it.
    value
        What it says now, as it is typed; empty where the file leaves it out.
    default
        What holds where it is left out.
    fixed
        Why it cannot be edited here; empty when it can.
    """

    path: str
    outline: FieldOutline
    value: str
    default: str
    fixed: str = ""

    @property
    def label(self) -> str:
        """Its name within its table."""
        return self.outline.key


@dataclass(frozen=True, slots=True, kw_only=True)
class FormGroup:
    """Fields that stand together in the file.

    Attributes
    ----------
    name
        Path of the table; ``cluster`` for what stands at the top.
    about
        What it is for.
    """

    name: str
    about: str
    fields: tuple[FormField, ...]

    @property
    def section(self) -> str:
        """What it is shown under: all masters together, and both pools."""
        return self.name.partition(".")[0]
