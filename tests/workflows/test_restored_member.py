"""The shell of a restore on a master, run here: what was cut off is waited for, and no data pass for switched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.workflows import _restored_member as scripts

SOON = Patience(deadline_s=60, interval_s=0.05)

DOCKER = """#!/bin/bash
# Stands for etcdutl in its image: makes the data, once it may go on.
[ "$1" = run ] || exit 0
case "$*" in *--help*) exit 0 ;; esac
touch "$MASTER/asked"
while [ ! -e "$MASTER/go" ]; do sleep 0.02; done
mkdir "$MASTER/lib/etcd-restore-A/data"
echo new > "$MASTER/lib/etcd-restore-A/data/content"
"""


@dataclass(frozen=True)
class Master:
    """A folder that stands for a master's disk; what would reach beyond it is recorded, and no more."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "lib" / "etcd"

    @property
    def work(self) -> Path:
        return self.folder / "lib" / "etcd-restore-A"

    @property
    def asides(self) -> list[str]:
        return sorted(one.name for one in (self.folder / "lib").glob("etcd-before-*"))

    def start(self, script: str, *words: str) -> subprocess.Popen[str]:
        here = script.replace("/var/lib/etcd", str(self.data)).replace("/etc/fleetkit", str(self.folder))
        here = here.replace("/run/", f"{self.folder}/")
        environ = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "MASTER": str(self.folder)}
        return subprocess.Popen(
            ["/bin/bash", "-c", here, "step", str(self.work), *words],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, *words: str, stdin: str = "", code: int = 0) -> str:
        with self.start(script, *words) as process:
            told, complaints = process.communicate(stdin, timeout=60)
        assert process.returncode == code, complaints
        return told if code == 0 else complaints

    def switch(self, *, code: int = 0) -> str:
        return self.run(scripts._SWITCH, f"{self.data}-before-A", code=code)

    def prepare(self) -> None:
        (self.folder / "go").touch()
        self.run(scripts._RECEIVE, stdin="a snapshot")
        self.run(scripts._PREPARE)


@pytest.fixture
def master(tmp_path: Path) -> Iterator[Master]:
    bin_folder, data = tmp_path / "bin", tmp_path / "lib" / "etcd"
    bin_folder.mkdir()
    data.mkdir(parents=True)
    (data / "content").write_text("old\n")
    (tmp_path / "images.env").write_text("ETCD_IMAGE=etcd\n")
    for name, text in {
        "docker": DOCKER,
        "systemctl": '#!/bin/sh\necho "$@" >> "$MASTER/systemctl"\n',
        "chown": "#!/bin/sh\n",
    }.items():
        (bin_folder / name).write_text(text)
        (bin_folder / name).chmod(0o755)
    yield Master(folder=tmp_path)
    (tmp_path / "go").touch()


def test_what_goes_on_though_its_caller_was_cut_off_is_waited_for_and_taken(master: Master) -> None:
    master.run(scripts._RECEIVE, stdin="a snapshot")
    with master.start(scripts._PREPARE) as cut_off:
        wait_until(
            lambda: (master.folder / "asked").exists() or NotYet("not asked"), what="etcdutl to work", patience=SOON
        )
        with master.start(scripts._IS_MADE) as again:
            with pytest.raises(subprocess.TimeoutExpired):
                again.wait(0.3)
            (master.folder / "go").touch()
            assert cut_off.wait(60) == 0
            assert again.communicate(timeout=60)[0] == "made\n"
    assert (master.work / "data" / "content").read_text() == "new\n"


def test_one_that_does_not_end_is_told_and_nothing_is_removed_under_it(
    master: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    master.run(scripts._RECEIVE, stdin="a snapshot")
    monkeypatch.setattr(scripts, "_RECEIVE", scripts._RECEIVE.replace(f"-w {scripts._ALONE_S}", "-w 0"))
    with master.start(scripts._PREPARE) as cut_off:
        wait_until(
            lambda: (master.folder / "asked").exists() or NotYet("not asked"), what="etcdutl to work", patience=SOON
        )
        assert "was cut off still goes on" in master.run(scripts._RECEIVE, stdin="a snapshot", code=75)
        assert (master.work / "snapshot.db").exists()
        (master.folder / "go").touch()
        assert cut_off.wait(60) == 0


def test_data_are_switched_once_however_often_that_is_asked(master: Master) -> None:
    assert master.run(scripts._IS_MADE) == ""
    master.prepare()
    for _ in range(2):
        assert master.run(scripts._IS_MADE) == "made\n"
        master.switch()
        assert (master.data / "content").read_text() == "new\n"
        assert master.asides == ["etcd-before-A"]


def test_new_data_that_are_missing_do_not_pass_for_switched(master: Master) -> None:
    master.prepare()
    (master.work / "data").rename(master.folder / "taken away")
    assert master.run(scripts._IS_MADE) == "", "they are made anew"
    assert "neither in" in master.switch(code=1)
    assert (master.data / "content").read_text() == "old\n"
    assert not (master.folder / "systemctl").exists(), "etcd was not stopped"
    master.run(scripts._RECEIVE, stdin="a snapshot")
    master.run(scripts._PREPARE)
    master.switch()
    assert (master.data / "content").read_text() == "new\n"


def test_what_a_restore_leaves_is_removed_and_what_others_put_aside_is_named(master: Master) -> None:
    for name in ("etcd-restore-GIVEN-UP", "etcd-before-EARLIER"):
        (master.folder / "lib" / name).mkdir()
    master.prepare()
    master.switch()
    said = master.run(scripts._CLEAN_UP, f"{master.data}-before-A")
    assert said == f"{master.data}-before-EARLIER\n"
    assert sorted(one.name for one in (master.folder / "lib").iterdir()) == [
        "etcd",
        "etcd-before-A",
        "etcd-before-EARLIER",
    ]
