"""What an inspection says of certificates: those that were made here, and those that members really serve."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from fleetkit import views
from fleetkit.core import format_utc, utc_now
from fleetkit.pki import CertificateFacts, parse_certificate_facts
from fleetkit.workflows._reading import Reading

__all__ = ["join_certificates"]


def join_certificates(readings: dict[str, Reading], *, cluster: str, unread: str = "") -> dict[str, Reading]:
    """Put together the certificates that were made here and those that members serve.

    A member that does not answer shows none: its row says ``unknown``, and its trouble stands among the members.

    Parameters
    ----------
    readings
        All parts; ``certificates`` with the facts of each by its name, ``served`` with what each member showed.
    cluster
        Name of the cluster, for the command that mends what is found.
    unread
        Why no member could be asked, where that was tried.
    """
    made, served = readings.get("certificates"), readings.pop("served", None)
    if made is None:
        return readings
    now = utc_now()
    rows = [_row(name, facts, now) for name, facts in made.data.items()]
    told = list(rows)
    swapped: dict[str, CertificateFacts] = {}
    findings: list[str] = []
    for member, shown in (served.data if served is not None else {}).items():
        facts = None if isinstance(shown, Exception) else parse_certificate_facts(shown)
        row = _row(f"served by {member}", facts, now)
        rows.append(row)
        if facts is not None and facts.fingerprint != made.data[f"members/{member}/server"].fingerprint:
            findings.append(
                f"{member} serves another certificate than the one made for it: serial {facts.serial}, "
                f"signed by {facts.issuer}, valid until {format_utc(facts.not_after)}"
            )
            # How long the one made for it lasts was told already.
            told.append(row)
            swapped[row["name"]] = facts
    findings += [
        f"the certificate {row['name']} {verdict}: {row['days_left']} days left"
        for row in told
        if (verdict := views.judge_days_left(row["days_left"])) != "ok"
    ]
    findings = [f"{one} (fleetkit certificates rotate {cluster})" for one in findings]
    joined = replace(
        made,
        frame=views.certificates_frame(rows),
        pictures=(views.draw_certificates(rows),),
        findings=tuple(findings),
        unknown=f"what members serve: {unread}" if unread else "",
        data={**made.data, **swapped},
        facts={"certificates": [{"name": row["name"], "left_days": row["days_left"]} for row in rows]},
    )
    return {**readings, "certificates": joined}


def _row(name: str, facts: CertificateFacts | None, now: dt.datetime) -> dict[str, Any]:
    if facts is None:
        return {"name": name, "subject": None, "not_after": None, "days_left": None}
    return {"name": name, "subject": facts.subject, "not_after": facts.not_after, "days_left": facts.days_left(now)}
