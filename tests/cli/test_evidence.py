"""``fleetkit evidence``: made as a user types it, and proven where there is nothing but the archive and the key."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.debian_programs import require_program
from support.evidence_world import World, copy_world, pack, unpack, write_run, write_world
from support.runs_s3 import move_to
from support.service_signers import ServiceSigner

from fleetkit.cli import main
from fleetkit.pki import ensure_signing_key

ROOT = Path(__file__).parents[2]
MARCH = ["--from", "2026-03-01", "--to", "2026-03-31", "--cluster", "demo"]
FILE = "evidence-demo-20260301-20260331.zip"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> World:
    return write_world(tmp_path_factory.mktemp("written"))


@pytest.fixture
def world(written: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world in which Ada sits."""
    world = copy_world(written, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEETKIT_HOME", str(tmp_path / "keys" / "ada"))
    return world


def key_options(world: World) -> list[str]:
    return [word for key in world.keys for word in ("--key", key)]


def test_an_archive_is_made_and_proven_as_a_user_types_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", *MARCH]) == 0
    out, err = capsys.readouterr()
    assert out == f"{FILE}\n"
    assert "4 records of demo (4 closed); audits: 3, approvals: 1" in err
    said = re.search(r"fleetkit (evidence verify .*)", err)
    assert said
    assert main(said[1].split()) == 0, "what it says can be typed"
    assert capsys.readouterr().out.startswith(f"proven: {FILE}, 4 records of demo")


def test_keys_are_given_as_files_too_and_all_is_told_as_json(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", *MARCH, "--output", "a.zip", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["archive"], made["outcome"], len(made["records"])) == ("a.zip", "done", 4)
    files = [str(tmp_path / "keys" / name / "signing.pub") for name in ("ada", "bob")]
    assert main(["evidence", "verify", "a.zip", "--key", files[0], "--key", files[1], "--json"]) == 0
    proof = json.loads(capsys.readouterr().out)
    assert (proof["outcome"], proof["signed_by"], proof["flaws"]) == ("done", world.keys[0], [])


def test_an_archive_goes_over_nothing_that_is_there(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    Path(FILE).write_text("mine")
    assert main(["evidence", *MARCH]) == 4
    assert "is there already" in capsys.readouterr().err
    assert Path(FILE).read_text() == "mine"
    assert main(["evidence", *MARCH, "--force"]) == 0


@pytest.mark.parametrize(
    ("harm", "made", "proven"),
    [
        (lambda world: write_run(world.runs, world.ada.signer, day=20, closes=False), 3, 3),
        (lambda world: next((world.runs / "demo").glob("*02T*/report.html")).write_text("x"), 1, 1),
    ],
    ids=["a killed run", "a changed report"],
)
def test_what_is_amiss_is_in_the_exit_code_and_the_archive_is_made(world: World, harm, made: int, proven: int) -> None:  # type: ignore[no-untyped-def]
    harm(world)
    assert main(["evidence", *MARCH]) == made
    assert main(["evidence", "verify", FILE, *key_options(world)]) == proven


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--from is missing"),
        (["--from", "soon"], 2, "an age like 7d"),
        (["--from", "2026-03-31", "--to", "2026-03-01", "--cluster", "demo"], 2, "ends before it begins"),
        (["--from", "2026-03-01", "--to", "2026-03-31"], 2, "--cluster is missing: no cluster file is here"),
        (["--from", "2026-03-01", "--cluster", "prod"], 2, "known: demo"),
        (["--from", "2020-01-01", "--to", "2020-01-02", "--cluster", "demo"], 2, "4 records of another time"),
        (["--from", "2026-03-01", "--cluster", "../demo/*"], 2, "is no name of a cluster"),
        (["demo", "--from", "2026-03-01"], 2, "a cluster is named with --cluster"),
        (["--cluster", "demo", "verify", "a.zip", "--key", "x"], 2, "do not go with verify"),
        (["verify", "a.zip"], 2, "--key"),
        (["verify", "a.zip", "--key", "nobody"], 2, "is no public key"),
        ([*MARCH, "--output", "none/a.zip"], 2, "/none is no folder"),
    ],
)
def test_wrong_use_is_explained(
    world: World, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert main(["evidence", *arguments]) == code
    assert said in " ".join(capsys.readouterr().err.split())
    assert not list(world.folder.glob("*.zip"))


def test_an_archive_that_is_not_there_is_wrong_use(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "verify", "none.zip", *key_options(world)]) == 2
    assert "there is no archive none.zip" in capsys.readouterr().err


def test_a_date_belongs_to_the_time_with_its_whole_day(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "--from", "2026-03-02", "--to", "2026-03-05", "--cluster", "demo", "--json"]) == 0
    assert [name[6:8] for name in json.loads(capsys.readouterr().out)["records"]] == ["02", "05"]


WITHOUT_SOCKETS = """
import socket, sys

def refuse(*_arguments, **_options):
    raise AssertionError("somebody was to be asked")

socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = socket.getaddrinfo = refuse
from fleetkit.cli import main
sys.exit(main(sys.argv[1:]))
"""


