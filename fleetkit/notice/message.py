"""What somebody is told."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from fleetkit.core import FleetkitError

__all__ = ["Message", "Severity"]


class Severity(enum.StrEnum):
    """How a notice is marked, by colour or symbol, where it is shown; the words are apprise's."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice, as it is sent.

    Attributes
    ----------
    title
        One line.
    body
        Plain text that reads as well where it is taken for Markdown: short paragraphs, and lists with dashes.
    """

    title: str
    body: str
    severity: Severity = Severity.INFO

    def to_json(self) -> dict[str, str]:
        """Return it as plain values for JSON."""
        return {"title": self.title, "body": self.body, "severity": str(self.severity)}

    @classmethod
    def from_json(cls, document: Any, *, where: str) -> Message:
        """Read what `to_json` wrote.

        Raises
        ------
        FleetkitError
            When it is not that; names ``where`` it came from.
        """
        try:
            return cls(
                title=str(document["title"]), body=str(document["body"]), severity=Severity(document["severity"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FleetkitError(f"{where} holds no message", seen=f"{type(error).__name__}: {error}") from error
