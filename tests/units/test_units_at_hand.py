"""The unit files that a cluster starts with: legal for fleet and systemd, and their scripts do what they say."""

from __future__ import annotations

import http.server
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.unit_scripts import find_script, run_script

from fleetkit.fleet import PlacementOptions, order_units, read_unit_files

UNITS = Path(__file__).parents[2] / "units"
FOLDERS = [UNITS, *sorted(one for one in UNITS.iterdir() if one.is_dir())]
PATHS = sorted(one for one in UNITS.rglob("*") if one.is_file())
FILES = read_unit_files(FOLDERS)
TIMERS = [name for name in FILES.units if name.endswith(".timer")]
PROMISED = "test -x /usr/lib/systemd/systemd-journal-gatewayd"
"""By which the unit of the journal gateway looks for the program: this computer need not have it."""


def test_fleet_takes_them_all_and_nothing_about_them_is_careful() -> None:
    assert FILES.findings == ()
    assert sorted(FILES.paths.values()) == PATHS
    assert len(FILES.units) > 4


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_them_all() -> None:
    ended = subprocess.run(
        [shutil.which("systemd-analyze") or "", "verify", "--man=no", *map(str, PATHS)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    # Of a template it tells by the name of an instance.
    names = tuple(name.partition("@")[0] for name in FILES.units)
    # Programs of the machine, such as docker, need not be on this computer, and fleet's own section is not systemd's.
    told = [line for line in ended.stderr.splitlines() if "units/" in line or line.startswith(names)]
    assert [line for line in told if "X-" not in line and "is not executable" not in line] == []


@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_is_wherever_what_it_starts_is_and_is_sent_after_it(timer: str) -> None:
    service = timer.replace(".timer", ".service")
    placed = [PlacementOptions.of(FILES.units[name], name=name) for name in (timer, service)]
    assert placed[0] == placed[1]
    assert placed[0].is_global
    waves = order_units(FILES.units).waves
    assert [timer in wave for wave in waves] == [False, True]


def test_a_failure_of_fleets_own_unit_is_not_forgotten(tmp_path: Path) -> None:
    text = find_script(FILES.units["reset-failed.service"], "ExecStart").replace("/run/fleet/units", str(tmp_path))
    (tmp_path / "web.service").touch()
    listed = 'test "$1" = list-units && printf "web.service x\\nold@1.service x\\n"; true'
    found = run_script(text, tmp_path, systemctl=listed)
    assert (found.code, found.calls[1:]) == (0, ["systemctl reset-failed old@1.service"])


def test_swap_is_made_once_and_used_again(tmp_path: Path) -> None:
    file = tmp_path / "swap"
    text = find_script(FILES.units["swap.service"], "ExecStart").replace("/var/swap", str(file))
    made = {"fallocate": 'touch "$3"', "mkswap": "true"}
    first = run_script(text, tmp_path, swapon="true", **made)
    assert (first.code, first.calls) == (
        0,
        [f"fallocate -l 2G {file}.new", f"mkswap {file}.new", "swapon --show=NAME --noheadings", f"swapon {file}"],
    )
    assert file.stat().st_mode & 0o777 == 0o600
    again = run_script(text, tmp_path, swapon=f"test $# -gt 1 && echo {file}; true", **made)
    assert again.calls == ["swapon --show=NAME --noheadings"], "what is in use is not put in use again"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Path]:
    """Serve one address as a gateway does, at a socket; give that."""

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/machine" else 404)
            self.end_headers()

        def address_string(self) -> str:
            return "a caller"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    path = tmp_path / "journald.sock"
    with socketserver.UnixStreamServer(str(path), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


def test_a_journal_gateway_is_asked_at_its_socket_and_fails_where_there_is_none(gateway: Path, tmp_path: Path) -> None:
    text = find_script(FILES.units["journal-gateway.service"], "ExecStart")
    absent = run_script(text.replace(PROMISED, "false"), tmp_path)
    assert absent.code == 1
    assert "brings no systemd-journal-gatewayd" in absent.told
    present = text.replace(PROMISED, "true")
    assert run_script(present.replace("/run/journald.sock", str(gateway)), tmp_path).code == 0
    deaf = run_script(present.replace("/run/journald.sock", str(tmp_path / "none")), tmp_path)
    assert deaf.code != 0
    assert "connect" in deaf.told


def test_the_journal_gateway_is_asked_where_machines_have_it() -> None:
    modules = Path(__file__).parents[2] / "terraform/modules/user_data"
    socket = (modules / "units/systemd-journal-gatewayd.socket").read_text()
    text = find_script(FILES.units["journal-gateway.service"], "ExecStart")
    assert "ListenStream=/run/journald.sock\n" in socket
    assert "--unix-socket /run/journald.sock " in text
    assert f"ConditionPathExists={PROMISED.removeprefix('test -x ')}\n" in socket
