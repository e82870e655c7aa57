"""What a form is made of: fields in their groups, and what may be chosen for them."""

from __future__ import annotations

from dataclasses import dataclass

from fleetkit.config import FieldOutline

__all__ = ["FormField", "FormGroup", "Offer", "Offers"]


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
    """

    options: tuple[Offer, ...] = ()
    unknown: str = ""


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
