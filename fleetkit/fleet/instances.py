"""Instances of templates, named many at once as a shell would: ``web@{1..5}.service``."""

from __future__ import annotations

from fleetkit.core import SettingsError
from fleetkit.fleet.unit_checks import check_unit_name, is_template

__all__ = ["expand_names", "template_of"]

_MOST = 1000
"""fleet itself is good for as many units."""


def expand_names(text: str) -> tuple[str, ...]:
    """Return the unit names that a pattern with braces stands for, in its order.

    Parameters
    ----------
    text
        ``web@{1..5}.service``, ``{web,db}@1.service``, or a plain name.

    Raises
    ------
    SettingsError
        When it stands for more than a thousand, or for something that is no unit's name.
    """
    import bracex

    try:
        names = tuple(dict.fromkeys(bracex.expand(text, keep_escapes=True, limit=_MOST) or [text]))
    except bracex.ExpansionLimitException as error:
        raise SettingsError(
            f"{text!r} stands for too many units", seen=f"more than {_MOST}", hint="name fewer at once"
        ) from error
    for name in names:
        findings = check_unit_name(name)
        if findings:
            raise SettingsError(
                f"{name!r} is no unit's name", seen=findings[0].seen, hint=f"legal: {findings[0].legal}"
            )
    return names


def template_of(name: str) -> str:
    """Return the name of the template that an instance is made of; of any other unit its own."""
    stem, at, instance = name.partition("@")
    return name if not at or is_template(name) else f"{stem}@.{instance.rpartition('.')[2]}"
