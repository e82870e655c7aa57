"""One cluster of masters alone for all drills: what is drilled is etcd, and workers would only cost time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import e2e_world
from support.drill_ground import DrillGround, open_ground


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrillGround]:
    """Return the deployed cluster under its writer; its sandbox ends with the tests."""
    world = e2e_world.bring_up(tmp_path_factory.mktemp("drills"))
    try:
        # A restore waits until every machine has said that it is there.
        e2e_world.deploy(world, workers=False, agent_ttl_s=10)
        with open_ground(world) as ground:
            yield ground
    finally:
        e2e_world.take_down(world)
