"""The script by which machines fetch, run as it stands against services that check tokens and signatures."""

from __future__ import annotations

import concurrent.futures
import grp
import json
import os
import pwd
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fetch_world import BUCKET, METADATA_TOKEN, REGION, SECRET_KEY, SESSION_TOKEN, FetchWorld
from support.terraform_offline import TERRAFORM

from fleetkit.fleet import DesiredState, UnitText, unit_body
from fleetkit.workflows._first_units import render_first_units

pytestmark = pytest.mark.sandbox

FILES = TERRAFORM / "modules" / "user_data" / "files"
OWNER = f"{pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}"
MANIFEST = "GET roles/master/etcd1/manifest"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    """Both services, up for the time of a test."""
    with FetchWorld(tmp_path) as world:
        yield world


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Return a folder that stands for the machine's own."""
    return tmp_path / "etc"


def fetch(world: FetchWorld, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script; of its text only the places of its pointer and its lock are others."""
    return run(world, install(world), *arguments)


def install(world: FetchWorld) -> Path:
    """Write the script for this world, and return where it is."""
    pointer = world.folder / "fetch.env"
    pointer.write_text(
        f"FLEETKIT_BUCKET={BUCKET}\nFLEETKIT_REGION={REGION}\nFLEETKIT_MANIFEST=roles/master/etcd1/manifest\n"
    )
    script = world.folder / "fleetkit-fetch"
    text = (FILES / "fleetkit-fetch.sh").read_text().replace("/etc/fleetkit/fetch.env", str(pointer))
    script.write_text(text.replace("/run/fleetkit-fetch.lock", str(world.folder / "lock")))
    return script


def run(world: FetchWorld, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", str(script), *arguments],
        env={"PATH": f"{world.folder}/bin:{os.environ['PATH']}", "TMPDIR": str(world.folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def put_two(world: FetchWorld, etc: Path) -> None:
    """Put a setting and a key into the bucket, and a manifest that lists them."""
    world.put_manifest(
        "# what etcd1 is made of",
        "",
        world.put_file(
            "roles/e/etcd.env", b"ETCD_NAME=etcd1\n", mode="0644", owner=OWNER, destination=etc / "etcd.env"
        ),
        world.put_file("roles/e/peer.key", b"a key\n", mode="0400", owner=OWNER, destination=etc / "pki" / "peer.key"),
    )


def modes(folder: Path) -> dict[str, str]:
    """Return relative path → mode of every file below a folder."""
    return {
        str(path.relative_to(folder)): oct(path.stat().st_mode & 0o7777) for path in folder.rglob("*") if path.is_file()
    }


def test_it_installs_what_the_manifest_lists(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    done = fetch(world)
    assert (done.returncode, done.stderr) == (0, "")
    assert modes(etc) == {"etcd.env": "0o644", "pki/peer.key": "0o400"}
    assert (etc / "etcd.env").read_bytes() == b"ETCD_NAME=etcd1\n"
    assert "2 files" in done.stdout


def test_what_one_unit_needs_beside_comes_by_a_manifest_of_its_own(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    world.objects["roles/master/etcd1/pages/manifest"] = (
        world.put_file("roles/e/pages.env", b"A=1\n", mode="0644", owner=OWNER, destination=etc / "pages.env") + "\n"
    ).encode()
    assert fetch(world, "for", "pages").returncode == 0
    assert modes(etc) == {"pages.env": "0o644"}
    assert "for whom" in fetch(world, "for").stderr


def test_an_unknown_verb_is_refused(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    done = fetch(world, "pages")
    assert (done.returncode, world.asked) == (1, [])
    assert "pages is neither" in done.stderr


def test_two_at_once_come_one_after_the_other(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    script = install(world)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda _: run(world, script), range(4)))
    assert [(one.returncode, one.stderr) for one in ended] == [(0, "")] * 4
    assert modes(etc) == {"etcd.env": "0o644", "pki/peer.key": "0o400"}
    assert not list(etc.rglob("*.fleetkit-new"))


def test_services_may_look_into_the_folders_that_it_makes(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    fetch(world)
    assert oct((etc / "pki").stat().st_mode & 0o777) == "0o755"


def test_no_key_of_the_role_is_ever_on_a_command_line(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    fetch(world)
    assert "s3.us-west-2.amazonaws.com" in world.arguments
    assert SECRET_KEY not in world.arguments
    assert SESSION_TOKEN not in world.arguments


def test_a_second_run_fetches_the_manifest_alone(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    fetch(world)
    world.asked.clear()
    assert fetch(world).returncode == 0
    assert world.asked == [MANIFEST]
    assert modes(etc) == {"etcd.env": "0o644", "pki/peer.key": "0o400"}


def test_a_mode_that_was_changed_by_hand_is_put_right(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    fetch(world)
    (etc / "pki" / "peer.key").chmod(0o644)
    fetch(world)
    assert modes(etc)["pki/peer.key"] == "0o400"


def test_after_a_rotation_the_new_file_takes_the_old_one_s_place(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    fetch(world)
    world.put_manifest(
        world.put_file("roles/e/peer.key", b"another\n", mode="0400", owner=OWNER, destination=etc / "pki" / "peer.key")
    )
    assert fetch(world).returncode == 0
    assert (etc / "pki" / "peer.key").read_bytes() == b"another\n"


def test_one_wrong_sum_leaves_every_old_file_whole(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    fetch(world)
    line = world.put_file(
        "roles/e/etcd.env", b"ETCD_NAME=new\n", mode="0644", owner=OWNER, destination=etc / "etcd.env"
    )
    bad = world.put_file("roles/e/peer.key", b"new\n", mode="0400", owner=OWNER, destination=etc / "pki" / "peer.key")
    world.put_manifest(line, bad)
    world.objects["roles/e/peer.key"] = b"tampered\n"
    done = fetch(world)
    assert done.returncode == 1
    assert re.search(r"roles/e/peer.key has sha256 [0-9a-f]{64}, and the manifest says [0-9a-f]{64}", done.stderr)
    assert (etc / "etcd.env").read_bytes() == b"ETCD_NAME=etcd1\n"
    assert modes(etc) == {"etcd.env": "0o644", "pki/peer.key": "0o400"}


def test_a_missing_object_is_named(world: FetchWorld, etc: Path) -> None:
    put_two(world, etc)
    del world.objects["roles/e/peer.key"]
    done = fetch(world)
    assert done.returncode == 1
    assert f"s3://{BUCKET}/roles/e/peer.key" in done.stderr
    assert "403" in done.stderr
    assert modes(etc) == {}


def test_a_missing_manifest_is_named(world: FetchWorld) -> None:
    done = fetch(world)
    assert done.returncode == 1
    assert f"s3://{BUCKET}/roles/master/etcd1/manifest" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "short 0644 root:root /etc/a key",
        f"{'0' * 64} 9999 root:root /etc/a key",
        f"{'0' * 64} 0644 root /etc/a key",
        f"{'0' * 64} 0644 root:root etc/a key",
        f"{'0' * 64} 0644 root:root /etc/a",
        f"{'0' * 64} 0644 root:root /etc/a key more",
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(world: FetchWorld, line: str) -> None:
    world.put_manifest(line)
    done = fetch(world)
    assert done.returncode == 1
    assert "the manifest has a line" in done.stderr


def test_a_manifest_of_nothing_is_refused(world: FetchWorld) -> None:
    world.put_manifest("# nothing")
    done = fetch(world)
    assert done.returncode == 1
    assert "names no file" in done.stderr


def test_the_last_line_counts_without_its_end(world: FetchWorld, etc: Path) -> None:
    line = world.put_file("roles/e/etcd.env", b"one\n", mode="0644", owner=OWNER, destination=etc / "etcd.env")
    world.put_manifest(line, end="")
    assert fetch(world).returncode == 0
    assert modes(etc) == {"etcd.env": "0o644"}


def test_it_waits_for_a_role_that_is_late(world: FetchWorld, etc: Path) -> None:
    world.role_is_late = 1
    put_two(world, etc)
    assert fetch(world).returncode == 0
    assert METADATA_TOKEN in world.arguments


def test_a_curl_that_signs_wrongly_is_named(world: FetchWorld) -> None:
    (world.folder / "bin" / "curl").write_text("#!/bin/sh\necho 'curl 7.81.0 (x86_64-pc-linux-gnu)'\n")
    done = fetch(world)
    assert done.returncode == 1
    assert "curl is 7.81; 7.88 or later is needed" in done.stderr


def test_a_mark_is_left_in_the_bucket(world: FetchWorld) -> None:
    done = fetch(world, "mark", "roles/deploy/done")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", world.objects["roles/deploy/done"])
    assert world.asked == ["PUT roles/deploy/done"]


class TestDeployHost:
    @pytest.fixture
    def machine(self, tmp_path: Path) -> Path:
        """Return a folder with the script and, instead of the programs that it calls, ones that write down the call."""
        for name in ("curl", "fleetkit-fetch", "systemctl"):
            program = tmp_path / name
            program.write_text(
                f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\n'
                f'case "$*" in *PUT*) cat >> {tmp_path}/sent;; esac\n'
                f"test ! -e {tmp_path}/no-{name}\n"
            )
            program.chmod(0o755)
        text = (FILES / "fleetkit-deploy.sh").read_text()
        text = text.replace("/opt/bin/", f"{tmp_path}/").replace("/etc/fleetkit/units", f"{tmp_path}/units")
        (tmp_path / "script").write_text(text.replace("sleep 10", f"rm -f {tmp_path}/no-*"))
        return tmp_path

    def calls(self, machine: Path) -> list[str]:
        """Run the script and return the calls that it made: each program with the last word that it was given."""
        environ = {"PATH": f"{machine}:{os.environ['PATH']}"}
        done = subprocess.run(["/bin/bash", str(machine / "script")], env=environ, timeout=30, capture_output=True)
        assert done.returncode == 0
        lines = [line.split() for line in (machine / "calls").read_text().splitlines()]
        return [f"{words[0]} {words[-1].removeprefix('http://fleet/fleet/v1/')}" for words in lines]

    ASKED, MARKED, ENDED = "curl machines", "fleetkit-fetch roles/deploy/done", "systemctl poweroff"

    def test_sends_the_units_in_their_order_marks_its_work_done_and_ends(self, machine: Path) -> None:
        units = {
            name: UnitText.parse(f"[Service]\nExecStart=/bin/echo  '{name}' \\x20 %i $A\n")
            for name in ("b.service", "web@1.service")
        }
        (machine / "units").write_bytes(render_first_units(units))
        assert self.calls(machine) == [
            self.ASKED, "curl units/b.service", "curl units/web%401.service", self.MARKED, self.ENDED,
        ]  # fmt: skip
        sent = [json.loads(line) for line in (machine / "sent").read_text().splitlines()]
        assert sent == [unit_body(one, DesiredState.LAUNCHED) for one in units.values()]

    def test_a_cluster_that_begins_with_no_units_has_its_mark_all_the_same(self, machine: Path) -> None:
        assert self.calls(machine) == [self.ASKED, self.MARKED, self.ENDED]

    def test_tries_again_until_fleet_answers(self, machine: Path) -> None:
        (machine / "no-curl").touch()
        assert self.calls(machine) == [self.ASKED, self.ASKED, self.MARKED, self.ENDED]

    def test_marks_nothing_when_fleet_does_not_take_a_unit(self, machine: Path) -> None:
        (machine / "units").write_bytes(render_first_units({"a.service": UnitText.parse("[Service]\nType=oneshot\n")}))
        curl = machine / "curl"
        curl.write_text(curl.read_text().replace("test ! -e", 'case "$*" in *machines) exit 0;; esac; test ! -e'))
        (machine / "no-curl").touch()
        again = [self.ASKED, "curl units/a.service"]
        assert self.calls(machine) == [*again, *again, self.MARKED, self.ENDED]
