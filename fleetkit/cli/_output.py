"""How commands speak: facts on standard output, everything else on standard error.

With ``--json`` a command prints one JSON document and nothing else on standard output.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import errno
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from fleetkit.cli._completing import complete_cluster
from fleetkit.core import FleetkitError, Redactor, format_utc

__all__ = [
    "cluster_argument",
    "cluster_option",
    "format_json",
    "format_table",
    "is_on_command_line",
    "json_option",
    "print_error",
    "print_json",
    "print_lines",
    "print_note",
    "print_story",
    "print_table",
    "to_plain",
]

F = TypeVar("F", bound=Callable[..., Any])


def cluster_argument(command: F) -> F:
    """Give a command the cluster as its first argument; left out where there is only one."""
    return click.argument("cluster", required=False, metavar="[CLUSTER]", shell_complete=complete_cluster)(command)


def cluster_option(command: F) -> F:
    """Give a command that runs notebooks ``--cluster``."""
    return click.option(
        "--cluster",
        metavar="NAME",
        default="",
        shell_complete=complete_cluster,
        help="Cluster to run for; left out where there is only one.",
    )(command)


def json_option(command: F) -> F:
    """Give a command ``--json``."""
    return click.option("as_json", "--json", is_flag=True, help="Print the facts as one JSON document.")(command)


def is_on_command_line(name: str) -> bool:
    """Whether an option of the running command was typed, and does not come from a variable or a default."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE


def to_plain(value: Any) -> Any:
    """Turn a result into what JSON knows: dataclasses, enums, moments, paths and sets too."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dt.datetime):
        return format_utc(value)
    if isinstance(value, (dt.date, Path)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [to_plain(item) for item in value]
    if isinstance(value, Exception):
        return {"error": type(value).__name__, "message": str(value)}
    return value


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(format_json(value))


def print_lines(*lines: str) -> None:
    """Print lines of facts on standard output."""
    for line in lines:
        click.echo(line)


def print_story(*lines: str, as_json: bool) -> None:
    """Print what a person follows while a command is at work: facts, unless those come as one document at the end."""
    for line in lines:
        click.echo(line, err=as_json)


def print_note(text: str) -> None:
    """Print a remark or progress line on standard error, so that facts can be piped."""
    click.echo(text, err=True)


def format_json(value: Any) -> str:
    """Return one JSON document."""
    return json.dumps(to_plain(value), indent=2, ensure_ascii=False)


def format_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows under their column names, aligned, with nothing cut off."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [
        max(len(name), *(len(row[index]) for row in cells)) if cells else len(name)
        for index, name in enumerate(columns)
    ]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in ([name.upper() for name in columns], *cells)
    )
    return "\n".join(lines)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their column names, aligned, with nothing cut off when piped."""
    click.echo(format_table(columns, rows))


_MENDING = {
    errno.EACCES: "look at the owner and the mode of what is named",
    errno.EDQUOT: "free some space of your quota, then run the same again",
    errno.ENOSPC: "free some space, then run the same again",
    errno.EPERM: "look at the owner and the mode of what is named",
    errno.EROFS: "work in a folder that can be written to",
}
"""What to do about the system's own refusals, by their number."""


def _describe_os_error(error: OSError) -> str:
    """Say what the system refused and on what; an error of ours that is also one of the system's speaks for itself."""
    if isinstance(error, FleetkitError) or error.errno is None:
        return str(error)
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    hint = _MENDING.get(error.errno)
    return what if hint is None else f"{what}\n  next: {hint}"


def print_error(error: FleetkitError | OSError) -> None:
    """Print an error on standard error: what failed, what was seen, what to do next."""
    text = Redactor().redact(_describe_os_error(error) if isinstance(error, OSError) else str(error))
    label = "error:"
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        label = click.style(label, fg="red", bold=True)
    click.echo(f"{label} {text}", err=True)
