"""``fleetkit checks``: what an audit demands, why, and how it is mended."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_table

__all__ = ["command", "complete_check"]


def complete_check(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of checks that begin so, for the shell."""
    from fleetkit.checks import load_checks

    return [one.id for one in load_checks() if one.id.startswith(incomplete)]


@click.group()
def command() -> None:
    """Read what an audit demands: each check with its reason, its mend, and the permissions that it takes."""


@command.command("list")
@json_option
def _list(as_json: bool) -> int:
    """List all checks, in the order of the catalogue."""
    from fleetkit.checks import load_checks
    from fleetkit.views import CHECK_COLUMNS, check_rows

    checks = load_checks()
    if as_json:
        print_json([one.describe() for one in checks])
    else:
        print_table(CHECK_COLUMNS, check_rows(checks))
    return ExitCode.DONE


@command.command("show")
@click.argument("name", metavar="CHECK", shell_complete=complete_check)
@json_option
def _show(name: str, as_json: bool) -> int:
    """Show all of one check: the demand, why it matters, how it is mended, and what reading its facts takes.

    \b
    fleetkit checks show etcd-ports-open
    """
    from fleetkit.checks import find_check

    told = find_check(name).describe()
    if as_json:
        print_json(told)
        return ExitCode.DONE
    print_lines(
        f"{told['id']} ({told['severity']}, {told['area']}, number {told['number']})",
        told["title"] + ".",
        "",
        f"why:   {told['why']}",
        f"mend:  {told['mend']}",
        f"facts: {'; '.join(told['facts'].values())}",
        f"takes: {', '.join(told['permissions']) or 'nothing of AWS'}",
        *(f"see:   {one}" for one in told["references"]),
    )
    return ExitCode.DONE
