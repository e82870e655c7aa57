"""Bringing in nbformat and papermill without what they hardly ever need.

jsonschema imports the grammar of internationalised addresses (RFC 3987) along with it, and building that grammar takes
longer than all the rest. No notebook's schema asks for such an address.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
import types
from collections.abc import Iterator

__all__ = ["grammar_on_demand"]

_NAME = "rfc3987_syntax"
_LOCK = threading.RLock()


def _is_valid_syntax(term: str, value: str) -> bool:
    """Answer as the real one does, which is loaded now: nothing is checked less than before."""
    valid: bool = importlib.import_module(_NAME).is_valid_syntax(term, value)
    return valid


@contextlib.contextmanager
def grammar_on_demand() -> Iterator[None]:
    """Let what is imported in here build the grammar only when an address is checked.

    Whoever imports the grammar's module later, or has done so before, has the real one.
    """
    with _LOCK:
        if _NAME in sys.modules or importlib.util.find_spec(_NAME) is None:
            yield
            return
        stand_in = types.ModuleType(_NAME)
        stand_in.__dict__["is_valid_syntax"] = _is_valid_syntax
        sys.modules[_NAME] = stand_in
        try:
            yield
        finally:
            del sys.modules[_NAME]
