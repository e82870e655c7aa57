"""Bringing in nbformat and papermill without what they hardly ever need.

jsonschema imports the grammar of internationalised addresses (RFC 3987) along with it, and building that grammar takes
longer than all the rest; no notebook's schema asks for such an address. papermill imports boto3 for notebooks that lie
in S3; those that are run here lie on disk.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["rare_parts_on_demand"]

_RARE = {"rfc3987_syntax": "is_valid_syntax", "boto3.session": "Session"}
"""Modules that are heavy, and what is called in them by those that import them."""

_LOCK = threading.RLock()


@contextlib.contextmanager
def rare_parts_on_demand() -> Iterator[None]:
    """Let what is imported in here load the heavy modules only when it calls them.

    Whoever imports such a module later, or has done so before, has the real one.
    """
    with _LOCK:
        absent = [name for name in _RARE if name not in sys.modules and _is_installed(name)]
        for name in absent:
            sys.modules[name] = _stand_in(name)
        try:
            yield
        finally:
            for name in absent:
                del sys.modules[name]


def _is_installed(name: str) -> bool:
    # Its package alone is looked for: to look for a module within one would import the package.
    return importlib.util.find_spec(name.partition(".")[0]) is not None


def _stand_in(name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__[_RARE[name]] = _calling(name)
    return module


def _calling(name: str) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        """Answer as the real one does, which is loaded now: nothing is checked less than before."""
        return getattr(importlib.import_module(name), _RARE[name])(*args, **options)

    return call
