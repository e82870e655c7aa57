"""etcd speaks TLS to clients and peers, and its certificates last and name the static addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fleetkit.checks.facts import CertificateFact, Facts, TlsFact
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]

_SOON_DAYS = 30


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge each member by what it shows, whom it answers, and the addresses that it gives to others."""
    plain = {
        url
        for member in facts.members
        for listed in member.listed
        for url in (*listed.peer_urls, *listed.client_urls)
        if not url.startswith("https://")
    }
    if plain:
        reason = f"members are listed without TLS: {', '.join(sorted(plain))}"
        yield failed(facts.cluster.name, reason, seen={"without_tls": sorted(plain)})
    for one in facts.tls:
        seen = {"served": _tell(one.served), "peer": _tell(one.peer), "serves_strangers": one.serves_strangers}
        amiss = _find_faults(one, facts.cluster.now)
        missing = one.silence or _find_missing(one)
        if amiss:
            yield failed(one.name, "; ".join(amiss), seen=seen)
        elif missing:
            yield unknown(one.name, missing, seen=seen)
        else:
            yield passed(one.name, "it asks for certificates, and its own last", seen=seen)


def _find_faults(one: TlsFact, now: dt.datetime) -> list[str]:
    amiss = ["it answers clients that have no certificate"] if one.serves_strangers else []
    for which, certificate in (("certificate", one.served), ("peer certificate", one.peer)):
        if certificate is None:
            continue
        days = (certificate.not_after - now).days
        if days < 0:
            amiss.append(f"its {which} has expired")
        elif days < _SOON_DAYS:
            amiss.append(f"its {which} expires in {days} days")
        if one.address not in certificate.names:
            amiss.append(f"its {which} does not name {one.address}")
    return amiss


def _find_missing(one: TlsFact) -> str:
    if one.serves_strangers is None:
        return "it could not be tried whether it answers clients without a certificate"
    return "" if one.peer is not None else "the certificate that it shows its peers is not on this computer"


def _tell(certificate: CertificateFact | None) -> dict[str, object] | None:
    if certificate is None:
        return None
    return {"not_after": certificate.not_after.isoformat(), "names": sorted(certificate.names)}
