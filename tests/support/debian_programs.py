"""Programs that come with Debian's packages and not with the lock: `make system` installs them."""

from __future__ import annotations

import shutil

import pytest


def require_program(*names: str) -> str:
    """Return the path of the first of ``names`` that is installed; where none is, the test fails and says so.

    It is no reason to skip: a test that nobody ran promises nothing, and one command installs what it needs.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(
            f"this test needs {' or '.join(names)}, which is not installed; next: make system"
            " (as root it installs the Debian package, otherwise it names it)",
            pytrace=False,
        )
    return found
