"""What a reference to a secret is: where the secret lies, as text that may be shown to anybody.

Cluster files, unit files and parameters hold references; what they lead to is seen in the room `secrets` alone.
A text that is no reference may be the secret itself, so no message here repeats one.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from fleetkit.core.errors import SettingsError

__all__ = ["SecretReference", "SecretScheme", "parse_reference"]


class SecretScheme(enum.StrEnum):
    """Where a secret may be kept."""

    ENV = "env"
    FILE = "file"
    SECRETSMANAGER = "secretsmanager"
    SSM = "ssm"
    VAULT = "vault"


_FORMS = {
    SecretScheme.ENV: "env:NAME",
    SecretScheme.FILE: "file:/PATH or file:~/PATH",
    SecretScheme.SECRETSMANAGER: "secretsmanager:NAME, with ?stage=STAGE or ?version=ID, and #KEY of its JSON",
    SecretScheme.SSM: "ssm:/PATH/NAME, with :VERSION or :LABEL",
    SecretScheme.VAULT: "vault:MOUNT/PATH#FIELD, with ?version=NUMBER before the #",
}

_ARN = r"arn:aws[a-z-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:"
_PLACES = {
    SecretScheme.ENV: re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    # From any folder the same, so never a relative path.
    SecretScheme.FILE: re.compile(r"(?:/|~/)[^\x00-\x1f\x7f]+"),
    # Secrets Manager API, CreateSecret: at most 512 of these characters.
    SecretScheme.SECRETSMANAGER: re.compile(
        rf"(?:{_ARN.format(service='secretsmanager')}secret:)?[A-Za-z0-9/_+=.@-]{{1,512}}"
    ),
    # Systems Manager user guide, "Requirements and constraints for parameter names"; a version or a label follows.
    SecretScheme.SSM: re.compile(
        rf"(?:{_ARN.format(service='ssm')}parameter)?/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*(?::[A-Za-z0-9_.-]{{1,100}})?"
    ),
    SecretScheme.VAULT: re.compile(r"[^\s/?#\x00-\x1f\x7f]+(?:/[^\s/?#\x00-\x1f\x7f]+)+"),
}
_VERSIONS = {
    SecretScheme.SECRETSMANAGER: {
        "stage": re.compile(r"[A-Za-z0-9_./:=@+-]{1,256}"),
        "version": re.compile(r"[A-Za-z0-9_-]{32,64}"),
    },
    SecretScheme.VAULT: {"version": re.compile(r"[1-9][0-9]{0,9}")},
}
_FIELD = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """Where a secret lies.

    Attributes
    ----------
    scheme
        What keeps it.
    place
        Its name or path there.
    field
        Which part of it is meant, where it is made of several; empty where it is meant as a whole.
    stage, version
        Which version of it is meant; both empty for the current one.
    """

    scheme: SecretScheme
    place: str
    field: str = ""
    stage: str = ""
    version: str = ""

    def __str__(self) -> str:
        chosen = f"?stage={self.stage}" if self.stage else f"?version={self.version}" if self.version else ""
        return f"{self.scheme}:{self.place}{chosen}{f'#{self.field}' if self.field else ''}"


def parse_reference(text: str, *, what: str = "the reference to a secret") -> SecretReference:
    """Read a reference.

    Parameters
    ----------
    what
        What is read, for the message: ``"secrets.registry_password"``.

    Raises
    ------
    SettingsError
        When it is none; the text is not repeated, for it may be a secret.
    """
    known, colon, rest = text.partition(":")
    if not colon or known not in set(SecretScheme):
        raise SettingsError(
            f"{what} is none",
            seen="a value that is no reference; it is not repeated here",
            hint=f"write where the secret lies: {'; '.join(_FORMS.values())}",
        )
    scheme = SecretScheme(known)
    place, chosen, field = rest, "", ""
    if scheme in _VERSIONS:
        rest, hash_mark, field = rest.partition("#")
        place, question_mark, chosen = rest.partition("?")
        if (hash_mark and not _FIELD.fullmatch(field)) or (question_mark and not chosen):
            raise _refuse(what, scheme, "nothing that can be meant behind the # or the ?")
    if not _PLACES[scheme].fullmatch(place) or {".", ".."} & set(place.split("/")[1:]):
        raise _refuse(what, scheme, f"what can be no place of {scheme}:")
    return SecretReference(scheme=scheme, place=place, field=field, **_parse_version(chosen, scheme, what))


def _parse_version(chosen: str, scheme: SecretScheme, what: str) -> dict[str, str]:
    if not chosen:
        return {}
    name, _, value = chosen.partition("=")
    form = _VERSIONS[scheme].get(name)
    if form is None or not form.fullmatch(value):
        raise _refuse(what, scheme, "no version behind the ?")
    return {name: value}


def _refuse(what: str, scheme: SecretScheme, seen: str) -> SettingsError:
    return SettingsError(f"{what} is none", seen=f"{seen}; it is not repeated here", hint=f"write {_FORMS[scheme]}")
