"""The options and arguments of ``fleetkit kv``: which key, in which store, of whose etcd."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._output import is_on_command_line
from fleetkit.etcd import V2_ROOTS, KeyStore, Store, V2Keys, V3Keys, normalize_key

if TYPE_CHECKING:
    from fleetkit.workflows import KeyPlace

__all__ = ["hidden_option", "keys_argument", "kv_options", "open_place", "open_places", "split_words"]

F = TypeVar("F", bound=Callable[..., Any])


hidden_option = click.option(
    "--hidden",
    multiple=True,
    metavar="PATH",
    help="Hidden path of the v2 store to show where it belongs; those of the cluster file where not given.",
)


def kv_options(command: F) -> F:
    """Give a command the options by which a store of any etcd is reached."""
    command = hidden_option(etcd_options(command))
    return click.option(
        "--store",
        type=click.Choice([one.value for one in Store]),
        default=Store.V3.value,
        show_default=True,
        help="Which of etcd's two stores.",
    )(command)


def keys_argument(name: str, *, required: bool = True) -> Callable[[F], F]:
    """Give a command keys as its arguments, behind the cluster where one is named.

    Parameters
    ----------
    name
        How they stand in the help.
    """
    return click.argument(
        "words", nargs=-1, required=required, metavar=f"[CLUSTER] {name}", shell_complete=complete_cluster
    )


def split_words(words: Sequence[str], *, keys: int, optional: bool = False) -> tuple[str | None, tuple[str, ...]]:
    """Tell the cluster, where one is named first, from the keys.

    Parameters
    ----------
    keys
        How many there are.
    optional
        Whether the only one may be left out; a word that does not begin with ``/`` is the cluster then.

    Raises
    ------
    click.UsageError
        When there are too few or too many.
    """
    what = "KEY" if keys == 1 else f"{keys} keys"
    if len(words) > keys + 1 or (len(words) < keys and not optional):
        raise click.UsageError(f"expected {what}, and CLUSTER before where there are several; found {len(words)} words")
    if len(words) == keys + 1:
        return words[0], tuple(words[1:])
    if not optional or is_on_command_line("endpoints"):
        return None, tuple(words)
    is_cluster = bool(words) and (not words[0].startswith("/") or words[0].endswith(".toml"))
    return (words[0], ()) if is_cluster else (None, tuple(words))


@contextlib.contextmanager
def open_place(cluster: str | None, *, store: str, hidden: Sequence[str], **options: Any) -> Iterator[KeyPlace]:
    """Open a store of what the options say, for the length of a block.

    Raises
    ------
    click.UsageError
        When both a cluster and another etcd are given on the command line.
    FleetkitError
        When the way in to the cluster cannot be opened.
    """
    with open_places(cluster, hidden=hidden, **options) as places:
        yield places[Store(store)]


@contextlib.contextmanager
def open_places(
    cluster: str | None, *, hidden: Sequence[str] = (), **options: Any
) -> Iterator[Mapping[Store, KeyPlace]]:
    """Open both stores; errors are those of `open_place`."""
    from fleetkit.config import Approval
    from fleetkit.workflows import KeyPlace

    with open_source(cluster, **options) as source:
        known = source.workspace.cluster if source.workspace else None
        roots = ("/", *_read_hidden(hidden)) if hidden else known.etcd.v2_roots if known else V2_ROOTS
        stores: tuple[KeyStore, ...] = (
            V2Keys(endpoints=source.endpoints, tls=source.tls, limits=source.limits, roots=roots),
            V3Keys(endpoints=source.endpoints, tls=source.tls, limits=source.limits),
        )
        owner = known.name if known else source.endpoints[0].name
        rules = known.approval if known else Approval()
        yield {keys.store: KeyPlace(keys=keys, owner=owner, rules=rules) for keys in stores}


def _read_hidden(paths: Sequence[str]) -> list[str]:
    return [normalize_key(one, store=Store.V2).decode() for one in paths]
