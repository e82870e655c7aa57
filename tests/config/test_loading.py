"""Finding and reading a cluster file: what is missing, broken or not even text is told with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.cluster_files import TODAY, write_cluster

from fleetkit.config import ClusterPaths, cluster_names, find_cluster, load_cluster
from fleetkit.core import ClusterFileError


def test_a_cluster_is_found_by_name_by_path_and_alone(tmp_path: Path) -> None:
    file = write_cluster(tmp_path)
    for given in ("demo", "clusters/demo.toml", str(file), None):
        assert load_cluster(given, folder=tmp_path, today=TODAY).name == "demo"


def test_a_file_elsewhere_keeps_its_folder_beside_it_and_its_records_here(tmp_path: Path) -> None:
    file = write_cluster(tmp_path / "team")
    paths = find_cluster(str(file), folder=tmp_path)
    assert paths.file == file
    assert paths.pki == tmp_path / "team" / "clusters" / "demo" / "pki"
    assert paths.terraform == tmp_path / "team" / "clusters" / "demo" / "terraform"
    assert paths.known_hosts == tmp_path / "team" / "clusters" / "demo" / "known_hosts"
    assert paths.runs == tmp_path / "runs" / "demo"
    assert ClusterPaths(tmp_path, "demo").file == tmp_path / "clusters" / "demo.toml"


def test_a_missing_file_is_told_with_those_that_exist(tmp_path: Path) -> None:
    write_cluster(tmp_path, "blue")
    write_cluster(tmp_path, "green")
    with pytest.raises(ClusterFileError) as caught:
        load_cluster("gren", folder=tmp_path)
    assert "holds blue, green" in str(caught.value)
    assert "fleetkit init gren" in str(caught.value)


def test_without_a_name_two_clusters_are_one_too_many(tmp_path: Path) -> None:
    write_cluster(tmp_path, "blue")
    write_cluster(tmp_path, "green")
    with pytest.raises(ClusterFileError, match=r"(?s)more than one.*blue, green.*FLEETKIT_CLUSTER"):
        load_cluster(None, folder=tmp_path)


def test_without_any_cluster_the_way_to_make_one_is_told(tmp_path: Path) -> None:
    assert cluster_names(tmp_path) == ()
    with pytest.raises(ClusterFileError, match="fleetkit init NAME"):
        load_cluster(None, folder=tmp_path)


def test_a_path_that_is_no_cluster_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterFileError, match=r"ends in \.toml"):
        load_cluster("clusters/demo.json", folder=tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'name = "demo"\nregion = \n', "line 2, column 10"),
        (b'name = "demo"\nname = "demo"\n', "line 2"),
        (b'name = "demo\n', "line 1, column 13"),
        (b'name = "demo"\nzones = [\n', "line 3, column 1"),
        (b'name = "demo"\n\x7fELF\x02\xff\xfe', "line 2, column 6: byte 0xff is not UTF-8"),
        (b"\x00\x01\x02", "line 1, column 1"),
    ],
)
def test_broken_and_binary_files_are_told_with_line_and_column(tmp_path: Path, content: bytes, told: str) -> None:
    file = write_cluster(tmp_path)
    file.write_bytes(content)
    with pytest.raises(ClusterFileError) as caught:
        load_cluster("demo", folder=tmp_path)
    assert told in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_cluster(tmp_path)
    file.chmod(0)
    if os.access(file, os.R_OK):

        def refuse(self: Path) -> bytes:
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ClusterFileError, match=r"cannot read.*Permission denied"):
        load_cluster("demo", folder=tmp_path)


def test_a_loaded_cluster_cannot_be_changed(tmp_path: Path) -> None:
    write_cluster(tmp_path)
    cluster = load_cluster("demo", folder=tmp_path, today=TODAY)
    with pytest.raises(ValueError, match="frozen"):
        cluster.name = "other"  # type: ignore[misc]
    assert cluster.masters["etcd1"].address == "10.10.3.100"
    assert cluster.dns_zone == "demo.internal"
    assert cluster.bucket_name("123456789012") == "fleetkit-demo-123456789012-us-west-2"
    assert cluster.key_path is None
