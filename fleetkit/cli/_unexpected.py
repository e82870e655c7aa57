"""The last door: an error that nobody here foresaw is told as such, and its traceback is kept for a report of it."""

from __future__ import annotations

import os
import tempfile
import traceback

import click

from fleetkit.core import Redactor

__all__ = ["tell_unexpected"]


def tell_unexpected(error: Exception) -> None:
    """Say on standard error that fleetkit itself failed, and where the whole traceback lies, without secrets.

    Where the file can't be written, as on a full disk, the traceback itself is printed: it is never lost.
    """
    redact = Redactor().redact
    story = redact("".join(traceback.format_exception(error)))
    click.echo(f"error: fleetkit failed in a way that it does not know: {redact(_name(error))}", err=True)
    try:
        # Made with mode 0600, and never over a file that is there.
        descriptor, file = tempfile.mkstemp(prefix="fleetkit-error-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(story)
    except OSError as refused:
        click.echo(f"the traceback could not be written to a file ({refused.strerror}):\n{story}", err=True)
        return
    click.echo(f"  next: this is a defect of fleetkit; report it with {file}, which shows where it happened", err=True)


def _name(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
