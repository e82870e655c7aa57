"""The options of ``fleetkit etcd``: a cluster through its way in, or any etcd as etcdctl is told of it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._durations import parse_duration
from fleetkit.cli._output import is_on_command_line
from fleetkit.core import utc_now
from fleetkit.etcd import ClusterHealth, Endpoint, EtcdLimits, LocalFacts, TlsFiles, parse_endpoint, read_health

if TYPE_CHECKING:
    from fleetkit.workflows import Workspace

__all__ = ["EtcdSource", "etcd_options", "open_source"]

F = TypeVar("F", bound=Callable[..., Any])

_DEFAULT_ENDPOINT = "127.0.0.1:2379"
_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdSource:
    """Where an etcd is, and how it is asked.

    Attributes
    ----------
    endpoints, tls, limits
        As the functions of the etcd room take them.
    read_health
        Reads the health with everything that is known here about certificates and the way.
    workspace
        The cluster that it belongs to; None for an etcd without one.
    """

    endpoints: tuple[Endpoint, ...]
    tls: TlsFiles
    limits: EtcdLimits
    read_health: Callable[[], ClusterHealth]
    workspace: Workspace | None = None


def etcd_options(command: F) -> F:
    """Give a command the options of etcdctl by which any etcd is reached, read from etcdctl's variables too."""
    for option in (
        click.option(
            "--command-timeout", default="5s", show_default=True, envvar="ETCDCTL_COMMAND_TIMEOUT", metavar="DURATION",
            callback=lambda _context, _parameter, text: parse_duration(text),
            help="Time limit of the whole command, such as 5s or 500ms.",
        ),
        click.option("--key", type=_PATH, envvar="ETCDCTL_KEY", help="Private key of --cert."),
        click.option("--cert", type=_PATH, envvar="ETCDCTL_CERT", help="Client certificate to present."),
        click.option("--cacert", type=_PATH, envvar="ETCDCTL_CACERT", help="CA that signed the members' certificates."),
        click.option(
            "--endpoints", multiple=True, envvar="ETCDCTL_ENDPOINTS", metavar="URL,...",
            help="Client URLs of any etcd, in place of a cluster.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@contextlib.contextmanager
def open_source(
    cluster: str | None,
    *,
    endpoints: Sequence[str],
    cacert: Path | None,
    cert: Path | None,
    key: Path | None,
    command_timeout: float,
) -> Iterator[EtcdSource]:
    """Open what the options say, for the length of a block.

    Raises
    ------
    click.UsageError
        When both a cluster and another etcd are given on the command line.
    FleetkitError
        When the way in to the cluster cannot be opened.
    """
    limits = EtcdLimits(total_s=command_timeout)
    given = [name for name in ("endpoints", "cacert", "cert", "key") if is_on_command_line(name)]
    if cluster is not None and given:
        raise click.UsageError(
            f"--{given[0]} is for an etcd without a cluster file; leave it out, or leave out CLUSTER"
        )
    if cluster is None and (endpoints or given):
        tls = TlsFiles(ca=cacert, certificate=cert, key=key)
        scheme = "https" if cacert or cert else "http"
        texts = [part for item in endpoints for part in item.split(",") if part.strip()] or [_DEFAULT_ENDPOINT]
        parsed = tuple(parse_endpoint(text, default_scheme=scheme) for text in dict.fromkeys(texts))
        facts = functools.cache(functools.partial(_read_facts, tls))
        yield EtcdSource(
            endpoints=parsed,
            tls=tls,
            limits=limits,
            read_health=lambda: read_health(parsed, tls=tls, limits=limits, facts=facts),
        )
        return
    from fleetkit.workflows import open_way_in, open_workspace

    workspace = open_workspace(cluster)
    with open_way_in(workspace) as way:
        yield EtcdSource(
            endpoints=way.endpoints,
            tls=way.tls,
            limits=limits,
            read_health=lambda: way.read_health(limits=limits),
            workspace=workspace,
        )


def _read_facts(tls: TlsFiles) -> LocalFacts:
    from fleetkit.pki import is_signed_by, read_certificate_facts

    if tls.certificate is None:
        return LocalFacts(client_given=False)
    facts = read_certificate_facts(tls.certificate)
    return LocalFacts(
        client_not_before=facts.not_before,
        client_not_after=facts.not_after,
        client_trusted=None if tls.ca is None else is_signed_by(tls.certificate, tls.ca),
        now=utc_now(),
    )
