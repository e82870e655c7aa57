"""Where the package's own data lies: Terraform modules, notebooks and unit files."""

from __future__ import annotations

from pathlib import Path

from fleetkit.core.errors import NotFoundError

__all__ = ["data_folder"]

_PACKAGE = Path(__file__).resolve().parent.parent


def data_folder(name: str) -> Path:
    """Return the folder of packaged data called ``name``: ``terraform``, ``notebooks`` or ``units``.

    An installed package carries its data inside itself; a clone has it beside the package.

    Raises
    ------
    NotFoundError
        When the installation lacks the folder.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise NotFoundError(
        f"the installed package has no folder {name!r}", seen=f"looked beside {_PACKAGE}", hint="install fleetkit again"
    )
