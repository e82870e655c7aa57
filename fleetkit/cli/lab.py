"""``fleetkit lab``: JupyterLab on the notebooks."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import click

from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import print_lines, print_note
from fleetkit.cli._signals import ended_by_signals

__all__ = ["command"]

_FIRST = "10-deploy-cluster"


@click.command()
@click.option(
    "--cluster",
    metavar="NAME",
    default="",
    shell_complete=complete_cluster,
    help="Cluster to work on; it may have no file yet.",
)
@click.option(
    "--sandbox",
    metavar="[DIR]",
    type=click.Path(path_type=Path, file_okay=False),
    is_flag=False,
    flag_value=Path(".sandbox"),
    help="Work in the sandbox of that folder; .sandbox where none is given.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1; 8888 or the next free one by default.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
def command(cluster: str, sandbox: Path | None, port: int | None, no_browser: bool) -> int:
    """Start JupyterLab on the notebooks, for one cluster or a sandbox, until Ctrl-C.

    The notebooks are copied into ./notebooks; those that you changed are kept as they are. JupyterLab listens on
    127.0.0.1 alone and lets in who has the token in the address that is printed.

    \b
    fleetkit lab --cluster demo
    fleetkit lab --sandbox --cluster try --no-browser
    """
    from fleetkit.config import Settings
    from fleetkit.runs import CopyState, copy_notebooks
    from fleetkit.workflows.serving_lab import serve_lab

    folder = Path.cwd()
    environ = _choose_environment(cluster, sandbox)
    _look_at_cluster(cluster, folder)
    # By this folder a notebook further down knows what it belongs to.
    (folder / "clusters").mkdir(exist_ok=True)
    copies = copy_notebooks(folder)
    for copy in copies:
        if copy.state is not CopyState.CURRENT:
            why = ": you have changed it" if copy.state is CopyState.KEPT else ""
            print_note(f"{copy.state} {copy.path.relative_to(folder)}{why}")
    first = next(copy.path for copy in copies if copy.path.stem == _FIRST)
    settings = Settings.from_environment(environ)
    with (
        ended_by_signals(),
        serve_lab(
            folder, environ=environ, home=settings.home, open_at=first.relative_to(folder).as_posix(), port=port
        ) as lab,
    ):
        print_lines(lab.url)
        print_note("open until Ctrl-C, or until it is shut down from its File menu")
        if not no_browser:
            webbrowser.open(lab.url)
        lab.wait()
    return ExitCode.DONE


def _look_at_cluster(cluster: str, folder: Path) -> None:
    """Refuse what can be no cluster; say of a new one where its file comes from."""
    from fleetkit.config import cluster_names, find_cluster
    from fleetkit.workflows.initialize import check_cluster_name

    if cluster.endswith(".toml"):
        find_cluster(cluster, folder=folder)
    elif cluster and cluster not in cluster_names(folder):
        check_cluster_name(cluster)
        print_note(f"there is no cluster file {cluster} yet: the first step of {_FIRST} writes it")


def _choose_environment(cluster: str, sandbox: Path | None) -> Mapping[str, str]:
    environ = dict(os.environ)
    if sandbox is not None:
        from fleetkit.sandbox import Sandbox

        environ = Sandbox(sandbox).environment_for(environ)
    return {**environ, "FLEETKIT_CLUSTER": cluster} if cluster else environ
