"""What both pages are told on the command line, and how they are served."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import print_lines, print_note
from fleetkit.cli._signals import ended_by_signals
from fleetkit.cli._unexpected import tell_unexpected

if TYPE_CHECKING:
    from flask import Flask

    from fleetkit.web import PageSettings

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
            "--port", type=click.IntRange(_LOWEST_PORT, 65535), default=port, show_default=True,
            help="Port on 127.0.0.1.",
        ),
    )  # fmt: skip

    def give(command: F) -> F:
        for option in options:
            command = option(command)
        return command

    return give


def serve_page(make: Callable[[PageSettings], Flask], *, owner: str, port: int, opens: bool) -> int:
    """Serve a page until Ctrl-C.

    Parameters
    ----------
    make
        Makes it.
    owner
        Whose fleet or etcd it shows.
    opens
        Whether a browser is opened.

    Raises
    ------
    BusyError
        When the port is taken.
    """
    from fleetkit.web import PageSettings, open_port, serve_pages

    url = f"http://127.0.0.1:{port}/"

    def tell() -> None:
        print_lines(url)
        print_note("open until Ctrl-C")
        if opens:
            webbrowser.open(url)

    settings = PageSettings(owner=owner, port=port, tell_defect=tell_unexpected)
    with open_port(port) as listening, ended_by_signals():
        serve_pages(make(settings), listening, started=tell)
    return ExitCode.DONE
