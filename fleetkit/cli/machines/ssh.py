"""``fleetkit machines ssh``: a shell on a machine of the cluster."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import click

from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import print_lines

__all__ = ["command"]


@click.command("ssh", context_settings={"ignore_unknown_options": True})
@click.option("--print", "shows", is_flag=True, help="Print the ssh command, and do not run it.")
@click.argument(
    "words", nargs=-1, required=True, metavar="[CLUSTER] MACHINE [-- COMMAND...]", type=click.UNPROCESSED,
    shell_complete=complete_cluster,
)  # fmt: skip
def command(shows: bool, words: tuple[str, ...]) -> int:
    """Log in to MACHINE of CLUSTER, or run COMMAND there, with OpenSSH's own client.

    MACHINE is a member's name, bastion, an address, an instance's id, or a unit, for the machine that has it. The way
    leads through the bastion, both host keys are known before, and ssh_config and agent are honoured.

    \b
    fleetkit machines ssh demo etcd1
    fleetkit machines ssh demo web@1.service -- docker ps
    fleetkit machines ssh demo bastion --print

    Exits as ssh does; 2 when there is no such machine.
    """
    from fleetkit.config import cluster_names
    from fleetkit.core import NotFoundError
    from fleetkit.workflows import find_login, open_workspace

    is_named = len(words) > 1 and (words[0].endswith(".toml") or words[0] in cluster_names(Path.cwd()))
    cluster, (machine, *rest) = (words[0], words[1:]) if is_named else (None, words)
    login = find_login(open_workspace(cluster), machine, rest)
    if not shows:
        program = shutil.which(login[0])
        if program is None:
            raise NotFoundError("there is no ssh on PATH", hint="install OpenSSH's client")
        # The terminal is ssh's from here on.
        os.execv(program, login)  # noqa: S606 -- no shell is wanted in between
    print_lines(shlex.join(login))
    return ExitCode.DONE
