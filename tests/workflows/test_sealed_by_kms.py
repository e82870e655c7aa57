"""A backup encrypted for a key in KMS is proven through it, opens by hand too, and for its own cluster alone."""

from __future__ import annotations

import base64
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyrage
import pytest
from moto.core.authorization import enable_iam_authentication
from support.etcd_cluster import EtcdCluster

from fleetkit.cli import main
from fleetkit.core import AwsError, FleetkitError, NotFoundError, SettingsError
from fleetkit.etcd import Seal, read_backup
from fleetkit.workflows import BackupPlace, back_up, drill_backup, open_backup_place

pytestmark = pytest.mark.sandbox

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        running.etcdctl("put", "a", "known in clear")
        yield running


@pytest.fixture
def kms(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a client of an emulated KMS; the environment names another region than the key's."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    client = boto3.client("kms", region_name=REGION)
    yield client
    client.close()


@pytest.fixture
def key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackupPlace:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    return open_backup_place("demo", "kept")


@pytest.fixture
def made(cluster: EtcdCluster, place: BackupPlace, key: str) -> Path:
    """Make a backup that is encrypted for the key, and return its file."""
    return Path(back_up(cluster.endpoints(), place, tls=cluster.tls, seal_for=[f"awskms:{key}"]).address)


def test_it_is_listed_as_encrypted_and_proven_with_nothing_but_the_grant(
    place: BackupPlace, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made.name.endswith(".etcd.tar.kms")
    assert b"known in clear" not in made.read_bytes()
    assert drill_backup(place).proof.findings == ()
    (kept,) = place.list_backups()
    assert (kept.name.seal, kept.state) == (Seal.KMS, "proven")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert main(["etcd", "backups", "demo", "--from", "kept", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["backups"][0]["encrypted"] == "kms"


def test_whoever_has_tar_aws_and_age_opens_it_by_hand(made: Path, kms: Any, tmp_path: Path) -> None:
    subprocess.run(["/bin/tar", "-xf", str(made), "-C", str(tmp_path)], check=True)
    told = json.loads((tmp_path / "key.json").read_text())
    assert told["context"] == {"fleetkit:cluster": "demo"}
    identity = kms.decrypt(
        KeyId=told["key"], CiphertextBlob=base64.b64decode(told["wrapped"]), EncryptionContext=told["context"]
    )["Plaintext"].decode()
    opened = pyrage.decrypt((tmp_path / "backup.tar.age").read_bytes(), [pyrage.x25519.Identity.from_str(identity)])
    (tmp_path / "backup.tar").write_bytes(opened)
    assert read_backup(tmp_path / "backup.tar", cluster="demo").manifest.sample.keys == 1


def test_an_age_key_beside_it_opens_it_without_kms(
    cluster: EtcdCluster, place: BackupPlace, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(str(mine))
    back_up(cluster.endpoints(), place, tls=cluster.tls, seal_for=[f"awskms:{key}", str(mine.to_public())])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert drill_backup(place, identity=tmp_path / "identity").proof.findings == ()


def test_kms_opens_it_for_no_other_cluster(made: Path) -> None:
    other = open_backup_place("prod", "kept")
    renamed = Path("kept/prod") / made.name.replace("demo", "prod")
    renamed.parent.mkdir()
    made.rename(renamed)
    with pytest.raises(FleetkitError, match="not wrapped for prod"):
        drill_backup(other)
    assert [one.state for one in other.list_backups()] == ["unproven"]


def test_who_may_not_decrypt_is_told_so_and_the_backup_stays_as_it_was(
    place: BackupPlace, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    iam: Any = boto3.client("iam")
    iam.create_user(UserName="nobody")
    mine = iam.create_access_key(UserName="nobody")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", mine["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", mine["SecretAccessKey"])
    before = made.read_bytes()
    with enable_iam_authentication():
        assert main(["etcd", "drill", "demo", "--from", "kept"]) == 1
    assert "let these credentials do kms:Decrypt" in capsys.readouterr().err
    assert made.read_bytes() == before
    assert [one.state for one in place.list_backups()] == ["unproven"]


def test_with_its_key_out_of_reach_it_says_so_and_that_it_may_pass(
    place: BackupPlace, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(AwsError) as caught:
        drill_backup(place)
    assert caught.value.transient


@pytest.mark.parametrize(
    ("seal_for", "error", "seen"),
    [
        (["awskms:alias/nobody"], NotFoundError, "there is no key alias/nobody in KMS: asked us-west-2"),
        (["awskms:me"], SettingsError, "the key to encrypt for names no key"),
        (["awskms:alias/a", "awskms:alias/b"], SettingsError, "for one key in KMS"),
    ],
)
def test_a_key_that_does_not_serve_is_refused_before_anything_is_read(
    place: BackupPlace, kms: Any, seal_for: list[str], error: type[Exception], seen: str
) -> None:
    with pytest.raises(error, match=seen):
        back_up((), place, seal_for=seal_for)
    assert place.list_backups() == ()


def change(path: Path, **members: bytes) -> None:
    """Pack the file anew with other members."""
    with tarfile.open(path) as tar:
        held = {one.name: stream.read() for one in tar if (stream := tar.extractfile(one)) is not None}
    with tarfile.open(path, "w") as tar:
        for name, content in {**held, **{name.replace("_", "."): content for name, content in members.items()}}.items():
            (path.parent / "member").write_bytes(content)
            tar.add(path.parent / "member", arcname=name)


@pytest.mark.parametrize(
    ("key_json", "seen"),
    [
        (b"{}", "its key.json is none"),
        (b"nothing", "its key.json is none"),
        (b'{"key": "me", "wrapped": "", "context": {}}', "its key.json is none"),
    ],
)
def test_a_key_that_was_put_into_it_is_no_key(place: BackupPlace, made: Path, key_json: bytes, seen: str) -> None:
    change(made, key_json=key_json)
    with pytest.raises(FleetkitError, match=seen):
        drill_backup(place)


@pytest.mark.parametrize("kept_bytes", [0, 100, 20_000, -1])
def test_one_that_was_cut_off_stays_unproven(place: BackupPlace, made: Path, kept_bytes: int, tmp_path: Path) -> None:
    content = made.read_bytes()
    made.write_bytes(content[: kept_bytes if kept_bytes >= 0 else len(content.rstrip(b"\0")) - 1])
    with pytest.raises(FleetkitError, match=r"cut off|cannot open"):
        drill_backup(place)
    assert [one.state for one in place.list_backups()] == ["unproven"]
    assert list((tmp_path / "tmp").iterdir()) == []
