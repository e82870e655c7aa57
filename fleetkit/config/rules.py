"""What the fields of a cluster file must be in relation to each other, apart from the network and its masters.

Each rule looks at a `Draft` and yields its problems; none trusts that the single fields are right.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from fleetkit.config.draft import Draft
from fleetkit.config.network_rules import find_network_problems
from fleetkit.config.notice import find_notice_problems
from fleetkit.config.problems import Problem, show_value

__all__ = ["POOL_LIMITS", "find_problems"]

POOL_LIMITS = {"internal": 25, "public": 95}
"""The two pools, and the most machines that each may have."""

_ELECTION_OVER_HEARTBEAT = 5  # etcd refuses to start below this ratio (etcd documentation, "Tuning")
_WAIVER_DAYS = 366
_SECRET_NAME = re.compile(r"[a-z][a-z0-9_]*")


def find_problems(draft: Draft, *, stem: str, today: dt.date) -> Iterator[Problem]:
    """Yield what is wrong between the fields.

    Parameters
    ----------
    draft
        The file, as far as it makes sense.
    stem
        The file's name without ``.toml``.
    today
        From which the dates of waivers are judged.
    """
    yield from _name(draft, stem)
    yield from _zones(draft)
    yield from _way_in(draft)
    yield from find_network_problems(draft)
    yield from _pools(draft)
    yield from _etcd(draft)
    yield from _certificate(draft)
    yield from _pages(draft)
    yield from _secrets(draft)
    yield from _delivered(draft)
    yield from _registries(draft)
    yield from _approval(draft)
    yield from _state(draft)
    yield from find_notice_problems(draft)
    yield from _waivers(draft, today)


def _name(draft: Draft, stem: str) -> Iterator[Problem]:
    name = draft.text("name")
    if name and name != stem:
        yield Problem(
            path="name", seen=f"saw {show_value(name)} in {stem}.toml", legal=f'"{stem}", as the file is called'
        )


def _zones(draft: Draft) -> Iterator[Problem]:
    region = draft.text("region")
    seen: set[str] = set()
    for index, zone in enumerate(draft.array("zones")):
        if not isinstance(zone, str):
            continue
        legal = f"zones of {region}, such as {region}a, each once" if region else "zones of the region, each once"
        if zone in seen:
            yield Problem(path=f"zones[{index}]", seen=f"saw {show_value(zone)} again", legal=legal)
        elif region and not re.fullmatch(re.escape(region) + r"(-[a-z]+-\d)?[a-z]", zone):
            yield Problem(path=f"zones[{index}]", seen=f"saw {show_value(zone)}", legal=legal)
        seen.add(zone)


def _way_in(draft: Draft) -> Iterator[Problem]:
    access, network = draft.value("access"), draft.value("vpn_cidr")
    if access == "vpn" and not network:
        yield Problem(
            path="vpn_cidr", seen='missing, with access = "vpn"', legal="the network that VPN users come from"
        )
    if access in (None, "bastion") and network:
        yield Problem(
            path="vpn_cidr",
            seen=f'saw {show_value(network)} with access = "bastion"',
            legal='empty, or set access = "vpn"',
        )


def _pools(draft: Draft) -> Iterator[Problem]:
    pools = draft.table("pools")
    for name, limit in POOL_LIMITS.items():
        if draft.has_table("pools") and name not in pools:
            yield Problem(path=f"pools.{name}", seen="missing", legal=f"a table [pools.{name}]")
        maximum = draft.number("pools", name, "maximum")
        if maximum is not None and maximum > limit:
            yield Problem(path=f"pools.{name}.maximum", seen=f"saw {maximum}", legal=f"at most {limit}")
        yield from _bounds(draft, name)
    for name in pools:
        if name not in POOL_LIMITS:
            yield Problem(path=f"pools.{name}", seen="no such pool", legal="exactly the pools internal and public")


def _bounds(draft: Draft, name: str) -> Iterator[Problem]:
    minimum = 0 if "minimum" not in draft.table("pools", name) else draft.number("pools", name, "minimum")
    desired, maximum = (draft.number("pools", name, bound) for bound in ("desired", "maximum"))
    if minimum is not None and maximum is not None and minimum > maximum:
        yield Problem(
            path=f"pools.{name}.minimum", seen=f"saw {minimum} above the maximum {maximum}", legal=f"0 to {maximum}"
        )
        return
    if desired is None or minimum is None or maximum is None or minimum <= desired <= maximum:
        return
    yield Problem(
        path=f"pools.{name}.desired", seen=f"saw {desired}", legal=f"{minimum} to {maximum}, the pool's own bounds"
    )


def _etcd(draft: Draft) -> Iterator[Problem]:
    table = draft.table("etcd")
    heartbeat = draft.number("etcd", "heartbeat_ms") if "heartbeat_ms" in table else 100
    election = draft.number("etcd", "election_ms") if "election_ms" in table else 1000
    if heartbeat is None or election is None or election >= _ELECTION_OVER_HEARTBEAT * heartbeat:
        return
    yield Problem(
        path="etcd.election_ms",
        seen=f"saw {election} with a heartbeat of {heartbeat}",
        legal=f"at least {_ELECTION_OVER_HEARTBEAT * heartbeat} (five heartbeats, or etcd does not start); "
        f"{10 * heartbeat} is usual",
    )


def _certificate(draft: Draft) -> Iterator[Problem]:
    region, arn = draft.text("region"), draft.text("load_balancers", "certificate_arn")
    parts = arn.split(":")
    if region and len(parts) > 3 and parts[2] == "acm" and parts[3] != region:
        yield Problem(
            path="load_balancers.certificate_arn",
            seen=f"saw a certificate of {show_value(parts[3])}",
            legal=f"one of {region}, where the load balancer is",
        )


def _pages(draft: Draft) -> Iterator[Problem]:
    image, archive = draft.text("pins", "python_image"), draft.text("pins", "pages_sha256")
    if bool(image) != bool(archive):
        missing, other = ("pages_sha256", "python_image") if image else ("python_image", "pages_sha256")
        yield Problem(
            path=f"pins.{missing}", seen=f"missing, with pins.{other}", legal="both or neither; fleetkit pin --pages"
        )


def _secrets(draft: Draft) -> Iterator[Problem]:
    for name in draft.table("secrets"):
        if not _SECRET_NAME.fullmatch(name):
            yield Problem(
                path="secrets",
                seen="a name that does not fit; it is not repeated here",
                legal="a-z, 0-9 and _, beginning with a letter",
            )


def _delivered(draft: Draft) -> Iterator[Problem]:
    known = draft.table("secrets")
    for pool in draft.table("pools"):
        for index, name in enumerate(names := draft.array("pools", pool, "secrets")):
            if name in known and name not in names[:index]:
                continue
            # The name is not shown: it may be a secret that was put into the wrong place.
            seen = "saw a name again" if name in known else "saw a name that [secrets] does not have"
            legal = f"each once of: {', '.join(known)}" if known else "none, as long as [secrets] is empty"
            yield Problem(path=f"pools.{pool}.secrets[{index}]", seen=seen, legal=legal)


def _registries(draft: Draft) -> Iterator[Problem]:
    rows = [row if isinstance(row, dict) else {} for row in draft.array("registries")]
    names = [row.get("name") for row in rows]
    for index, row in enumerate(rows):
        if names[index] is not None and names[index] in names[:index]:
            yield Problem(
                path=f"registries[{index}].name",
                seen=f"saw {show_value(names[index])} again",
                legal="each registry once: Docker keeps one login of each",
            )
        pools = row.get("pools")
        if isinstance(pools, list) and (
            set(map(str, pools)) - set(POOL_LIMITS) or len(set(map(str, pools))) < len(pools)
        ):
            yield Problem(
                path=f"registries[{index}].pools",
                seen=f"saw {show_value(pools)}",
                legal="internal, public or both, each once",
            )


def _approval(draft: Draft) -> Iterator[Problem]:
    signed = draft.value("approval", "required") == "signed"
    keys = [key.partition(" ")[0] for key in draft.array("approval", "keys") if isinstance(key, str)]
    if signed and not draft.value("approval", "keys"):
        yield Problem(
            path="approval.keys",
            seen='missing, with required = "signed"',
            legal="the public keys of those who may approve; fleetkit key show prints yours",
        )
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield Problem(
                path=f"approval.keys[{index}]", seen="saw a key that stands there already", legal="each key once"
            )
    if draft.value("approval", "distinct") is True and not signed:
        yield Problem(
            path="approval.distinct",
            seen='saw true without required = "signed"',
            legal='false, or set required = "signed": nothing else tells who approved',
        )


def _state(draft: Draft) -> Iterator[Problem]:
    kind = draft.value("state", "kind")
    for field in ("bucket", "key"):
        value = draft.value("state", field)
        if kind == "s3" and not value:
            yield Problem(path=f"state.{field}", seen='missing, with kind = "s3"', legal=f"the {field} of the state")
        if kind in (None, "local") and value:
            yield Problem(
                path=f"state.{field}",
                seen=f'saw {show_value(value)} with kind = "local"',
                legal='empty, or set kind = "s3"',
            )
    if draft.text("state", "bucket").startswith(f"fleetkit-{draft.text('name')}-"):
        yield Problem(
            path="state.bucket",
            seen="saw the cluster's own bucket, which goes when the cluster goes",
            legal="a bucket that outlasts the cluster",
        )


def _waivers(draft: Draft, today: dt.date) -> Iterator[Problem]:
    latest = today + dt.timedelta(days=_WAIVER_DAYS)
    for index, waiver in enumerate(draft.array("waivers")):
        until = waiver.get("until") if isinstance(waiver, dict) else None
        if isinstance(until, dt.date) and not isinstance(until, dt.datetime) and until > latest:
            yield Problem(
                path=f"waivers[{index}].until",
                seen=f"saw {until}",
                legal=f"a date up to {latest}: a waiver is renewed, not forgotten",
            )
