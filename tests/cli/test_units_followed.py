"""``fleetkit units journal --follow`` over a real SSH server: live, until Ctrl-C, and then gone from the machine."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.fleet_told import MACHINE, ToldFleet
from support.fleet_ways import put_way
from support.ssh_server import SshServer

from fleetkit.cli import main
from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.workflows import open_workspace, unit_journal
from fleetkit.workflows._rotation_machines import FleetMachine

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("no_fleetctl_settings")]

UNIT, WORKER = "web.service", "10.10.1.7"
PATIENCE = Patience(deadline_s=30, interval_s=0.05)
JOURNALCTL = """#!/bin/sh
echo $$ >> {folder}/running
echo "$@" >> {folder}/asked
exec tail -n 2 -f {folder}/{unit}.log
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a machine's journal: its journalctl follows what is written there."""
    folder, programs = tmp_path / "journal", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    for name, text in (
        ("sudo", '#!/bin/sh\nexec "$@"\n'),
        ("journalctl", JOURNALCTL.format(folder=folder, unit=UNIT)),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    (folder / f"{UNIT}.log").write_text("old\nolder\nlast\n")
    return folder


@pytest.fixture
def fleet(tmp_path: Path, machine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToldFleet]:
    """Have one unit on the one worker of a cluster."""
    fleet = ToldFleet()
    fleet.machines[MACHINE] = WORKER
    options = [{"section": "Service", "name": "ExecStart", "value": "/bin/web"}]
    fleet.answer("PUT", f"/fleet/v1/units/{UNIT}", "", {"options": options, "desiredState": "launched"})
    write_cluster(tmp_path)
    worker = FleetMachine(name="i-0abc", role="internal", address=WORKER, is_running=True)
    # Which machines there are is AWS's to tell.
    monkeypatch.setattr(unit_journal, "list_machines", lambda _: (worker,))
    with SshServer(tmp_path / "machine") as server:
        put_way(monkeypatch, open_workspace("demo"), [fleet, fleet, fleet], machines={WORKER: server})
        yield fleet


def is_alive(folder: Path) -> bool:
    return any(Path(f"/proc/{pid}").exists() for pid in (folder / "running").read_text().split())


@pytest.mark.parametrize("as_json", [False, True])
def test_what_a_unit_says_is_shown_as_it_says_it_until_ctrl_c_ends_it_here_and_there(
    fleet: ToldFleet, machine: Path, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []

    def have_it_speak() -> None:
        def look(word: str) -> bool | NotYet[bool]:
            shown.append(capsys.readouterr().out)
            return True if word in "".join(shown) else NotYet("nothing yet")

        try:
            for word, following in (("last", "new"), ("new", "")):
                wait_until(lambda word=word: look(word), what="a line", patience=PATIENCE)
                if following:
                    with (machine / f"{UNIT}.log").open("a") as file:
                        file.write(f"{following}\n")
            assert is_alive(machine)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    speaker = threading.Thread(target=have_it_speak)
    speaker.start()
    code = main(["units", "journal", "demo", UNIT, "-n", "2", "--follow", *(["--json"] if as_json else [])])
    speaker.join()
    assert code == 130
    assert not is_alive(machine)
    lines = "".join(shown).splitlines()
    if as_json:
        assert [json.loads(one) for one in lines] == [
            {"unit": UNIT, "machine": WORKER, "line": word} for word in ("older", "last", "new")
        ]
    else:
        assert lines == ["older", "last", "new"]
    assert (machine / "asked").read_text() == f"--no-pager -o short-iso -n 2 -u {UNIT} --follow\n"
    assert fleet.told == [("PUT", UNIT)]


def test_one_that_is_destroyed_meanwhile_ends_it(
    fleet: ToldFleet, machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def destroy() -> None:
        wait_until(lambda: True if (machine / "running").exists() else NotYet("not yet"), what="it", patience=PATIENCE)
        fleet.answer("DELETE", f"/fleet/v1/units/{UNIT}", "", None)

    destroyer = threading.Thread(target=destroy)
    destroyer.start()
    code = main(["units", "journal", "demo", UNIT, "-f"])
    destroyer.join()
    assert code == 1
    assert f"nobody knows {UNIT} any more" in capsys.readouterr().err
    assert not is_alive(machine)
