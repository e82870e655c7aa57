"""``fleetkit evidence``: the records of a cluster and a time in one signed archive, and the proof of such a one."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._exit import OUTCOME_CODES
from fleetkit.cli._files import require_place
from fleetkit.cli._output import is_on_command_line, json_option, print_json, print_lines, print_note
from fleetkit.cli.runs._moments import MOMENT
from fleetkit.core import utc_now

if TYPE_CHECKING:
    from fleetkit.workflows import EvidenceProof, MadeEvidence

__all__ = ["command"]

_LAST_MOMENT = dt.timedelta(days=1) - dt.timedelta(microseconds=1)


class _LastMoment(click.ParamType[dt.datetime]):
    """A moment like any other; a date is its last one, as it is to be in what it ends."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        moment = MOMENT.convert(value, param, ctx)
        try:
            dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            return moment
        return moment + _LAST_MOMENT


class _Verbs(click.Group):
    """Proves an archive by its verb, and makes one without any."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            ctx.fail(f"{args[0]!r} is no verb of it: a cluster is named with --cluster, and an archive with verify")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs,
    invoke_without_command=True,
    subcommand_metavar="[verify ARCHIVE --key KEY]",
)
@click.option("--cluster", metavar="NAME", shell_complete=complete_cluster, help="Whose; left out where there is one.")
@click.option("--from", "since", type=MOMENT, metavar="WHEN", help="Runs begun then or later: a date, a moment, 30d.")
@click.option("--to", "until", type=_LastMoment(), metavar="WHEN", help="Runs begun until then; now where not given.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The archive; evidence-CLUSTER-FROM-TO.zip where not given.",
)
@click.option("--force", is_flag=True, help="Replace an archive that is there already.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    cluster: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> int | None:
    """Pack what was done with a cluster in a time, for an auditor: one archive, signed with your key.

    It holds the records, with their proofs as they stand now, the findings of audits over time, approvals and waivers,
    and an index page; all of it from ./runs and from the bucket of FLEETKIT_RUNS. Times are in UTC; --from and --to
    belong to what is packed. Whatever is missing, open or broken is told on the index page, and in the exit code.

    \b
    fleetkit evidence --from 2026-10-01 --to 2026-10-31 --cluster demo
    fleetkit evidence --from 30d --output last-month.zip
    fleetkit evidence verify last-month.zip --key ed25519:RlnOJbGgTf3Iv+DRnUhOnAqRWpNnW3K+CKDk0yRnPTg=

    Exits 0 when every record is closed and whole, 3 when one is open or under way, 1 when one is broken or could not
    be read; the archive is made all the same.
    """  # fmt: skip
    if ctx.invoked_subcommand is not None:
        names = ("cluster", "since", "until", "output", "force", "as_json")
        if any(is_on_command_line(name) for name in names):
            raise click.UsageError("options of the archive that is made do not go with verify: write them behind it")
        return None
    if since is None:
        raise click.UsageError("--from is missing: from when on runs are packed, as in --from 2026-10-01 or --from 30d")
    return _make(cluster, since, until or utc_now(), output, overwrite=force, as_json=as_json)


def _make(
    cluster: str | None, since: dt.datetime, until: dt.datetime, output: Path | None, *, overwrite: bool, as_json: bool
) -> int:
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter
    from fleetkit.cli._signing import find_signer

    named = cluster or _name_cluster()
    name = Path(named).name.removesuffix(".toml")
    place = output or Path(f"evidence-{name}-{since:%Y%m%d}-{until:%Y%m%d}.zip")
    require_place(place)
    made = workflows.make_evidence(
        workflows.open_record_place(),
        place,
        cluster=named,
        since=since,
        until=until,
        signer=find_signer(),
        overwrite=overwrite,
        report=note_reporter(),
    )
    if as_json:
        print_json(made.to_json())
    else:
        _tell_made(made)
    return OUTCOME_CODES[made.outcome]


def _name_cluster() -> str:
    from fleetkit.config import Settings, cluster_names

    if named := Settings.from_environment(os.environ).cluster:
        return named
    known = cluster_names(Path.cwd())
    if len(known) != 1:
        raise click.UsageError(f"--cluster is missing: {', '.join(known) or 'no cluster file'} is here")
    return known[0]


def _tell_made(made: MadeEvidence) -> None:
    for line in str(made).splitlines():
        print_note(line)
    keys = dict.fromkeys([made.manifest.public_key, *made.keys])
    given = " ".join(f"--key {key}" for key in keys)
    print_note(f"to prove it: fleetkit evidence verify {made.path.name} {given}")
    print_lines(str(made.path))


@command.command("verify")
@click.argument("archive", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    metavar="KEY",
    help="Public key of whoever is trusted, or a file that holds one; may be given again.",
)
@json_option
def _verify(archive: Path, keys: tuple[str, ...], as_json: bool) -> int:
    """Prove ARCHIVE, with it and public keys alone: no network, no account, no cluster file.

    One of the keys must have signed the archive, and one each record and each signed approval in it. Then every file
    has to be there as it was packed, and nothing else; each journal's lines follow from each other; approvals hold.
    Have the keys from their owners (fleetkit key show), and not from the archive.

    \b
    fleetkit evidence verify evidence-demo-20261001-20261031.zip --key night-shift.pub --key ada.pub

    Exits 0 when all of that is so, 3 when it is and the archive tells of something missing or open, 1 when not.
    """
    from fleetkit import pki, workflows

    proof = workflows.prove_evidence(archive, keys=[pki.read_public_key(key) for key in keys])
    if as_json:
        print_json(proof.to_json())
    else:
        _tell_proof(proof)
    return OUTCOME_CODES[proof.outcome]


def _tell_proof(proof: EvidenceProof) -> None:
    print_lines(proof.summary, *(f"  {flaw}" for flaw in proof.flaws))
    if proof.signed_by:
        print_lines(f"signed by {proof.signed_by}")
    for remark in proof.remarks:
        print_note(remark)
