"""The ``fleetkit`` command: a thin face over the workflows.

Verbs are listed in one table and imported only when they are called,
so that ``fleetkit --help`` and completion answer at once.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass

import click

from fleetkit.cli._exit import ExitCode, exit_code_of
from fleetkit.cli._output import print_error
from fleetkit.core import FleetkitError

__all__ = ["VERBS", "Verb", "main"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb of the command line.

    Attributes
    ----------
    name, summary
        What the user types, and the line that ``--help`` shows.
    shelf
        Heading under which ``--help`` lists it.
    module
        Module of this package that holds its ``command``; the name where not given.
    """

    name: str
    summary: str
    shelf: str
    module: str = ""


VERBS: tuple[Verb, ...] = (
    Verb(name="init", summary="Write a commented cluster file.", shelf="Prepare"),
    Verb(
        name="pin",
        summary="Resolve images and archives, and write their hashes into the cluster file.",
        shelf="Prepare",
    ),
    Verb(name="preflight", summary="Check everything that a deploy needs, and say how to mend it.", shelf="Prepare"),
    Verb(name="plan", summary="Show what a deploy or destroy would change; exit 3 when it would.", shelf="Change"),
    Verb(name="approve", summary="Sign an approval for a plan that was kept.", shelf="Change"),
    Verb(name="deploy", summary="Create or change the cluster: plan, approve, apply, verify.", shelf="Change"),
    Verb(name="destroy", summary="Remove the cluster, and prove that nothing is left.", shelf="Change"),
    Verb(name="unlock", summary="Show who holds a state in S3, and clear a lock that was left behind.", shelf="Change"),
    Verb(
        name="inspect", summary="Show machines, members, quorum, pools, targets, certificates and drift.", shelf="Look"
    ),
    Verb(name="audit", summary="Judge the cluster by the checks of the catalogue; exit 3 on a finding.", shelf="Look"),
    Verb(name="checks", summary="What an audit demands, why, and how it is mended.", shelf="Look"),
    Verb(
        name="what-if",
        summary="Show what would be lost with a zone, a member, a rule, or on a date.",
        shelf="Look",
        module="what_if",
    ),
    Verb(name="etcd", summary="Health, alerts, upkeep and backups of etcd.", shelf="Look"),
    Verb(name="kv", summary="Read, watch and change keys of etcd's two stores.", shelf="Look"),
    Verb(name="certificates", summary="When certificates expire, and their rotation.", shelf="Look"),
    Verb(name="units", summary="What has become of fleet's units; unit files, checked before they go.", shelf="Look"),
    Verb(name="machines", summary="Machines that have joined fleet, and what each carries.", shelf="Look"),
    Verb(name="dns", summary="The names by which services are found, and whether they are true.", shelf="Look"),
    Verb(name="secrets", summary="Secrets brought to the machines that need them.", shelf="Look"),
    Verb(name="web", summary="Pages for a browser: fleet's units, and the keys of etcd.", shelf="Look"),
    Verb(name="tunnel", summary="Open the way in: local ports to every etcd member.", shelf="Look"),
    Verb(name="outputs", summary="Show the addresses and commands by which the cluster is used.", shelf="Look"),
    Verb(name="lab", summary="Start JupyterLab on the notebooks, for a cluster or a sandbox.", shelf="Record"),
    Verb(name="run", summary="Run a notebook, and keep its record.", shelf="Record"),
    Verb(name="notice", summary="Who is told how runs end, and what nobody took yet.", shelf="Record"),
    Verb(name="schedule", summary="Run notebooks at set times, with nobody there.", shelf="Record"),
    Verb(name="sweep", summary="Run a notebook over many clusters, and roll up what came of it.", shelf="Record"),
    Verb(name="key", summary="Show the key that signs your records and approvals.", shelf="Record"),
    Verb(name="runs", summary="List, show, compare and remove the records of earlier runs.", shelf="Record"),
    Verb(
        name="evidence",
        summary="Pack the records of a cluster and a time for an auditor, signed; prove such an archive.",
        shelf="Record",
    ),
    Verb(
        name="handover", summary="Pack, encrypted, what another operator needs to take a cluster over.", shelf="Record"
    ),
    Verb(name="takeover", summary="Open such a parcel, and put the cluster into ./clusters.", shelf="Record"),
    Verb(name="sandbox", summary="An AWS on this computer: bring it up, look inside, take it down.", shelf="Try"),
    Verb(name="completion", summary="Print the completion script for bash, zsh or fish.", shelf="Try"),
)


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and listed from the table of verbs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click calls it so
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- the same
        verb = next((verb for verb in VERBS if verb.name == cmd_name), None)
        if verb is None:
            return None
        module = importlib.import_module(f"fleetkit.cli.{verb.module or verb.name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- the same
        for shelf in dict.fromkeys(verb.shelf for verb in VERBS):
            with formatter.section(shelf):
                formatter.write_dl([(verb.name, verb.summary) for verb in VERBS if verb.shelf == shelf])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, healthy or nothing to do; 1 failed or could not be read; 2 wrong use or a bad "
    "cluster file; 3 done, with findings, drift, pending changes or ill health; 4 refused by a guard or for want "
    "of an approval; 130 Ctrl-C.",
)
@click.version_option(package_name="fleetkit", message="fleetkit %(version)s")
def _fleetkit() -> None:
    """Operate a CoreOS-fleet cluster on AWS: deploy, inspect, operate, audit and destroy it, with proof.

    CLUSTER, the first argument of most commands, is the name of a cluster file under ./clusters, or the path of
    one; it may be left out where there is only one. Try it without an AWS account: fleetkit sandbox up
    """


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; the process's own where not given.
    """
    try:
        code = _fleetkit.main(args=argv, prog_name="fleetkit", standalone_mode=False)
    except click.exceptions.Abort as error:
        # click takes every end of a stream for Ctrl-D at a prompt, a connection's too.
        if isinstance(error.__cause__, EOFError):
            from fleetkit.cli._unexpected import tell_unexpected

            tell_unexpected(error.__cause__)
            code = ExitCode.FAILED
        else:
            click.echo("interrupted", err=True)
            code = ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        code = ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = ExitCode.WRONG_USE
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does: nobody is left to be told anything.
        sys.stderr.close()
        code = ExitCode.FAILED
    except (FleetkitError, OSError) as error:
        print_error(error)
        code = exit_code_of(error)
    except Exception as error:  # noqa: BLE001 -- the outermost frame: told as a defect, its traceback kept, exit 1
        from fleetkit.cli._unexpected import tell_unexpected

        tell_unexpected(error)
        code = ExitCode.FAILED
    return int(code or 0)
