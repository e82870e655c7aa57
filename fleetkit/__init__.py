"""Operate a CoreOS-fleet cluster on AWS through notebooks that guide, act and leave proof.

Importing the package is cheap on purpose: it brings in no AWS, notebook, table or SSH library.
Import the room you need: ``from fleetkit import config, etcd, ssh, workflows``.
"""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    # Reading the installed version costs more than the rest of the import together, and few ask for it.
    if name == "__version__":
        from importlib.metadata import version

        return version("fleetkit")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__: str
