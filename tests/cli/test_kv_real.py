"""``fleetkit kv`` on a real etcd, by its endpoint and as a cluster: what it prints, what it changes, how it ends."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster

from fleetkit import workflows
from fleetkit.cli import main

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("no_etcdctl_settings")]

Run = Callable[..., "Said"]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        yield running


@pytest.fixture
def url(etcd: EtcdCluster) -> str:
    return f"https://127.0.0.1:{etcd.members['etcd1'].client_port}"


@pytest.fixture
def kv(etcd: EtcdCluster, url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    operator = etcd.pki.clients["operator"]
    options = ["--endpoints", url, "--cacert", str(etcd.pki.ca.certificate)]
    options += ["--cert", str(operator.certificate), "--key", str(operator.key)]

    def run(*argv: str) -> Said:
        capsys.readouterr()
        code = main(["kv", *argv, *options])
        return Said(code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("store", ["v2", "v3"])
def test_a_key_is_put_read_listed_and_deleted(kv: Run, url: str, store: str) -> None:
    at = ("--store", store)
    refused = kv("put", "/life/a", "--value", '{"size":3}', *at)
    assert refused.code == 4
    assert f"Create /life/a in the {store} store of {url}." in refused.out
    assert '    "size": 3\n' in refused.out
    assert f"--approve {url}" in refused.err
    assert kv("get", "/life/a", *at).code == 2
    assert kv("put", "/life/a", "--value", '{"size":3}', "--approve", url, *at).code == 0
    shown = kv("get", "/life/a", *at)
    assert (shown.code, shown.out) == (0, '{\n  "size": 3\n}\n')
    assert "json, 10 B, never expires" in shown.err
    assert kv("get", "/life/a", "--raw", *at).out == '{"size":3}'
    facts = kv("get", "/life/a", "--json", *at).json
    assert (facts["kind"], facts["value"], facts["ttl_s"]) == ("json", '{"size":3}', None)
    assert [one["key"] for one in kv("ls", "/life/", "--json", *at).json["keys"]] == ["/life/a"]
    assert "life/\n" in kv("tree", *at).out
    gone = kv("delete", "/life/a", "--approve", url, "--json", *at)
    assert (gone.code, gone.json["applied"]["deleted"]) == (0, ["/life/a"])
    assert kv("get", "/life/a", *at).code == 2


@pytest.mark.parametrize("store", ["v2", "v3"])
def test_what_has_changed_since_it_was_read_is_not_overwritten(kv: Run, url: str, store: str) -> None:
    at = ("--store", store, "--approve", url)
    kv("put", "/cas", "--value", "1", *at)
    seen = kv("get", "/cas", "--json", "--store", store).json["revision"]
    assert kv("put", "/cas", "--value", "theirs", *at).code == 0
    mine = kv("put", "/cas", "--value", "mine", "--revision", str(seen), *at)
    assert mine.code == 4
    assert f"has changed since it was at {seen}" in mine.err
    assert kv("put", "/cas", "--value", "mine", "--create", *at).code == 4
    assert kv("delete", "/cas", "--revision", str(seen), *at).code == 4
    assert kv("get", "/cas", "--raw", "--store", store).out == "theirs"


def test_what_is_so_already_needs_no_approval(kv: Run, url: str) -> None:
    kv("put", "/same", "--value", "1", "--approve", url)
    again = kv("put", "/same", "--value", "1")
    assert (again.code, "Nothing to do: /same" in again.out) == (0, True)


def test_a_refused_plan_as_json_has_what_would_be_there(kv: Run) -> None:
    told = kv("put", "/planned", "--value", "x", "--json")
    assert told.code == 4
    assert told.json["applied"] is None
    assert told.json["changes"] == [
        {"key": "/planned", "before": None, "after": {"kind": "text", "size_bytes": 1, "value": "x"}}
    ]


def test_bytes_go_in_by_a_file_and_come_out_as_they_were(
    kv: Run, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256))
    (tmp_path / "bin").write_bytes(content)
    options = ["--approve", url]
    assert kv("put", "/bin", "--file", str(tmp_path / "bin"), *options).code == 0
    assert kv("get", "/bin").out.startswith("00 01 02 03")
    assert kv("get", "/bin", "--json").json["value"] is None
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xffpiped")))
    assert kv("put", "/piped", "--file", "-", *options).code == 0
    assert kv("get", "/piped", "--json").json["value_base64"] == "/3BpcGVk"
    assert kv("put", "/bin", "--file", str(tmp_path / "bin"), "--store", "v2", *options).code == 2


def test_fleets_own_keys_are_shown_though_hidden_and_warned_of(kv: Run, url: str) -> None:
    key = "/_coreos.com/fleet/job/web.service/target-state"
    put = kv("put", key, "--value", "bogus", "--store", "v2", "--approve", url)
    assert (put.code, "careful: this is fleet's own state" in put.out) == (0, True)
    assert "_coreos.com/" in kv("ls", "--store", "v2").out
    assert (
        "      target-state\n" in kv("tree", "/_coreos.com/fleet", "--store", "v2").out
        or "target-state" in kv("tree", "--store", "v2").out
    )
    assert "_coreos.com/" not in kv("ls", "--store", "v2", "--hidden", "/_other").out
    assert kv("delete", key, "--store", "v2", "--approve", url).code == 0


def test_trees_go_and_are_copied_together(kv: Run, url: str) -> None:
    for name in ("/tree/a", "/tree/b/c"):
        kv("put", name, "--value", name, "--store", "v2", "--approve", url)
    assert kv("copy", "/tree", "/copied", "--below", "--store", "v2", "--approve", url).code == 0
    assert kv("get", "/copied/b/c", "--raw", "--store", "v2").out == "/tree/b/c"
    again = kv("copy", "/tree", "/copied", "--below", "--store", "v2", "--approve", url)
    assert (again.code, "is there already" in again.err) == (4, True)
    assert kv("delete", "/tree", "--below", "--store", "v2", "--approve", url).code == 0
    assert kv("ls", "/tree", "--store", "v2").code == 2
    assert kv("get", "/copied", "--store", "v2").code == 2


def test_a_listing_that_ends_early_says_so(kv: Run, url: str) -> None:
    for number in range(3):
        kv("put", f"/short/{number}", "--value", "x", "--approve", url)
    told = kv("ls", "/short/", "--limit", "2")
    assert "2 listed at revision" in told.err
    assert "and more: --limit 20" in told.err
    assert kv("ls", "/short/", "--limit", "2", "--json").json["whole"] is False
    assert kv("tree", "/short/", "--limit", "2", "--json").json["whole"] is False


@pytest.mark.parametrize("store", ["v2", "v3"])
def test_a_watch_tells_what_happens_a_line_each(kv: Run, url: str, store: str) -> None:
    at = ("--store", store)
    made = kv("put", "/seen/a", "--value", "1", "--approve", url, "--json", *at).json["applied"]["written"][0]
    kv("put", "/seen/a", "--value", "2", "--approve", url, *at)
    kv("delete", "/seen/a", "--approve", url, *at)
    since = ("--since", str(made["revision"]), "--count", "2", "--below")
    told = kv("watch", "/seen", *since, "--json", *at)
    events = [json.loads(line) for line in told.out.splitlines()]
    assert [(one["event"], one["key"], one.get("value")) for one in events] == [
        ("put", "/seen/a", "2"),
        ("delete", "/seen/a", None),
    ]
    assert f"delete /seen/a at {events[1]['at']}\n" in kv("watch", "/seen", *since, *at).out


def test_a_cluster_is_asked_through_its_way_in_and_its_file_says_what_is_hidden_and_who_approves(
    etcd: EtcdCluster, kv: Run, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    kv("put", "/_ours/x", "--value", "1", "--store", "v2", "--approve", url)
    write_cluster(tmp_path, **{"etcd.hidden_roots": ["/_ours"], "approval.required": "sha256"})
    monkeypatch.setattr(workflows, "open_way_in", etcd.open_way)
    assert main(["kv", "ls", "demo", "--store", "v2"]) == 0
    listed = capsys.readouterr().out
    assert "_ours/" in listed
    assert "_coreos.com/" not in listed
    assert main(["kv", "put", "demo", "/a", "--value", "x", "--approve", "demo", "--json"]) == 4
    told = json.loads(capsys.readouterr().out)
    assert main(["kv", "put", "demo", "/a", "--value", "x", "--approve", told["plan_sha256"]]) == 0
