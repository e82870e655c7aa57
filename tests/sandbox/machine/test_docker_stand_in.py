"""The docker stand-in knows a few options and images, and sees what a container would see."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.stock_python import STOCK_PYTHON

from fleetkit.sandbox.machine.accounts import record_owner
from fleetkit.sandbox.machine.docker.images import UnknownImageError, find_image
from fleetkit.sandbox.machine.docker.options import DockerUsageError, Volume, read_run_options
from fleetkit.sandbox.machine.docker.sight import check_environment, check_words

BASE = ["--network", "host"]


def test_options_are_read_in_both_forms(tmp_path: Path) -> None:
    (tmp_path / "e.env").write_text("# no\nA=1 # kept\nB='quoted'\nTAKEN\nNOT_THERE\n\n")
    words = ["--name=etcd", *BASE, "--env-file", str(tmp_path / "e.env"), "-e", "A=2", "--user", "232:500", "--rm",
             "-v", "/a:/a:ro", "--volume=/b:/b", "quay.io/coreos/etcd", "/usr/local/bin/etcd", "--x"]  # fmt: skip
    options = read_run_options(words, caller_environment={"TAKEN": "yes"})
    assert options.environment == {"A": "2", "B": "'quoted'", "TAKEN": "yes"}
    assert options.volumes == (Volume(path="/a", read_only=True), Volume(path="/b", read_only=False))
    assert (options.name, options.user, options.remove, options.detach) == ("etcd", ("232", "500"), True, False)
    assert options.command == ("/usr/local/bin/etcd", "--x")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*BASE, "--privileged", "x"], "unknown flag: --privileged"),
        (["x"], "network bridge"),
        ([*BASE], "requires at least 1 argument"),
        ([*BASE, "--name"], "needs an argument"),
        ([*BASE, "-v", "data:/data", "x"], "no named volumes"),
        ([*BASE, "-v", "/a:/b", "x"], "at that same path"),
        ([*BASE, "-v", "/a:/a:rx", "x"], "invalid mode: rx"),
        ([*BASE, "--env-file", "/no/such.env", "x"], "open /no/such.env: no such file"),
    ],
)
def test_what_is_not_known_is_refused_by_name(words: list[str], said: str) -> None:
    with pytest.raises(DockerUsageError) as caught:
        read_run_options(words, caller_environment={})
    assert said in str(caught.value)


@pytest.mark.parametrize("tail", ["", ":v3.5.1", "@sha256:" + "0" * 64, ":v3.5.1@sha256:" + "0" * 64])
def test_images_are_known_by_their_repository(tail: str) -> None:
    image = find_image(f"quay.io/coreos/etcd{tail}")
    assert Path(image.programs[image.entrypoint]).name == "etcd"


def test_an_unknown_image_lists_the_known() -> None:
    with pytest.raises(UnknownImageError, match=r"quay\.io/coreos/etcd"):
        find_image("localhost:5000/etcd:latest")


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "pki"
    folder.mkdir(mode=0o755)
    (folder / "key").write_text("k")
    (folder / "key").chmod(0o400)
    return folder


@pytest.mark.parametrize(
    ("path", "owner", "uid", "said"),
    [
        ("key", 232, 232, None),
        ("key", 0, 232, "permission denied"),
        ("key", 0, 0, None),
        ("missing", 232, 232, "no such file or directory"),
        ("../elsewhere", 232, 232, "no volume shows it"),
    ],
)
def test_a_container_reads_only_what_it_sees_and_may(
    volume: Path, path: str, owner: int, uid: int, said: str | None
) -> None:
    record_owner(volume / "key", owner, owner)
    named = str((volume / path).parent.resolve() / Path(path).name)
    fault = check_environment(
        {"ETCD_KEY_FILE": named}, volumes=[Volume(path=str(volume), read_only=True)], uid=uid, gid=uid
    )
    assert fault is None if said is None else said in str(fault)


def test_a_folder_that_only_root_enters_hides_its_files(volume: Path) -> None:
    record_owner(volume / "key", 232, 232)
    volume.chmod(0o700)
    sight = [Volume(path=str(volume), read_only=True)]
    fault = check_environment({"ETCD_KEY_FILE": str(volume / "key")}, volumes=sight, uid=232, gid=232)
    assert "permission denied" in str(fault)


def test_data_must_lie_in_a_volume_that_may_be_written(volume: Path) -> None:
    data = {"ETCD_DATA_DIR": str(volume / "data")}
    writable, read_only = Volume(path=str(volume), read_only=False), Volume(path=str(volume), read_only=True)
    assert "permission denied" in str(check_environment(data, volumes=[writable], uid=232, gid=232))
    record_owner(volume, 232, 232)
    assert check_environment(data, volumes=[writable], uid=232, gid=232) is None
    assert "read-only" in str(check_environment(data, volumes=[read_only], uid=232, gid=232))
    assert "no volume" in str(check_environment(data, volumes=[], uid=232, gid=232))


def test_what_its_program_is_given_must_be_seen_and_readable_too(volume: Path, tmp_path: Path) -> None:
    record_owner(volume / "key", 232, 232)
    sight = [Volume(path=str(volume), read_only=True)]
    words = ["web", "--key", str(volume / "key"), "--out", str(volume / "made")]
    assert check_words(words, volumes=sight, uid=232, gid=232) is None
    assert "permission denied" in str(check_words(words, volumes=sight, uid=233, gid=233))
    assert "no volume shows it" in str(check_words([str(tmp_path)], volumes=sight, uid=0, gid=0))


@pytest.mark.skipif(STOCK_PYTHON is None, reason="no Python 3.11 without packages is here")
def test_pythons_image_brings_the_version_that_its_tag_says_and_no_package() -> None:
    image = find_image("public.ecr.aws/docker/library/python@sha256:" + "0" * 64)
    program = image.programs[image.entrypoint]
    told = subprocess.run([program, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True)
    assert told.stdout.strip() == "(3, 11)"
    assert subprocess.run([program, "-c", "import flask"], capture_output=True).returncode == 1
