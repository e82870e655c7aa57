"""Operate a CoreOS-fleet cluster on AWS through notebooks that guide, act and leave proof.

Importing the package is cheap on purpose: it brings in no AWS, notebook, table or SSH library.
Import the room you need: ``from fleetkit import config, etcd, ssh, workflows``.
"""

from importlib.metadata import version as _version

__all__ = ["__version__"]

__version__: str = _version("fleetkit")
