"""``fleetkit etcd hash``: whether all members hold the same, and who does not."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table
from fleetkit.core import EtcdError

__all__ = ["command"]


@click.command("hash")
@cluster_argument
@etcd_options
@json_option
def command(cluster: str | None, as_json: bool, **options: Any) -> int:
    """Compare the hashes of what the members hold, at one common revision, and name who differs.

    Each member reads its whole store for it: give --command-timeout where that is large.

    Exits 3 when a member differs or does not answer, 1 when none answers or they could not be compared.
    """
    from fleetkit.etcd import StoreHashes, hash_kv

    with open_source(cluster, **options) as source:
        found: StoreHashes = hash_kv(source.endpoints, tls=source.tls, limits=source.limits)
    if not found.by_name.ok:
        reasons = "".join(f"\n  - {getattr(error, 'reason', error)}" for error in found.by_name.failed.values())
        raise EtcdError("no member told its hash", seen=reasons, hint="fleetkit etcd health says why")
    rows = [(name, one, name in found.differing) for name, one in found.by_name.items()]
    if as_json:
        members = [
            {"name": name, "error": str(getattr(one, "reason", one))}
            if isinstance(one, Exception)
            else {
                "name": name, "hash": one.hash, "scope": one.scope, "revision": one.revision,
                "compact_revision": one.compact_revision, "differs": differs,
            }
            for name, one, differs in rows
        ]  # fmt: skip
        print_json({"agree": found.agree, "comparable": found.is_comparable, "members": members})
    else:
        print_table(
            ("name", "hash", "over", "revision", "differs", "error"),
            [
                (name, "", "", "", "", getattr(one, "reason", one))
                if isinstance(one, Exception)
                else (name, one.hash, one.scope, one.revision, "yes" if differs else "no", "")
                for name, one, differs in rows
            ],
        )
        print_lines(found.text)
    if not found.is_comparable:
        return ExitCode.FAILED
    return ExitCode.DONE if found.agree else ExitCode.FINDINGS
