"""A cluster changes hands whole, encrypted, and without overwriting anything."""

from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path

import pyrage
import pytest

from fleetkit.config.paths import ClusterPaths
from fleetkit.core import NotFoundError, PreconditionError, SettingsError
from fleetkit.secrets import open_parcel, parse_recipient, seal_parcel
from fleetkit.workflows.handover import pack_cluster, unpack_cluster

CANARY = "canary-of-a-private-key"


@pytest.fixture
def paths(tmp_path: Path) -> ClusterPaths:
    paths = ClusterPaths(tmp_path, "demo")
    files = {
        paths.file: 'name = "demo"\n',
        paths.pki / "ca.key": CANARY,
        paths.pki / "members" / "etcd1" / "server.crt": "certificate",
        paths.known_hosts: "10.10.3.100 ssh-ed25519 AAAA\n",
        paths.terraform / "terraform.tfstate": "{}",
        paths.terraform / ".terraform" / "providers" / "big": "left out",
        paths.terraform / "main.tf": "left out",
    }
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return paths


def test_the_successor_gets_all_that_the_cluster_needs_and_nothing_that_can_be_made_anew(
    paths: ClusterPaths, tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "identity"
    key.write_text(f"# made for this test\n{identity}\n")
    parcel = seal_parcel(pack_cluster(paths).content, recipients=[parse_recipient(str(identity.to_public()))])
    assert CANARY.encode() not in parcel

    there = tmp_path / "elsewhere" / "clusters"
    taken = unpack_cluster(open_parcel(parcel, identity_file=key), there)
    assert taken.name == "demo"
    assert sorted(taken.files) == [
        "demo.toml",
        "demo/known_hosts",
        "demo/pki/ca.key",
        "demo/pki/members/etcd1/server.crt",
        "demo/terraform/terraform.tfstate",
    ]
    assert (there / "demo/pki/ca.key").read_text() == CANARY
    assert stat.S_IMODE((there / "demo/pki/ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((there / "demo/pki").stat().st_mode) == 0o700


def test_a_cluster_that_is_there_already_is_not_touched(paths: ClusterPaths) -> None:
    packed = pack_cluster(paths)
    with pytest.raises(PreconditionError, match="there already"):
        unpack_cluster(packed.content, paths.file.parent)
    assert (paths.pki / "ca.key").read_text() == CANARY


def test_a_parcel_opens_with_its_passphrase_and_no_other() -> None:
    parcel = seal_parcel(b"content", passphrase="correct horse battery")
    assert open_parcel(parcel, passphrase="correct horse battery") == b"content"
    with pytest.raises(SettingsError, match="cannot open the parcel"):
        open_parcel(parcel, passphrase="another passphrase")
    with pytest.raises(SettingsError, match="cannot open the parcel"):
        open_parcel(parcel[:-3], passphrase="correct horse battery")


@pytest.mark.parametrize("text", ["", "age1nonsense", "ssh-dss AAAA", "a passphrase by mistake"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="cannot read the recipient"):
        parse_recipient(text)


def test_a_short_passphrase_is_refused_without_being_repeated() -> None:
    with pytest.raises(SettingsError, match="5 characters") as caught:
        seal_parcel(b"content", passphrase="short")
    assert "short" not in str(caught.value)


@pytest.mark.parametrize("name", ["../evil", "demo/../../evil", "/etc/passwd", "other/file"])
def test_a_parcel_that_reaches_outside_its_places_is_refused_whole(tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for member in ("demo.toml", name):
            tar.addfile(tarfile.TarInfo(member), io.BytesIO())
    clusters = tmp_path / "clusters"
    with pytest.raises(SettingsError, match="unexpected file"):
        unpack_cluster(stream.getvalue(), clusters)
    assert not clusters.exists()
    assert [file for file in tmp_path.iterdir() if file.name == "evil"] == []


def test_what_is_no_parcel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no packed cluster"):
        unpack_cluster(b"not an archive", tmp_path)


def test_a_cluster_that_is_not_there_cannot_be_packed(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no cluster file"):
        pack_cluster(ClusterPaths(tmp_path, "demo"))
