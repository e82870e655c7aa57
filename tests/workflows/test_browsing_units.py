"""What is shown of units says of each file whether it was compared, and what it could not be compared for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.fleet_told import ToldFleet
from support.fleet_ways import put_way

from fleetkit.workflows import browse_units, open_workspace


def test_a_file_that_cannot_be_read_as_a_unit_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cluster(tmp_path)
    workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
    put_way(monkeypatch, workspace, [ToldFleet()] * len(workspace.cluster.masters))
    folder = tmp_path / "units"
    folder.mkdir()
    (folder / "web.service").write_text("[Service]\nExecStart=/bin/sleep 9\n")
    (folder / "latin.service").write_bytes(b"[Service]\nExecStart=/bin/echo \xe9\n")
    (folder / "large.service").write_bytes(b"#" * 300_000)
    assert browse_units(workspace, folder="units", lines=0).units.findings == (
        "web.service is in a file, and not in fleet",
        "large.service is compared with no file: it has more than 262144 bytes; legal: a unit file of text",
        "latin.service is compared with no file: byte 30 is no UTF-8; legal: a unit file of text",
    )
    assert browse_units(workspace, lines=0).units.findings == ()
