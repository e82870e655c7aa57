"""Ignition is read strictly, and written as it says."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from support.hall_boot import ignition, unit

from fleetkit.sandbox.machine.accounts import read_owner
from fleetkit.sandbox.machine.ignition import IgnitionError, parse_ignition
from fleetkit.sandbox.machine.provision import write_ignition

GZIPPED = base64.b64encode(gzip.compress(b"packed")).decode()


def with_file(**file: Any) -> str:
    return json.dumps({"ignition": {"version": "3.3.0"}, "storage": {"files": [{"path": "/etc/x", **file}]}})


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"source": "data:,a%20b%0A"}, b"a b\n"),
        ({"source": "data:text/plain;charset=utf-8;base64,aGk="}, b"hi"),
        ({"source": f"data:;base64,{GZIPPED}", "compression": "gzip"}, b"packed"),
        ({"source": "data:,", "verification": {"hash": f"sha256-{hashlib.sha256(b'').hexdigest()}"}}, b""),
        ({"source": "data:,x", "verification": {"hash": f"sha512-{hashlib.sha512(b'x').hexdigest()}"}}, b"x"),
        ({}, None),
    ],
)
def test_contents_are_decoded(contents: dict[str, Any], expected: bytes | None) -> None:
    assert parse_ignition(with_file(contents=contents)).files[0].content == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "an object was expected"),
        ('{"ignition": {}}', "unsupported config version None"),
        ('{"ignition": {"version": "3.4.0"}}', "unsupported config version '3.4.0'"),
        (ignition(kernelArguments={"shouldExist": ["x"]}), "$.kernelArguments: the stand-in"),
        (with_file(mode="0644"), "$.storage.files.0.mode: wrong type"),
        (with_file(mode=99999), "illegal file mode 99999"),
        (with_file(mod=1), "$.storage.files.0.mod: no such key; known here: append, contents"),
        (with_file(user={"id": 1, "name": "core"}), "both id and name"),
        (with_file(contents={"source": "https://x/y"}), "reads data: URLs, not https:"),
        (with_file(contents={"source": "s3://b/k"}), "not s3:"),
        (with_file(contents={"source": "data:;base64,a"}), "illegal base64"),
        (with_file(contents={"source": "data:,x", "compression": "gzip"}), "not gzip"),
        (with_file(contents={"source": "data:,x", "compression": "zstd"}), "invalid compression method 'zstd'"),
        (
            with_file(contents={"source": "data:,x", "verification": {"hash": "sha256-" + "0" * 64}}),
            "hash verification failed",
        ),
        (with_file(contents={"source": "data:,x", "verification": {"hash": "md5-0"}}), "not sha256-"),
        (with_file(overwrite=True, append=[{"source": "data:,x"}]), "cannot set append with overwrite"),
        (ignition(units=[unit("a.service", "x"), unit("a.service", "y")]), "duplicate entry defined: unit a.service"),
        (ignition(units=[{"name": "a.service", "dropins": [{"name": "x.txt"}]}]), "drop-in extension: 'x.txt'"),
        (ignition(units=[{"name": "a.service", "contents": "[Unit\nX=1"}]), "unable to find end of section"),
        (ignition(units=[{"name": "a.service", "enable": True}]), "$.systemd.units.0.enable: no such key"),
        (ignition({"/etc/x": ""}, directories=[{"path": "/etc/x"}]), "duplicate entry defined: path /etc/x"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(IgnitionError) as caught:
        parse_ignition(text)
    assert said in str(caught.value)


def test_modes_owners_dropins_masks_and_presets_are_written(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\netcd:x:232:232::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\netcd:x:232:\n")
    config = json.loads(
        ignition(
            {"/etc/a/key": ("secret", 0o400)},
            [
                unit("a.service", "[Service]\nExecStart=/bin/true\n")
                | {"dropins": [{"name": "10-x.conf", "contents": "[Unit]\n"}]},
                {"name": "b.service", "mask": True},
                {"name": "c.service", "enabled": False},
            ],
            [{"path": "/var/lib/etcd", "mode": 0o700, "user": {"name": "etcd"}, "group": {"id": 232}}],
        )
    )
    write_ignition(parse_ignition(json.dumps(config)), root=tmp_path)
    assert (tmp_path / "etc/a/key").stat().st_mode & 0o777 == 0o400
    assert (tmp_path / "etc/a").stat().st_mode & 0o777 == 0o755
    assert read_owner(tmp_path / "var/lib/etcd") == (232, 232)
    units = tmp_path / "etc/systemd/system"
    assert (units / "a.service.d/10-x.conf").read_text() == "[Unit]\n"
    assert str((units / "b.service").readlink()) == "/dev/null"
    preset = (tmp_path / "etc/systemd/system-preset/20-ignition.preset").read_text()
    assert preset == "enable a.service\ndisable c.service\n"


def test_a_file_that_is_there_is_kept_unless_it_may_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/x").write_text("old")
    for table in ("passwd", "group"):
        (tmp_path / "etc" / table).write_text("")
    with pytest.raises(IgnitionError, match="overwrite is false"):
        write_ignition(parse_ignition(with_file(contents={"source": "data:,new"})), root=tmp_path)
    write_ignition(parse_ignition(with_file(append=[{"source": "data:,+more"}])), root=tmp_path)
    assert (tmp_path / "etc/x").read_text() == "old+more"
    write_ignition(parse_ignition(with_file(overwrite=True, contents={"source": "data:,new"})), root=tmp_path)
    assert (tmp_path / "etc/x").read_text() == "new"
