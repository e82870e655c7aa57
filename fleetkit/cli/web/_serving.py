"""What both pages are told on the command line, and how they are served."""

from __future__ import annotations

import contextlib
import ipaddress
import re
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

_LOOPBACK = "127.0.0.1"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}|[A-Za-z0-9][A-Za-z0-9-]{{0,60}}-\*)(\.{_LABEL})*")
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
            help="Port on that address.",
        ),
        click.option(
            "--name", "names", multiple=True, callback=_check_names, metavar="HOST",
            help="What others call it, as a load balancer passes it on; -* at the end of its first part stands for "
            "any number. May be given again.",
        ),
        click.option(
            "--listen", "address", default=_LOOPBACK, show_default=True, callback=_check_address, metavar="ADDRESS",
            help="Address on which it listens; on any but 127.0.0.1 others see it, and it only shows.",
        ),
    )  # fmt: skip

    def give(command: F) -> F:
        for option in options:
            command = option(command)
        return command

    return give


def _check_address(_context: click.Context, _option: click.Parameter, value: str) -> str:
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no IPv4 address") from error
    # All addresses of a computer at once would be those as well that nobody thought of.
    if not address.is_private or address.is_unspecified:
        raise click.BadParameter(f"{value} is not one private address: such a page is for nobody on the internet")
    return str(address)


def _check_names(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if not _NAME.fullmatch(name):
            raise click.BadParameter(f"{name!r} is no name of a host; legal: such as pages.demo.internal")
    return tuple(name.lower() for name in value)


def serve_page(
    make: Callable[[PageSettings], Flask],
    *,
    owner: str,
    port: int,
    opens: bool,
    reads_only: bool,
    address: str,
    names: tuple[str, ...],
) -> int:
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
    address, names
        Where it listens, and what it is called there by others.

    Raises
    ------
    click.UsageError
        When others would be let in to change something, or names are given where nobody else comes.
    BusyError
        When the port is taken.
    """
    from fleetkit.web import PageSettings, open_port, serve_pages

    if address == _LOOPBACK and names:
        raise click.UsageError("--name is for a page that others reach: give --listen with it")
    if address != _LOOPBACK and not reads_only:
        raise click.UsageError(
            f"a page on {address} only shows: whoever listens on the way would read the token of --allow-changes"
        )
    url, token = f"http://{address}:{port}/", "" if reads_only else secrets.token_urlsafe()

    def tell() -> None:
        print_lines(url)
        if token:
            print_note(f"sign in for changes with: {token}")
        print_note("open until Ctrl-C")
        if opens:
            webbrowser.open(url)

    with ended_by_signals(), open_port(port, address=address) as listening, _open_desk(token) as desk:
        settings = PageSettings(
            owner=owner, port=port, address=address, names=names, desk=desk, tell_defect=tell_unexpected
        )
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
