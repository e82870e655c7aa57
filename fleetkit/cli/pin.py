"""``fleetkit pin``: resolve images, digests and hashes, and write them into the cluster file."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note

__all__ = ["command"]


@click.command()
@cluster_argument
@click.option("--check", is_flag=True, help="Only tell what would change; exit 3 when something would.")
@click.option("--pages", is_flag=True, help="Pin the pages on masters, too; once pinned, they are in any case.")
@json_option
def command(cluster: str | None, check: bool, pages: bool, as_json: bool) -> int:
    """Find the newest images and the digests and hashes of the software, and write them into CLUSTER's file.

    Your comments stay. What runs already is not touched: fleetkit plan shows what a new pin would change.

    \b
    images.flatcar, images.ubuntu        newest image of the region, by its publisher
    pins.etcd_image                      digest of pins.etcd_version, asked of the registry
    pins.fleet_archive, .fleet_sha256    hash of the release archive, downloaded for it
    pins.python_image, .pages_sha256     digest of Python's image, and hash of the pages, built for it (--pages)

    FLEETKIT_REGISTRY_URL, FLEETKIT_PYTHON_REGISTRY_URL and FLEETKIT_ARCHIVE_URL name mirrors. Exits 1 when something
    could not be resolved; what could be is written all the same.
    """
    from fleetkit.workflows import open_workspace
    from fleetkit.workflows.pin import pin_cluster

    result = pin_cluster(open_workspace(cluster), write=not check, pages=pages)
    if as_json:
        print_json(result)
    else:
        for change in result.changes:
            print_lines(f"{change.path}: {change.before or '(none)'} -> {change.after}")
        if not result.changes and not result.failed:
            print_lines("No changes.")
    for path, error in result.failed.items():
        print_note(f"{path}: {error}")
    if result.failed:
        return ExitCode.FAILED
    return ExitCode.FINDINGS if check and result.changes else ExitCode.DONE
