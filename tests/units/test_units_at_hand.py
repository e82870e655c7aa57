"""The unit files that a cluster starts with: legal for fleet and systemd, and their scripts do what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fleetkit.fleet import PlacementOptions, UnitText, order_units, read_unit_files

UNITS = Path(__file__).parents[2] / "units"
FILES = read_unit_files([UNITS])
TIMERS = [name for name in FILES.units if name.endswith(".timer")]


def test_fleet_takes_them_all_and_nothing_about_them_is_careful() -> None:
    assert FILES.findings == ()
    assert len(FILES.units) == len(list(UNITS.iterdir())) > 4


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_them_all() -> None:
    ended = subprocess.run(
        [shutil.which("systemd-analyze") or "", "verify", "--man=no", *map(str, sorted(UNITS.iterdir()))],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    # Programs of the machine, such as docker, need not be on this computer, and fleet's own section is not systemd's.
    told = [line for line in ended.stderr.splitlines() if "units/" in line or line.startswith(tuple(FILES.units))]
    assert [line for line in told if "X-Fleet" not in line and "is not executable" not in line] == []


@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_is_wherever_what_it_starts_is_and_is_sent_after_it(timer: str) -> None:
    service = timer.replace(".timer", ".service")
    placed = [PlacementOptions.of(FILES.units[name], name=name) for name in (timer, service)]
    assert placed[0] == placed[1]
    assert placed[0].is_global
    waves = order_units(FILES.units).waves
    assert [timer in wave for wave in waves] == [False, True]


def script(unit: UnitText, name: str) -> str:
    """Return what a unit hands to the shell, as systemd hands it over."""
    (value,) = (one.value for one in unit.options if one.name == name)
    return value.removeprefix("/bin/sh -c '").removesuffix("'").replace("$$", "$")


def run(text: str, folder: Path, **programs: str) -> list[str]:
    """Run a script with stand-ins for programs, each a line of shell; return how they were called."""
    for name, does in programs.items():
        file = folder / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/calls\n{does}\n')
        file.chmod(0o755)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    subprocess.run(["/bin/sh", "-c", text], env={"PATH": path}, check=True, timeout=60)
    calls = folder / "calls"
    found = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return found


def test_a_failure_of_fleets_own_unit_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "web.service").touch()
    text = script(FILES.units["reset-failed.service"], "ExecStart").replace("/run/fleet/units", str(tmp_path))
    listed = 'test "$1" = list-units && printf "web.service x\\nold@1.service x\\n"; true'
    calls = run(text, tmp_path, systemctl=listed)
    assert calls[1:] == ["systemctl reset-failed old@1.service"]


def test_swap_is_made_once_and_used_again(tmp_path: Path) -> None:
    file = tmp_path / "swap"
    text = script(FILES.units["swap.service"], "ExecStart").replace("/var/swap", str(file))
    made = {"fallocate": 'touch "$3"', "mkswap": "true"}
    first = run(text, tmp_path, swapon="true", **made)
    assert first == [
        f"fallocate -l 2G {file}.new",
        f"mkswap {file}.new",
        "swapon --show=NAME --noheadings",
        f"swapon {file}",
    ]
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(text, tmp_path, swapon=f"test $# -gt 1 && echo {file}; true", **made) == [
        "swapon --show=NAME --noheadings"
    ], "what is in use is not put in use again"
