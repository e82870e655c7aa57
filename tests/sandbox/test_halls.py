"""Which hall a sandbox gets: the one asked for, or with auto the best that the kernel allows, and it says why."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hall_rooms import add_plain
from support.hall_rooms import open_hall as open_rooms

from fleetkit.sandbox import halls
from fleetkit.sandbox.hall import HallUnavailableError
from fleetkit.sandbox.halls import OpenedHall, open_hall


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what makes the probe fail at a step."""

    def at(step: str) -> None:
        def start(*_: object, **__: object) -> None:
            raise HallUnavailableError(
                f"step {step} failed", step=step, seen="[Errno 1] unshare", hint="allow user namespaces"
            )

        monkeypatch.setattr(halls.Hall, "start", start)

    return at


def opened(network: halls.Network, folder: Path) -> OpenedHall:
    found = open_hall(network, folder, trust_pem=b"")
    found.hall.stop()
    return found


@pytest.mark.parametrize("step", ["user-namespace", "mount-proc", "network", "firewall", "traffic"])
def test_where_the_kernel_forbids_namespaces_auto_falls_back_and_says_why(
    refuse: Callable[[str], None], step: str, tmp_path: Path
) -> None:
    refuse(step)
    found = opened("auto", tmp_path)
    assert found.network == "loopback"
    assert found.why == f"step {step} failed: [Errno 1] unshare (to have it: allow user namespaces)"
    assert any("security groups" in line for line in found.not_covered)


@pytest.mark.parametrize("step", ["system", "programs"])
def test_what_a_package_mends_or_no_mode_does_without_is_an_error(
    refuse: Callable[[str], None], step: str, tmp_path: Path
) -> None:
    refuse(step)
    with pytest.raises(HallUnavailableError):
        open_hall("auto", tmp_path, trust_pem=b"")


def test_who_asks_for_the_private_network_gets_nothing_less(refuse: Callable[[str], None], tmp_path: Path) -> None:
    refuse("user-namespace")
    with pytest.raises(HallUnavailableError):
        open_hall("private", tmp_path, trust_pem=b"")


def test_who_asks_for_loopback_gets_it_though_the_kernel_allows_more(tmp_path: Path) -> None:
    found = opened("loopback", tmp_path)
    assert (found.network, found.why) == ("loopback", "it was asked for")


@pytest.mark.sandbox
def test_a_whole_sandbox_comes_up_where_the_kernel_really_refuses(tmp_path: Path) -> None:
    """Inside a hall no user namespace may be made, and there is an ordinary loopback all the same."""
    script = (
        "set -e; cd $1\n"
        "fleetkit() { $PYTHON -c 'import sys; from fleetkit.cli import main; sys.exit(main())' \"$@\"; }\n"
        "fleetkit sandbox up; fleetkit sandbox status --json; fleetkit sandbox down\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(tmp_path)}
    with open_rooms(tmp_path / "hall") as hall:
        place = add_plain(hall, "a", "10.77.1.10")
        done = place.run(["/bin/sh", "-c", script, "sh", str(tmp_path)], env=environment, timeout_s=90)
    assert done.returncode == 0, done.stderr.decode()
    status = json.loads(done.stdout)
    assert status["network"] == "loopback"
    assert status["why_network"].startswith("this computer does not allow machines without root: step user-namespace")
    assert "unshare" in status["why_network"]
    assert b"in loopback mode because this computer does not allow" in done.stderr
