"""What both pages are told on the command line, and how they are served."""

from __future__ import annotations

import contextlib
import secrets
import webbrowser
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import print_lines, print_note
from fleetkit.cli._progress import note_reporter
from fleetkit.cli._signals import ended_by_signals
from fleetkit.cli._unexpected import tell_unexpected
from fleetkit.core import remember_secret

if TYPE_CHECKING:
    from flask import Flask

    from fleetkit.web import ChangeDesk, PageSettings

__all__ = ["page_options", "serve_page"]

F = TypeVar("F", bound=Callable[..., Any])

_LOWEST_PORT = 1024
"""Those below are for the system's own services, and a browser leaves the one of HTTP out of what it asks for."""


def page_options(*, port: int) -> Callable[[F], F]:
    """Give a command the options of a page.

    Parameters
    ----------
    port
        Where it is served where nothing else is said.
    """
    options = (
        click.option("--open", "opens", is_flag=True, help="Open it in the browser, too."),
        click.option(
            "--read-only/--allow-changes", "reads_only", default=True, show_default=True,
            help="Show alone; or change too, for whoever signs in with the token that is printed then.",
        ),
        click.option(
            "--port", type=click.IntRange(_LOWEST_PORT, 65535), default=port, show_default=True,
            help="Port on 127.0.0.1.",
        ),
    )  # fmt: skip

    def give(command: F) -> F:
        for option in options:
            command = option(command)
        return command

    return give


def serve_page(make: Callable[[PageSettings], Flask], *, owner: str, port: int, opens: bool, reads_only: bool) -> int:
    """Serve a page until Ctrl-C; a change that is under way then is brought to its end first.

    Parameters
    ----------
    make
        Makes it.
    owner
        Whose fleet or etcd it shows.
    opens
        Whether a browser is opened.
    reads_only
        Whether nothing can be changed by it.

    Raises
    ------
    BusyError
        When the port is taken.
    """
    from fleetkit.web import PageSettings, open_port, serve_pages

    url, token = f"http://127.0.0.1:{port}/", "" if reads_only else secrets.token_urlsafe()

    def tell() -> None:
        print_lines(url)
        if token:
            print_note(f"sign in for changes with: {token}")
        print_note("open until Ctrl-C")
        if opens:
            webbrowser.open(url)

    with ended_by_signals(), open_port(port) as listening, _open_desk(token) as desk:
        settings = PageSettings(owner=owner, port=port, desk=desk, tell_defect=tell_unexpected)
        serve_pages(make(settings), listening, started=tell)
    return ExitCode.DONE


@contextlib.contextmanager
def _open_desk(token: str) -> Iterator[ChangeDesk | None]:
    from fleetkit.web import ChangeDesk, SignIn

    if not token:
        yield None
        return
    # Whatever else is printed, or kept for a report: it stands in that one line alone.
    remember_secret(token)
    with ChangeDesk(SignIn(token), report=note_reporter(), tell_defect=tell_unexpected) as desk:
        yield desk
