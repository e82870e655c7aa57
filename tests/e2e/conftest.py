"""One cluster for all: brought up by commands when the first test asks for it, taken down with its sandbox at the end.

The files run in the order of their numbers: what leaves the cluster as it was comes first, its removal comes last.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import e2e_world
from support.e2e_world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return the deployed cluster; its sandbox ends with the tests, however they end, and with it all that is in it."""
    world = e2e_world.bring_up(tmp_path_factory.mktemp("e2e"))
    try:
        e2e_world.deploy(world)
        yield world
    finally:
        e2e_world.take_down(world)
