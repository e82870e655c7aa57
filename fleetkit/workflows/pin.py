"""Pin: find the newest images and the digests and hashes of the software, and write them into the cluster file.

What is pinned is the same at every deploy until somebody pins again; preflight compares and never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fleetkit.aws import AwsSession, find_newest_flatcar, find_newest_ubuntu
from fleetkit.config import Cluster, Pins, Settings, change_cluster_file, write_cluster_file
from fleetkit.core import FleetkitError, call_each
from fleetkit.origins import PYTHON_TAG, archive_url, build_pages_archive, fetch_archive, resolve_image
from fleetkit.workflows._workspace import Workspace

__all__ = [
    "PinChange",
    "PinResult",
    "ResolvedPins",
    "pin_cluster",
    "resolve_etcd_image",
    "resolve_pins",
    "resolve_python_image",
]

_ETCD_REPOSITORY = "quay.io/coreos/etcd"
_PYTHON_REPOSITORY = "public.ecr.aws/docker/library/python"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChange:
    """A pin that is to change; ``before`` is empty where there was none."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPins:
    """What could be found out, and what could not.

    Attributes
    ----------
    values
        Dotted path of the field to its value.
    failed
        Dotted path to the reason why it could not be resolved.
    """

    values: Mapping[str, str]
    failed: Mapping[str, FleetkitError]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinResult:
    """What pinning found.

    Attributes
    ----------
    cluster
        The cluster's name.
    changes
        Pins that differ from the file, in the file's order.
    unchanged
        Paths of pins that the file has already.
    failed
        Paths of pins that could not be resolved, and why.
    written
        Whether the changes are in the file now.
    """

    cluster: str
    changes: tuple[PinChange, ...]
    unchanged: tuple[str, ...]
    failed: Mapping[str, FleetkitError]
    written: bool


def pin_cluster(workspace: Workspace, *, write: bool = True, pages: bool = False) -> PinResult:
    """Resolve the cluster's pins, and write those that changed into its file; its comments stay.

    Parameters
    ----------
    workspace
        The cluster.
    write
        Whether to write; else only the differences are told.
    pages
        Whether to pin what the pages on masters are, too; once pinned, they are in any case.

    Raises
    ------
    ClusterFileError
        When the file cannot be written.
    """
    cluster = workspace.cluster
    resolved = resolve_pins(
        workspace.session, workspace.settings, pins=cluster.pins, pages=pages or bool(cluster.pins.pages_sha256)
    )
    before = _present(cluster)
    changes = tuple(
        PinChange(path=path, before=before[path], after=value)
        for path, value in resolved.values.items()
        if before[path] != value
    )
    if write and changes:
        text = workspace.paths.file.read_text(encoding="utf-8")
        changed = change_cluster_file(text, {change.path: change.after for change in changes})
        write_cluster_file(workspace.paths.file, changed, new=False)
    return PinResult(
        cluster=cluster.name,
        changes=changes,
        unchanged=tuple(path for path, value in resolved.values.items() if before[path] == value),
        failed=resolved.failed,
        written=write and bool(changes),
    )


def resolve_pins(session: AwsSession, settings: Settings, *, pins: Pins, pages: bool = False) -> ResolvedPins:
    """Find the newest images, and the digest and hash of the versions that ``pins`` names; all at once.

    A pin that cannot be resolved leaves the others alone.

    Parameters
    ----------
    pages
        Whether to build the archive of the pages for its hash, and to ask for the image that they run in.
    """
    url = archive_url(settings.archive_url, pins.fleet_version)
    questions: dict[str, Callable[[], dict[str, str]]] = {
        "images.flatcar": lambda: {"images.flatcar": find_newest_flatcar(session).image_id},
        "images.ubuntu": lambda: {"images.ubuntu": find_newest_ubuntu(session).image_id},
        "pins.etcd_image": lambda: {"pins.etcd_image": resolve_etcd_image(settings, pins)},
        "pins.fleet_sha256": lambda: {"pins.fleet_archive": url, "pins.fleet_sha256": fetch_archive(url).sha256},
    }
    if pages:
        questions["pins.pages_sha256"] = lambda: {
            "pins.python_image": resolve_python_image(settings, pins),
            "pins.pages_sha256": build_pages_archive().sha256,
        }
    answers = call_each(list(questions), lambda path: questions[path](), catch=FleetkitError)
    values: dict[str, str] = {}
    for answer in answers.ok.values():
        values |= answer
    failed = {path: error for path, error in answers.failed.items() if isinstance(error, FleetkitError)}
    return ResolvedPins(values=values, failed=failed)


def resolve_etcd_image(settings: Settings, pins: Pins) -> str:
    """Return etcd's image by the digest that its version has in the registry now.

    An image that is pinned from another registry is asked for there; ``FLEETKIT_REGISTRY_URL`` stands for quay.io.

    Raises
    ------
    ServiceError
        When the registry cannot be reached or has no such image.
    """
    return _resolve(settings, pins.etcd_image, _ETCD_REPOSITORY, tag=f"v{pins.etcd_version}")


def resolve_python_image(settings: Settings, pins: Pins) -> str:
    """Return Python's image, in which the pages run, by the digest that it has in the registry now.

    ``FLEETKIT_PYTHON_REGISTRY_URL`` stands for public.ecr.aws, where Docker's official images are without its limits.

    Raises
    ------
    ServiceError
        When the registry cannot be reached or has no such image.
    """
    return _resolve(settings, pins.python_image, _PYTHON_REPOSITORY, tag=PYTHON_TAG)


def _resolve(settings: Settings, pinned: str, otherwise: str, *, tag: str) -> str:
    name = pinned.partition("@")[0] or otherwise
    registry, _, repository = name.partition("/")
    mirrors = {"quay.io": settings.registry_url, "public.ecr.aws": settings.python_registry_url}
    digest = resolve_image(mirrors.get(registry, f"https://{registry}"), repository=repository, tag=tag)
    return f"{name}@{digest}"


def _present(cluster: Cluster) -> dict[str, str]:
    return {
        "images.flatcar": cluster.images.flatcar,
        "images.ubuntu": cluster.images.ubuntu,
        "pins.etcd_image": cluster.pins.etcd_image,
        "pins.fleet_archive": cluster.pins.fleet_archive,
        "pins.fleet_sha256": cluster.pins.fleet_sha256,
        "pins.python_image": cluster.pins.python_image,
        "pins.pages_sha256": cluster.pins.pages_sha256,
    }
