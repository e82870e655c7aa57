"""What machines are told is translated by the table: etcd's settings, a script's files, a manifest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleetkit.sandbox.loopback import Row, Table
from fleetkit.sandbox.loopback.inside.fetch import FetchError, read_manifest
from fleetkit.sandbox.loopback.inside.first_boot import read_here_documents
from fleetkit.sandbox.loopback.inside.here import Here
from fleetkit.sandbox.loopback.inside.programs import find_programs, translate_etcd

OWN = "10.10.3.100"
MODULE = Path(__file__).parents[3] / "terraform" / "modules" / "user_data"


@pytest.fixture
def here(tmp_path: Path) -> Here:
    root = tmp_path / "machine" / "root"
    root.mkdir(parents=True)
    row = Row(address=OWN, loopback="127.9.0.1", root=str(root))
    Table(lowest_port=1024, rows={OWN: row}).write(tmp_path / "table.json")
    return Here(hall=tmp_path, folder=root.parent, address=OWN)


def test_etcd_listens_where_the_table_says_and_tells_of_itself_what_it_was_told(here: Here) -> None:
    given = {
        "ETCD_NAME": "etcd1",
        "ETCD_DATA_DIR": "/var/lib/etcd",
        "ETCD_CERT_FILE": "/etc/etcd/pki/server.crt",
        "ETCD_LISTEN_CLIENT_URLS": "https://10.10.3.100:2379,https://127.0.0.1:2379",
        "ETCD_LISTEN_PEER_URLS": "https://10.10.3.100:2380",
        "ETCD_ADVERTISE_CLIENT_URLS": "https://10.10.3.100:2379",
        "ETCD_INITIAL_CLUSTER": "etcd1=https://10.10.3.100:2380,etcd2=https://10.10.4.100:2380",
    }
    found = translate_etcd(given, here, relay="http://127.9.0.1:4567")
    assert found == given | {
        "ETCD_DATA_DIR": f"{here.root}/var/lib/etcd",
        "ETCD_CERT_FILE": f"{here.root}/etc/etcd/pki/server.crt",
        # Both listening addresses are the machine's own, and one socket serves them.
        "ETCD_LISTEN_CLIENT_URLS": "https://127.9.0.1:2379",
        "ETCD_LISTEN_PEER_URLS": "https://127.9.0.1:2380",
        "HTTPS_PROXY": "http://127.9.0.1:4567",
        "NO_PROXY": "127.0.0.0/8",
        "ETCD_EXPERIMENTAL_PEER_SKIP_CLIENT_SAN_VERIFICATION": "true",
    }


def test_an_etcd_that_would_listen_on_anothers_address_is_refused(here: Here) -> None:
    with pytest.raises(LookupError, match="no machine"):
        translate_etcd({"ETCD_LISTEN_PEER_URLS": "https://10.10.4.100:2380"}, here, relay="")


def test_programs_are_those_of_the_units_and_a_missing_file_is_named(here: Here) -> None:
    assert find_programs(here, relay="") == ([], [])
    write(here, "/etc/systemd/system/etcd-member.service", (MODULE / "units" / "etcd-member.service").read_text())
    assert "images.env" in fault_of(here)
    write(here, "/etc/fleetkit/images.env", "ETCD_IMAGE=quay.io/coreos/etcd@sha256:00\n")
    assert "etcd.env" in fault_of(here)
    write(here, "/etc/etcd/etcd.env", "ETCD_DATA_DIR=/var/lib/etcd\n")
    (etcd,), faults = find_programs(here, relay="")
    assert (etcd.name, etcd.argv[0].endswith("/etcdbin/etcd"), etcd.pause_s, faults) == ("etcd", True, 10.0, [])
    assert here.path("/var/lib/etcd").is_dir()
    write(here, "/etc/fleetkit/images.env", "ETCD_IMAGE=quay.io/somebody/else\n")
    assert "manifest for quay.io/somebody/else not found" in fault_of(here)


def write(here: Here, path: str, text: str) -> None:
    here.path(path).parent.mkdir(parents=True, exist_ok=True)
    here.path(path).write_text(text)


def fault_of(here: Here) -> str:
    """Return why the one program of the machine cannot be started."""
    found, faults = find_programs(here, relay="")
    assert (found, len(faults)) == ([], 1)
    return faults[0]


def test_the_files_that_the_bastions_script_writes_are_found_in_it() -> None:
    template = (MODULE / "templates" / "bastion.sh.tftpl").read_text()
    rendered = re.sub(r"(?<!\$)\$\{(\w+)\}", r"the \1\n", template)
    assert read_here_documents(rendered) == {
        "/etc/fleetkit/fetch.env": "the pointer\n",
        "/opt/bin/fleetkit-fetch": "the fetch_script\n",
        "/etc/ssh/sshd_config.d/10-fleetkit.conf": "the sshd_config\n",
    }
    script = "#!/bin/bash\ncat > /etc/one <<'END'\na\n$b\nEND\necho done\ncat > /etc/two <<'MARK'\nMARK\n"
    assert read_here_documents(script) == {"/etc/one": "a\n$b\n", "/etc/two": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no file"),
        ("# nothing\n", "names no file"),
        ("a b c\n", "cannot be read"),
        ("s 9 o:g /d k\n", "mode"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(FetchError, match=said):
        read_manifest(text)


def test_a_manifests_line_is_read() -> None:
    (entry,) = read_manifest(f"{'0' * 64} 0400 etcd:etcd /etc/etcd/pki/server.key roles/master/etcd1/server.key\n")
    assert (entry.mode, entry.user, entry.group) == (0o400, "etcd", "etcd")
    assert entry.destination == "/etc/etcd/pki/server.key"
