"""Asking for an approval: the cluster's name, typed by a person or given as an option."""

from __future__ import annotations

import sys

import click

__all__ = ["approve_option", "ask_approval"]

approve_option = click.option(
    "--approve",
    metavar="NAME",
    default="",
    help="Approve what is shown, by the cluster's name; asked for in a terminal where not given.",
)


def ask_approval(name: str, given: str) -> str:
    """Return the approval that was given, or ask for it where a person is there to answer."""
    if given or not sys.stdin.isatty():
        return given
    answer: str = click.prompt(f"To go on, type the cluster's name ({name})", default="", show_default=False, err=True)
    return answer.strip()
