"""The archive of the pages: one file that serves them with nothing but Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import FleetCluster
from support.stock_python import STOCK_PYTHON, served_page

from fleetkit.core import ServiceError
from fleetkit.origins import PagesArchive, build_pages_archive, pages_archive

LOCKS = Path(__file__).parents[2] / "locks"


def versions_of(lock: Path) -> set[str]:
    """Return ``name==version`` of each distribution."""
    lines = lock.read_text().splitlines()
    return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}


def test_it_holds_the_very_versions_that_the_tests_run_with() -> None:
    pages = versions_of(LOCKS / "pages.txt")
    assert len(pages) > 10
    assert pages <= versions_of(LOCKS / "requirements.txt")


def test_what_keeps_it_from_being_built_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pages.txt").write_text("no-such-distribution-anywhere==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setattr(pages_archive, "data_folder", lambda _name: tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ServiceError, match="cannot be built") as caught:
        build_pages_archive()
    assert "no-such-distribution-anywhere" in str(caught.value)


def test_one_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(ServiceError, match="not built in time"):
        build_pages_archive(timeout_s=0.01)


@pytest.fixture(scope="module")
def archive() -> PagesArchive:
    return build_pages_archive(timeout_s=280)


@pytest.fixture
def file(archive: PagesArchive, tmp_path: Path) -> Path:
    made = tmp_path / "pages.pex"
    made.write_bytes(archive.content)
    return made


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path / "etcd", size=1) as cluster:
        yield cluster


@pytest.fixture
def fleet(etcd: EtcdCluster, tmp_path: Path) -> Iterator[FleetCluster]:
    with FleetCluster(etcd, tmp_path / "f") as cluster:
        yield cluster.start()


@pytest.mark.sandbox
@pytest.mark.slow
def test_the_same_package_gives_the_same_bytes(archive: PagesArchive) -> None:
    assert build_pages_archive().sha256 == archive.sha256
    assert len(archive.content) < 30 << 20


@pytest.mark.sandbox
@pytest.mark.skipif(STOCK_PYTHON is None, reason="no Python 3.11 without packages is here")
def test_pages_are_served_with_nothing_but_python(
    file: Path, etcd: EtcdCluster, fleet: FleetCluster, tmp_path: Path
) -> None:
    (endpoint,), ui = etcd.endpoints(), etcd.pki.clients["ui"]
    assert fleet.any.put("web.service", [("Service", "ExecStart", "/bin/sleep 1000")]) == 201
    of_etcd = ("--cacert", etcd.pki.ca.certificate, "--cert", ui.certificate, "--key", ui.key)
    with served_page(file, tmp_path, "fleet", "--endpoint", f"http://127.0.0.1:{fleet.any.port}") as page:
        assert "web.service" in page
    address = f"https://127.0.0.1:{endpoint.port}"
    with served_page(file, tmp_path, "etcd", "--endpoints", address, *map(str, of_etcd)) as page:
        assert "_coreos.com" in page


@pytest.mark.sandbox
def test_it_leaves_out_what_pages_have_no_use_for(file: Path) -> None:
    listed = subprocess.run([sys.executable, "-m", "zipfile", "-l", str(file)], capture_output=True, text=True).stdout
    assert "fleetkit/web/app.py" in listed
    assert not [name for name in ("jupyterlab", "boto3", "paramiko", "__pycache__", "_data/") if f"/{name}" in listed]
