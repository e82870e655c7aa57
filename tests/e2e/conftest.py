"""One cluster for all: brought up by commands when the first test asks for it, taken down with its sandbox at the end.

The files run in the order of their numbers: what leaves the cluster as it was comes first, its removal comes last.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import e2e_world
from support.e2e_world import World
from support.recovery_deploys import run_fleetkit

from fleetkit.sandbox import Sandbox


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return the deployed cluster; its sandbox ends with the tests, however they end, and with it all that is in it."""
    world = e2e_world.bring_up(tmp_path_factory.mktemp("e2e"))
    try:
        e2e_world.deploy(world)
        yield world
    finally:
        e2e_world.take_down(world)


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder of a test's own; its path is short, since those of sockets are."""
    folder = Path(tempfile.mkdtemp(prefix="fk-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def environ(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Return the environment of a sandbox of the test's own, in which the cluster demo is prepared and not deployed."""
    with Sandbox(place / "box") as sandbox:
        values = sandbox.environment_for(os.environ)
        for name, value in sandbox.environment.items():
            # For the calls that the test itself makes.
            monkeypatch.setenv(name, value)
        for verb in ("init", "pin"):
            run_fleetkit(place, values, verb, "demo").check_returncode()
        yield values
