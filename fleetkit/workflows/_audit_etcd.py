"""Facts of etcd and fleet for an audit, read through the way in, and of etcd's backups."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from fleetkit import checks, etcd, pki
from fleetkit.core import EtcdError, NotFoundError, call_each, utc_now
from fleetkit.fleet import FleetClient
from fleetkit.workflows._audit_access import read_bucket
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.backup_place import open_backup_place
from fleetkit.workflows.kept_backups import KeptBackup
from fleetkit.workflows.last_backup import LastBackup
from fleetkit.workflows.way_in import WayIn

__all__ = [
    "MOST_PROOFS",
    "read_backup_bucket",
    "read_backups",
    "read_members",
    "read_registered",
    "read_strain",
    "read_tls",
]

MOST_PROOFS = 10
"""Of how many of the newest backups that were restored for a trial is read what came of it: each is an object."""

_S3 = "s3://"


def read_members(way: WayIn) -> tuple[checks.MemberFact, ...]:
    """Return what each member tells of itself and of the others."""
    statuses = etcd.read_status(way.endpoints, tls=way.tls)
    lists = call_each(
        list(statuses.ok),
        lambda name: etcd.list_members([one for one in way.endpoints if one.name == name], tls=way.tls),
        catch=EtcdError,
    )
    silent = {**statuses.failed, **lists.failed}
    return tuple(
        checks.MemberFact(name=one.name, silence=_tell(silent[one.name]))
        if one.name in silent
        else checks.MemberFact(
            name=one.name,
            member_id=statuses.ok[one.name].member_id,
            cluster_id=statuses.ok[one.name].cluster_id,
            version=statuses.ok[one.name].version,
            listed=tuple(
                checks.ListedFact(
                    id=member.id, name=member.name, peer_urls=member.peer_urls, client_urls=member.client_urls
                )
                for member in lists.ok[one.name]
            ),
        )
        for one in way.endpoints
    )


def read_tls(workspace: Workspace, way: WayIn) -> tuple[checks.TlsFact, ...]:
    """Return which certificate each member shows, which was made for its peers, and whether it serves strangers."""
    shown = etcd.read_served_certificates(way.endpoints, tls=way.tls)
    # As somebody would who knows the CA and has no certificate of his own.
    stranger = etcd.read_health(
        way.endpoints, tls=etcd.TlsFiles(ca=way.tls.ca), facts=etcd.LocalFacts(client_given=False)
    )
    answers = {one.name: one for one in stranger.members}
    return tuple(
        checks.TlsFact(
            name=one.name,
            address=one.host,
            served=None if one.name in shown.failed else _tell_certificate(shown.ok[one.name]),
            peer=_read_peer(workspace.paths.pki, one.name),
            serves_strangers=_is_served(answers[one.name]),
            silence=f"what it shows is not known: {_tell(shown.failed[one.name])}" if one.name in shown.failed else "",
        )
        for one in way.endpoints
    )


def _is_served(answer: etcd.MemberHealth) -> bool | None:
    if answer.trouble is etcd.Trouble.CLIENT_REFUSED:
        return False
    # One that has no quorum, or an alarm, has answered all the same.
    answered = answer.healthy or answer.trouble in (etcd.Trouble.NO_QUORUM, etcd.Trouble.ALARM)
    return True if answered else None


def _read_peer(folder: Path, member: str) -> checks.CertificateFact | None:
    try:
        return _tell_facts(pki.read_certificate_facts(folder / "members" / member / "peer.crt"))
    except NotFoundError:
        return None


def _tell_certificate(der: bytes) -> checks.CertificateFact:
    return _tell_facts(pki.parse_certificate_facts(der))


def _tell_facts(facts: pki.CertificateFacts) -> checks.CertificateFact:
    return checks.CertificateFact(not_after=facts.not_after, names=(*facts.dns_names, *facts.addresses))


def read_strain(way: WayIn) -> tuple[checks.StrainFact, ...]:
    """Return what each member measures of its disk and database, and the alarms that are raised for it."""
    scrape = etcd.read_metrics(way.endpoints, tls=way.tls)
    alarms: dict[str, list[str]] = defaultdict(list)
    if scrape.members:
        for alarm in etcd.list_alarms(way.endpoints, tls=way.tls):
            alarms[alarm.member_id].append(alarm.alarm)
    now = utc_now().timestamp()
    return tuple(
        checks.StrainFact(
            name=name,
            # Of some alarms etcd does not say whose they are.
            alarms=(*alarms[its.member_id], *alarms[""]),
            db_size=its.db_size,
            db_size_in_use=its.db_size_in_use,
            quota=its.quota,
            fsync_p99_s=its.fsync_seconds.quantile(0.99),
            leader_changes=its.leader_changes,
            up_s=max(now - its.started, 0.0) if its.started else None,
        )
        if (its := scrape.members.get(name)) is not None
        else checks.StrainFact(name=name, silence=scrape.down.get(name) or scrape.unasked[name])
        for name in scrape.names
    )


def read_registered(way: WayIn) -> frozenset[str]:
    """Return the private addresses of the machines that fleet has."""
    with way.connect_master() as connection:
        found = FleetClient(way.open_fleet_socket(connection)).list_machines()
    return frozenset(one.primary_ip for one in found)


def read_backups(workspace: Workspace, last: LastBackup | None) -> checks.BackupFact:
    """Return what is known of the backups: of the last one that the bucket remembers, and what lies beside it."""
    if last is None:
        return checks.BackupFact(place="", newest=None)
    place = open_backup_place(
        workspace.cluster.name,
        last.place,
        folder=workspace.folder,
        environ=workspace.environ,
        session=workspace.session,
    )
    kept = place.list_backups(most_proofs=MOST_PROOFS)
    taken = [one.name.taken for one in kept]
    # A bucket is the same for whoever looks: what it does not list is gone, whatever is remembered of it.
    taken += [] if last.place.startswith(_S3) else [last.taken]
    newest = max(taken, default=None)
    if not kept and newest is not None:
        unread = f"its backups lie in {last.place}, and not on this computer"
        return checks.BackupFact(place=last.place, newest=newest, unread=unread)
    drilled, findings = _find_last_drill(kept)
    return checks.BackupFact(place=last.place, newest=newest, drilled=drilled, drill_findings=findings)


def _find_last_drill(kept: Sequence[KeptBackup]) -> tuple[dt.datetime | None, tuple[str, ...]]:
    proofs = [one.proof for one in kept if one.proof is not None]
    if not proofs:
        return None, ()
    last = max(proofs, key=lambda one: one.drilled)
    return last.drilled, last.findings


def read_backup_bucket(workspace: Workspace, last: LastBackup | None) -> checks.BucketFact | None:
    """Return how the bucket is set up in which the last backup lies; None where it lies in none."""
    if last is None or not last.place.startswith(_S3):
        return None
    return read_bucket(workspace.session, last.place.removeprefix(_S3).partition("/")[0])


def _tell(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error)
