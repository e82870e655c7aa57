"""Who is to be told, out of the cluster file: listed without asking anybody, and opened late, when it is needed."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit.aws import AwsLimits, asking, open_session, publish_message
from fleetkit.config import Cluster, Notice
from fleetkit.core import FleetkitError, Results, SecretScheme, parse_reference
from fleetkit.notice import CallDestination, CommandDestination, Destination, Message, UrlDestination
from fleetkit.secrets import AwsSource, SecretSources, VaultSource, read_vault_environment, resolve_secret

__all__ = ["DestinationFacts", "DestinationKind", "list_destinations", "open_destinations"]


class DestinationKind(enum.StrEnum):
    """What a destination is."""

    URL = "url"
    TOPIC = "topic"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFacts:
    """A destination, as it may be shown to anybody.

    Attributes
    ----------
    place
        The reference to its URL, the topic's ARN, or the program; never the URL.
    """

    name: str
    kind: DestinationKind
    place: str


def list_destinations(notice: Notice) -> tuple[DestinationFacts, ...]:
    """Return the destinations of a cluster file; nothing is asked of anybody."""
    return (
        *(DestinationFacts(name=name, kind=DestinationKind.URL, place=place) for name, place in notice.to.items()),
        *(DestinationFacts(name=name, kind=DestinationKind.TOPIC, place=arn) for name, arn in notice.topics.items()),
        *(
            DestinationFacts(name=name, kind=DestinationKind.COMMAND, place=command[0])
            for name, command in notice.commands.items()
        ),
    )


@contextlib.contextmanager
def open_destinations(
    cluster: Cluster, names: Sequence[str], *, folder: Path, environ: Mapping[str, str]
) -> Iterator[Results[str, Destination]]:
    """Give the destinations of these names; the references to their URLs are resolved now.

    Parameters
    ----------
    folder
        The folder that commands work in.
    environ
        For ``env:`` references and Vault.

    Yields
    ------
    Results
        Name to destination, or to the error that keeps it from being told; one that cannot be had holds up no other.
    """
    with contextlib.ExitStack() as until_the_end:
        opener = _Opener(cluster, folder, environ, until_the_end)
        opened: dict[str, Destination | Exception] = {}
        for name in names:
            try:
                opened[name] = opener.open(name)
            except FleetkitError as error:
                opened[name] = error
        yield Results(opened)


class _Opener:
    def __init__(
        self, cluster: Cluster, folder: Path, environ: Mapping[str, str], until_the_end: contextlib.ExitStack
    ) -> None:
        self._cluster, self._folder, self._environ = cluster, folder, environ
        self._until_the_end = until_the_end
        # A destination that does not answer is tried again at the next run: botocore need not insist.
        self._limits = AwsLimits(connect_timeout_s=5.0, read_timeout_s=float(cluster.notice.timeout_s), attempts=2)
        self._sources: dict[SecretScheme, SecretSources] = {}

    def open(self, name: str) -> Destination:
        notice = self._cluster.notice
        if name in notice.commands:
            return CommandDestination(name=name, command=notice.commands[name], folder=self._folder)
        if name in notice.topics:
            return CallDestination(name=name, call=lambda message: self._publish(notice.topics[name], message))
        reference = parse_reference(notice.to[name])
        secret = resolve_secret(reference, self._open_sources(reference.scheme))
        return UrlDestination(name=name, hand_over=secret.deliver)

    def _publish(self, topic: str, message: Message) -> None:
        # The region of the topic, which need not be the cluster's.
        session = open_session(topic.split(":")[3], limits=self._limits)
        publish_message(session, topic, subject=message.title, body=f"{message.title}\n\n{message.body}")

    def _open_sources(self, scheme: SecretScheme) -> SecretSources:
        if scheme not in self._sources:
            aws = vault = None
            if scheme in (SecretScheme.SSM, SecretScheme.SECRETSMANAGER):
                aws = AwsSource(open_session(self._cluster.region, limits=self._limits), asking=asking)
            if scheme is SecretScheme.VAULT:
                access = read_vault_environment(self._environ)
                vault = self._until_the_end.enter_context(VaultSource(access, environ=self._environ))
            self._sources[scheme] = SecretSources(aws=aws, vault=vault, environ=self._environ)
        return self._sources[scheme]
