"""``fleetkit units lint``: what is wrong with unit files, before anything is sent."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines

__all__ = ["command"]


@click.command("lint")
@click.argument("places", nargs=-1, required=True, metavar="FILE|FOLDER...", type=click.Path())
@json_option
def command(places: tuple[str, ...], as_json: bool) -> int:
    """Check unit files, or all of a folder, by fleet's own rules and by what systemd would do; no cluster is asked.

    What is refused never reaches fleet; where it says careful, fleet takes it without a word, and does not do what was
    meant. Each finding names the file, the line and what is legal.

    \b
    fleetkit units lint units/
    fleetkit units lint web@.service web-sidekick@.service
    fleetkit units lint git+https://git.example.com/units.git@v1.2#web

    Exits 0 when all is well, 3 when there are findings.
    """
    from fleetkit.cli._progress import note_reporter
    from fleetkit.workflows import read_unit_places

    found = read_unit_places(places, report=note_reporter())
    if as_json:
        print_json({"units": sorted(found.paths), "findings": found.findings})
    else:
        for one in found.findings:
            where = f"{found.paths[one.unit]}:{one.line}" if one.line else str(found.paths[one.unit])
            print_lines(f"{where}: {'refused' if one.is_fatal else 'careful'}: {one.seen}; legal: {one.legal}")
        print_lines(f"{len(found.paths)} unit files, {len(found.findings)} findings")
    return ExitCode.FINDINGS if found.findings else ExitCode.DONE
