"""``fleetkit runs verify``: whether a record is what its run wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleetkit.cli._completing import complete_run
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note

if TYPE_CHECKING:
    from fleetkit.runs import RunProof

__all__ = ["command"]


@click.command("verify")
@click.argument("run", default="latest", shell_complete=complete_run)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Public key that must have signed it, or a file that holds one; may be given more than once.",
)
@json_option
def command(run: str, keys: tuple[str, ...], as_json: bool) -> int:
    """Prove that nobody changed a record: RUN is its id, the start of one, a folder, or "latest".

    Every line of the journal has to follow from the one before it, and every file has to be what the run closed over.
    That the whole was not written anew can be said by signatures alone: give the public key that you expect.

    \b
    fleetkit runs verify latest --key ed25519:RlnOJbGgTf3Iv+DRnUhOnAqRWpNnW3K+CKDk0yRnPTg=

    Exits 0 when the record is closed and whole, 3 when its run goes on or was killed, and 1 when it is broken.
    """
    from fleetkit import pki, runs, workflows

    trusted = [pki.read_public_key(key) for key in keys]
    folder = workflows.open_record_place().store.find_record(run)
    proof = runs.verify_run(folder, verify=pki.verify_signature, keys=trusted)
    if as_json:
        print_json(proof)
    else:
        _tell(proof, trusted)
    return {"closed": ExitCode.DONE, "open": ExitCode.FINDINGS, "broken": ExitCode.FAILED}[proof.state]


def _tell(proof: RunProof, trusted: list[str]) -> None:
    print_lines(f"{proof.state}: {proof.folder.name}", *(f"  {flaw}" for flaw in proof.flaws))
    print_lines(f"{proof.lines} lines of the journal, {proof.signed} of them signed", *proof.keys)
    for remark in proof.remarks:
        print_note(remark)
    if proof.keys and not trusted:
        print_note("whether these keys are the right ones is yours to say: fleetkit key show, and --key")
