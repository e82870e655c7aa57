"""``fleetkit completion``: the shell's completion script, made by click."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from fleetkit.cli._output import print_lines

__all__ = ["command"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "fish", "zsh"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash, add to ~/.bashrc: eval "$(fleetkit completion bash)"
    """
    root = click.get_current_context().find_root().command
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    print_lines(completion(root, {}, "fleetkit", "_FLEETKIT_COMPLETE").source())
