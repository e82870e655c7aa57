"""A deploy as a person sees it: asked for the name and shown a bar in a terminal, plain lines everywhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pexpect
import pytest
from support.e2e_world import CLUSTER, World

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(600)]

POOL = 'module.workers["internal"].aws_autoscaling_group.this'
BAR = "━━━━"


@pytest.fixture
def terminal(world: World) -> Iterator[pexpect.spawn]:
    """Return a deploy of one internal worker in a terminal; afterwards there are two again."""
    world.edit(r"^desired = 2$", "desired = 1")
    child = pexpect.spawn(
        "fleetkit",
        ["deploy", CLUSTER],
        cwd=str(world.work),
        env=world.environment | {"TERM": "xterm-256color"},
        dimensions=(40, 200),
        encoding="utf-8",
        timeout=240,
    )
    yield child
    child.close(force=True)
    world.edit(r"^desired = 1$", "desired = 2")


def test_a_terminal_asks_for_the_name_and_shows_a_bar_and_a_pipe_gets_plain_lines(
    world: World, terminal: pexpect.spawn
) -> None:
    terminal.expect_exact(POOL)
    terminal.expect_exact(f"type the cluster's name ({CLUSTER})")
    assert BAR not in terminal.before
    terminal.sendline(CLUSTER)
    terminal.expect_exact(BAR)
    terminal.expect_exact("Applied: 0 added, 1 changed, 0 removed")
    terminal.expect_exact(f"{CLUSTER} lives")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0

    world.edit(r"^desired = 1$", "desired = 2")
    piped = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(0)
    world.edit(r"^desired = 2$", "desired = 1")
    assert f"[1/1] updated {POOL}" in piped.err
    assert BAR not in piped.text
    assert "\x1b[" not in piped.text
