"""``fleetkit preflight``: look at everything that a deploy needs."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note

__all__ = ["command"]


@click.command()
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> int:
    """Look at everything that a deploy of CLUSTER needs, and say how to mend what does not fit.

    Looks at the credentials, the region and its zones, your public address, the key pair, the images, the network,
    the masters' addresses, the quotas, the name, the pins and Terraform. It changes nothing.

    \b
    Exits 0 when all is ok or only warned of, 3 when something must be mended,
    and 1 when something could not be looked at.
    """
    from fleetkit.workflows import open_workspace
    from fleetkit.workflows.preflight import run_preflight

    seen = run_preflight(open_workspace(cluster))
    if as_json:
        print_json({"cluster": seen.cluster, "ok": seen.ok, "lines": seen.lines})
    else:
        print_lines(seen.text)
        print_note(seen.summary)
    if seen.unread:
        return ExitCode.FAILED
    return ExitCode.DONE if seen.ok else ExitCode.FINDINGS