def prove_apart(world: World, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Prove the archive in an empty folder with an empty home, as somebody who has it and the keys alone."""
    folder.mkdir()
    shutil.copy(world.folder / FILE, folder / "got.zip")
    environ = {"HOME": str(folder / "nobody"), "PATH": os.defpath, "TMPDIR": str(folder.parent)}
    return subprocess.run(
        [*before, sys.executable, "-c", WITHOUT_SOCKETS, "evidence", "verify", "got.zip", *key_options(world)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
    )


def test_it_is_proven_by_the_archive_and_the_keys_alone(world: World, tmp_path: Path) -> None:
    assert main(["evidence", *MARCH]) == 0
    shutil.rmtree(world.runs)
    answer = prove_apart(world, tmp_path / "elsewhere")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("proven: got.zip, 4 records of demo")
    assert [one.name for one in (tmp_path / "elsewhere").iterdir()] == ["got.zip"], "nothing is left behind"


@pytest.mark.sandbox
def test_it_is_proven_where_the_kernel_knows_no_network(world: World, tmp_path: Path) -> None:
    assert main(["evidence", *MARCH]) == 0
    answer = prove_apart(world, tmp_path / "elsewhere", "unshare", "--map-root-user", "--net")
    assert (answer.returncode, answer.stderr) == (0, "")


def commands_of_docs() -> list[str]:
    """Return the lines of the commands by which docs/evidence.md proves an archive without fleetkit."""
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8").partition("## Without fleetkit")[2]
    return "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)).splitlines()


def prove_by_hand(archive: Path, key: str, room: Path) -> subprocess.CompletedProcess[str]:
    for name, content in unpack(archive).items():
        (room / name).parent.mkdir(parents=True, exist_ok=True)
        (room / name).write_bytes(content)
    of_ed25519, of_p256, check_ed25519, check_p256, *rest = commands_of_docs()
    first = [of_ed25519, check_ed25519] if key.startswith("ed25519") else [of_p256, check_p256]
    script = "\n".join(["set -e", *first, *rest])
    return subprocess.run(
        ["/bin/sh", "-c", script], cwd=room, env={**os.environ, "KEY": key}, capture_output=True, text=True
    )


@pytest.mark.parametrize("in_kms", [False, True], ids=["ed25519", "p256"])
def test_the_commands_of_the_docs_prove_it_without_fleetkit(world: World, tmp_path: Path, in_kms: bool) -> None:
    require_program("openssl")
    signer = ServiceSigner() if in_kms else world.ada.signer
    world.make(signer=signer)
    room = tmp_path / "room"
    room.mkdir()
    answer = prove_by_hand(world.folder / "march.zip", signer.public_key, room)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.endswith("nothing was added\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda files: {**files, "runs.csv": b"x"},
        lambda files: {**files, "note.txt": b"x"},
        lambda files: {**files, "manifest.json": files["manifest.json"].replace(b"demo", b"prod", 1)},
        lambda files: {name: content for name, content in files.items() if name != "approvals.csv"},
    ],
    ids=["a changed file", "a file put in", "a changed manifest", "a file taken out"],
)
def test_the_commands_of_the_docs_find_what_was_changed(world: World, tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    require_program("openssl")
    world.make()
    changed = pack(tmp_path / "a.zip", change(unpack(world.folder / "march.zip")).items())
    room = tmp_path / "room"
    room.mkdir()
    assert prove_by_hand(changed, world.ada.signer.public_key, room).returncode != 0


@pytest.mark.sandbox
def test_records_in_the_bucket_are_packed_like_those_that_are_here(
    here: Path, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = ensure_signing_key(here / "home")
    sent = [write_run(here / "runs", mine, day=day).name for day in (3, 4)]
    assert main(["runs", "push"]) == 0
    there = move_to(tmp_path / "there", monkeypatch)
    torn = "team/demo/20260305T040506Z-10-try/journal.jsonl"
    s3.put_object(Bucket="records", Key=torn, Body=b"half a line")
    local = write_run(there / "runs", ensure_signing_key(there / "home"), day=6).name
    capsys.readouterr()
    assert main(["evidence", *MARCH, "--json"]) == 1
    made = json.loads(capsys.readouterr().out)
    assert made["records"] == {
        sent[0]: "closed",
        sent[1]: "closed",
        "20260305T040506Z-10-try": "broken",
        local: "closed",
    }
    s3.delete_object(Bucket="records", Key=torn)
    assert main(["evidence", *MARCH, "--force"]) == 0
    keys = [mine.public_key, ensure_signing_key(there / "home").public_key]
    assert main(["evidence", "verify", FILE, *(word for key in keys for word in ("--key", key))]) == 0


def test_a_key_is_made_where_there_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETKIT_HOME", str(world.folder / "new"))
    assert main(["evidence", *MARCH]) == 0
    mine = ensure_signing_key(world.folder / "new").public_key
    assert main(["evidence", "verify", FILE, "--key", mine, *key_options(world)]) == 0
