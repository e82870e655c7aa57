"""The notebook of etcd keys: tables of both trees with nobody there, a browser by hand, no value in any record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster
from support.runs_kernels import start_kernel_by_hand
from support.runs_notebooks import records_under, start_python

from fleetkit.etcd import V2Keys, V3Keys
from fleetkit.runs import EventKind, Outcome, execute_notebook, find_notebook, read_journal, read_run

pytestmark = pytest.mark.sandbox

VIEW = "application/vnd.jupyter.widget-view+json"
SECRET = "hunter2-hunter2"
UNIT = "/_coreos.com/fleet/job/web.service/object"

_STARTUP = """
import contextlib, types
from pathlib import Path
from fleetkit.etcd import Endpoint, TlsFiles
from fleetkit.workflows import reading_keys

@contextlib.contextmanager
def open_way_in(workspace):
    endpoint = Endpoint(name="etcd1", host={host!r}, address="127.0.0.1", port={port})
    tls = TlsFiles(ca=Path({ca!r}), certificate=Path({certificate!r}), key=Path({key!r}))
    yield types.SimpleNamespace(endpoints=(endpoint,), tls=tls)

reading_keys.open_way_in = open_way_in
"""
"""Runs in each kernel, and leads it to the etcd of the test where a bastion would lead it to a cluster's."""


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        V2Keys(endpoints=running.endpoints(), tls=running.tls).put(UNIT.encode(), SECRET.encode(), expected=0)
        V3Keys(endpoints=running.endpoints(), tls=running.tls).put(b"app/config", SECRET.encode(), expected=0)
        yield running


@pytest.fixture(autouse=True)
def away(etcd: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put AWS out of reach, a cluster file in place, and the etcd at the end of the way in."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    write_cluster(tmp_path)
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (endpoint,), tls = etcd.endpoints(), etcd.tls
    text = _STARTUP.format(
        host=endpoint.host, port=endpoint.port, ca=str(tls.ca), certificate=str(tls.certificate), key=str(tls.key)
    )
    (startup / "00-way.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))


def everything_in(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file())


def test_by_command_the_record_has_both_trees_hidden_keys_too_and_no_value(tmp_path: Path) -> None:
    stored = execute_notebook(
        find_notebook("browse-etcd"), cluster="demo", folder=tmp_path, parameters={"cluster": "demo"}
    )
    assert (stored.record.outcome, stored.record.exit) == (Outcome.DONE, 0)
    assert stored.record.summary.startswith("demo: v2: 1 key and 4 directories at revision ")
    report = stored.report.read_text(encoding="utf-8")
    assert UNIT in report
    assert "app/config" in report
    assert SECRET not in everything_in(stored.folder)
    (fact,) = [
        one.data
        for one in read_journal(stored.folder)
        if one.kind is EventKind.FACT and one.data.get("about") == "key-trees"
    ]
    assert fact["values"] is False


def test_values_are_in_the_record_where_a_parameter_asks_for_them(tmp_path: Path) -> None:
    parameters = {"cluster": "demo", "values": True}
    stored = execute_notebook(find_notebook("browse-etcd"), cluster="demo", folder=tmp_path, parameters=parameters)
    assert stored.report.read_text(encoding="utf-8").count(SECRET) == 2


@pytest.mark.slow
def test_by_papermill_it_leaves_the_same_record(tmp_path: Path) -> None:
    path, out = str(find_notebook("browse-etcd").path), str(tmp_path / "out.ipynb")
    process = start_python(["-m", "papermill", path, out, "-p", "cluster", "demo"], folder=tmp_path)
    printed, _ = process.communicate(timeout=90)
    assert process.returncode == 0, printed
    (folder,) = records_under(tmp_path)
    assert read_run(folder).record.outcome is Outcome.DONE
    assert UNIT in everything_in(folder)
    assert SECRET not in everything_in(folder) + Path(out).read_text(encoding="utf-8")


def test_by_hand_the_browser_shows_a_value_and_the_record_does_not_keep_it(tmp_path: Path) -> None:
    notebook = find_notebook("browse-etcd").path
    with start_kernel_by_hand(tmp_path, notebook=notebook) as kernel:
        shown = kernel.run_all(notebook)[:-1]
        kernel.run(
            "import gc\n"
            "from fleetkit.ui import KeysCard\n"
            "card = next(one for one in gc.get_objects() if isinstance(one, KeysCard))\n"
            "assert card.rest(30)\n"
            "card.sought.value = 'object'; assert card.rest(30)\n"
            "card.tree.index = 0; assert card.rest(30)\n"
        )
        # What a cell says and shows is recorded, so the value stands in none.
        kernel.run("assert '-'.join(['hunter2'] * 2) in card.value.value")
        kernel.run("run.record(__import__('fleetkit.runs').runs.EventKind.FACT, {'about': 'looked'})")
        kernel.end()
    assert [VIEW in one for one in shown].count(True) == 1
    (folder,) = records_under(tmp_path)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Keys of demo" in report
    assert SECRET not in everything_in(folder)
    assert os.environ["IPYTHONDIR"].startswith(str(tmp_path))
