"""The table of the cluster file that says who is told of runs, and when."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from fleetkit.config import values
from fleetkit.config.draft import Draft
from fleetkit.config.fields import About, Table
from fleetkit.config.problems import Problem

__all__ = ["DESTINATION_TABLES", "Notice", "NoticeWhen", "find_notice_problems"]

DESTINATION_TABLES = ("to", "topics", "commands")
"""The fields whose keys name destinations; a name stands in one of them."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")

# Without .fifo: such a topic takes no mail, message or page, and wants a group with each message.
_TOPIC = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}"

_Topic: TypeAlias = Annotated[str, Field(pattern=values.pattern(_TOPIC))]
_Command: TypeAlias = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    Field(strict=False, min_length=1),
    AfterValidator(values.check_command),
]


class NoticeWhen(enum.StrEnum):
    """Of which runs somebody is told."""

    CHANGE = "change"
    """The outcome is another than the one that was told last, or something new was found."""
    NOT_DONE = "not-done"
    """Each run that is not done, and the first that is done again."""
    ALWAYS = "always"
    """Each run."""


class Notice(Table):
    """Who is told how runs end, and when."""

    on: Annotated[
        NoticeWhen,
        Field(strict=False),
        About(
            "Of which runs: those that end otherwise than the one before, those that are not done, or all",
            "change, not-done or always",
        ),
    ] = NoticeWhen.CHANGE
    to: Annotated[
        dict[str, Annotated[str, AfterValidator(values.check_secret_reference)]],
        About(
            "Destinations by name, each a reference to where its URL lies: Slack, Teams, mail, any webhook "
            "(docs/notices.md)",
            "a reference such as ssm:/demo/oncall; the URL itself is a secret and does not stand here",
        ),
    ] = Field(default={})
    topics: Annotated[
        dict[str, _Topic],
        About("Destinations by name, each a topic of SNS", "the ARN of a topic that is not FIFO"),
    ] = Field(default={})
    commands: Annotated[
        dict[str, _Command],
        About(
            "Destinations by name, each a program of this computer that reads the notice",
            'a list such as ["/usr/local/bin/page", "--fleet"], its program an absolute path or ~/…; no secrets',
        ),
    ] = Field(default={})
    timeout_s: Annotated[int, Field(ge=1, le=120), About("Seconds that each destination has", "1 to 120")] = 15

    @property
    def names(self) -> tuple[str, ...]:
        """The destinations' names, in the order of the file."""
        return (*self.to, *self.topics, *self.commands)


def find_notice_problems(draft: Draft) -> Iterator[Problem]:
    """Yield names of destinations that do not fit, or that stand twice."""
    seen: set[str] = set()
    for field in DESTINATION_TABLES:
        for name in draft.table("notice", field):
            if not _NAME.fullmatch(name):
                yield Problem(
                    path=f"notice.{field}",
                    seen="a name that does not fit; it is not repeated here",
                    legal="a-z, 0-9, _ and -, beginning with a letter, 40 at most",
                )
            elif name in seen:
                yield Problem(
                    path=f"notice.{field}.{name}",
                    seen="a name that another destination has",
                    legal=f"each name once in {', '.join(DESTINATION_TABLES)}",
                )
            seen.add(name)
