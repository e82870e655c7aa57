"""``fleetkit runs push``: send to the bucket what is not there yet."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note
from fleetkit.core import SettingsError

__all__ = ["command"]


@click.command("push")
@json_option
def command(as_json: bool) -> int:
    """Send to the bucket of FLEETKIT_RUNS what runs of this computer could not send.

    The next run does the same, so this is for whoever does not want to wait for it. Nothing is sent twice.
    """
    from fleetkit import runs, workflows

    place = workflows.open_record_place()
    if place.objects is None:
        raise SettingsError(
            f"records are kept in {place.folder} alone", hint="name a bucket: FLEETKIT_RUNS=s3://bucket/prefix"
        )
    pushed = runs.push_pending(place.folder, place.objects)
    code = ExitCode.FAILED if pushed.failed else ExitCode.DONE
    if as_json:
        sent = [{"record": folder.name, "cluster": folder.parent.name, "files": n} for folder, n in pushed.ok.items()]
        failed = [{"record": folder.name, "error": str(error)} for folder, error in pushed.failed.items()]
        print_json({"address": place.objects.address, "sent": sent, "failed": failed})
        return code
    for folder, files in pushed.ok.items():
        print_lines(f"{place.objects.address}/{folder.parent.name}/{folder.name}: {files} files")
    for folder, error in pushed.failed.items():
        print_note(f"error: {folder} was not sent: {error}")
    if not pushed:
        print_lines(f"nothing to send: all records are in {place.objects.address}")
    return code
