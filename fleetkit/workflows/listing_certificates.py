"""The expiry forecast: every certificate of a cluster, made here or served there, with what to do about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetkit import views
from fleetkit.core import FleetkitError, NotFoundError, Results, format_utc, utc_now
from fleetkit.etcd import read_served_certificates
from fleetkit.pki import CaStage, CertificateFacts, list_replaced, load_pki, parse_certificate_facts, read_ca_stage
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.way_in import open_way_in

__all__ = [
    "CertificateListing",
    "ListedCertificate",
    "list_certificates",
    "list_made",
    "tell_amiss",
    "warn_of_certificates",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCertificate:
    """One certificate.

    Attributes
    ----------
    name
        ``ca``, ``members/etcd1/server``, ``clients/fleet``; ``served by etcd1`` for what a member shows.
    subject
        Its common name.
    names
        Names and addresses that it holds for beside the subject.
    serial, not_after, days_left
        Its number in hex, the end of its validity, and the whole days until then; negative once it has expired.
    verdict
        ``expired``, ``expires soon``, ``another`` than was made for the member, ``undelivered``,
        ``being replaced`` (a CA) or ``ok``.
    next_step
        The command that mends it; empty where nothing is to be done.
    """

    name: str
    subject: str
    names: tuple[str, ...]
    serial: str
    not_after: dt.datetime
    days_left: int
    verdict: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CertificateListing(Shown):
    """All certificates of a cluster, the first to expire on top.

    Attributes
    ----------
    cluster
        Name of the cluster.
    certificates
        Those that were made here, and those that members serve.
    unknown
        Why it is not known what a member serves, one sentence each.
    """

    cluster: str
    certificates: tuple[ListedCertificate, ...]
    unknown: tuple[str, ...]

    @property
    def amiss(self) -> tuple[ListedCertificate, ...]:
        """Those about which something is to be done."""
        return tuple(one for one in self.certificates if one.verdict != "ok")

    def __str__(self) -> str:
        lines = [f"{one.name}: {one.verdict}, until {format_utc(one.not_after)}" for one in self.certificates]
        return "\n".join([*lines, *(f"unknown: {one}" for one in self.unknown)])

    def draw(self) -> str:
        """Draw the days that each is still valid."""
        return views.draw_certificates(self.certificates)


def list_certificates(workspace: Workspace) -> CertificateListing:
    """Read what was made here and what members serve; a member that shows none is told under ``unknown``.

    Raises
    ------
    NotFoundError
        When the cluster's certificates are not complete on this computer.
    """
    made = {one.name: one for one in list_made(workspace)}
    served, unknown = _read_served(workspace)
    rows = [*made.values()]
    rows += [_row(workspace, f"served by {name}", facts, made=made) for name, facts in served.items()]
    return CertificateListing(
        cluster=workspace.cluster.name,
        certificates=tuple(sorted(rows, key=lambda one: (one.not_after, one.name))),
        unknown=unknown,
    )


def list_made(workspace: Workspace) -> tuple[ListedCertificate, ...]:
    """Read what was made here, the CA first; nobody is asked.

    Raises
    ------
    NotFoundError
        When the cluster's certificates are not complete on this computer.
    """
    members = {name: master.address for name, master in workspace.cluster.masters.items()}
    pki = load_pki(workspace.paths.pki, members=members)
    return tuple(_row(workspace, one.name, one.facts()) for one in pki.certificates())


def tell_amiss(made: Sequence[ListedCertificate]) -> tuple[str, str]:
    """Say in one clause what is amiss with certificates, and by which commands it is mended; empty where nothing is."""
    amiss = sorted((one for one in made if one.verdict != "ok"), key=lambda one: (one.not_after, one.name))
    if not amiss:
        return "", ""
    first = amiss[0]
    seen = f"{len(amiss)} of {len(made)} ask for something, {first.name} first: {first.verdict}"
    return f"{seen}, until {format_utc(first.not_after)}", "; ".join(dict.fromkeys(one.next_step for one in amiss))


def warn_of_certificates(workspace: Workspace) -> str:
    """Say in one sentence what is to be done about the certificates made here; empty where nothing is, or none are.

    Beside the health of members, which are well until the hour in which theirs expire.
    """
    if not workspace.paths.pki.is_dir():
        return ""
    try:
        seen, steps = tell_amiss(list_made(workspace))
    except NotFoundError as error:
        return f"certificates: how long they last is not known: {error.seen}"
    return f"certificates: {seen} ({steps})" if seen else ""


def _row(
    workspace: Workspace, name: str, facts: CertificateFacts, *, made: Mapping[str, ListedCertificate] | None = None
) -> ListedCertificate:
    days_left = facts.days_left(utc_now())
    verdict = views.judge_days_left(days_left)
    if made is not None and facts.serial != made[f"members/{name.removeprefix('served by ')}/server"].serial:
        verdict = "another"
    elif made is None and verdict == "ok" and name in list_replaced(workspace.paths.pki):
        verdict = "undelivered"
    step = f"fleetkit certificates rotate {workspace.cluster.name}"
    if facts.is_ca:
        step += " --ca"
        # Nothing is amiss for those who use certificates; but half of a rotation is not where one wants to stay.
        verdict = verdict if read_ca_stage(workspace.paths.pki) is CaStage.SETTLED else "being replaced"
    return ListedCertificate(
        name=name,
        subject=facts.subject,
        names=(*(one for one in facts.dns_names if one != facts.subject), *facts.addresses),
        serial=facts.serial,
        not_after=facts.not_after,
        days_left=days_left,
        verdict=verdict,
        next_step="" if verdict == "ok" else step,
    )


def _read_served(workspace: Workspace) -> tuple[dict[str, CertificateFacts], tuple[str, ...]]:
    try:
        with open_way_in(workspace) as way:
            shown: Results[str, bytes] = read_served_certificates(way.endpoints, tls=way.tls)
    except FleetkitError as error:
        return {}, (f"what members serve: {error.without_hint}",)
    unknown = [f"what {name} serves: {getattr(error, 'reason', error)}" for name, error in shown.failed.items()]
    return {name: parse_certificate_facts(der) for name, der in shown.ok.items()}, tuple(unknown)
