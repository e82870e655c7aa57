"""A folder that is used wrongly: what lies in it, what is said about it, and whether anything was changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.cluster_files import cluster_data, write_cluster

from fleetkit.cli import main
from fleetkit.config import render_cluster_file

__all__ = ["Case", "Misuse", "Said", "fake_terraform", "path_without", "snapshot", "write_notebook"]

_SCRATCH = ("bin", "terraform")
"""What the library lays out anew at each plan, beside the pki of a cluster: copies, and nothing of the operator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One misuse.

    Attributes
    ----------
    name
        What is wrong, as the test's id.
    argv
        The command.
    code
        What it must exit with.
    words
        What the message must say: what failed, what was seen, what to do next.
    prepare
        Makes the folder wrong.
    """

    name: str
    argv: tuple[str, ...]
    code: int
    words: tuple[str, ...]
    prepare: Callable[[Misuse], object]


@dataclass(slots=True)
class Misuse:
    """A folder, and the command line run in it."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        """The cluster file."""
        return self.folder / "clusters" / "demo.toml"

    def write(self, **known: object) -> Path:
        """Write a cluster file that is right, but for what is ``known`` otherwise."""
        return write_cluster(self.folder, **known)  # type: ignore[arg-type]

    def write_bytes(self, content: bytes) -> None:
        """Write anything at all in its place."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(content)

    def write_masters(self, count: int) -> None:
        """Write a cluster file with so many masters."""
        data = cluster_data()
        zones = data["zones"]
        data["masters"] = {
            f"etcd{number}": {
                "zone": zones[(number - 1) % 3],
                "address": f"10.10.{3 + (number - 1) % 3}.{100 + number}",
            }
            for number in range(1, count + 1)
        }
        self.write_bytes(render_cluster_file(data).encode())

    def replace(self, old: str, new: str) -> None:
        """Write a right cluster file, and change its text."""
        text = self.write().read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def setenv(self, **variables: str) -> None:
        """Set variables of the environment."""
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)

    def run(self, *argv: str) -> Said:
        """Run the command line in the folder."""
        self.capsys.readouterr()
        code = main(list(argv))
        said = self.capsys.readouterr()
        return Said(code=code, out=said.out, err=said.err)

    def check(self, case: Case) -> None:
        """Run a case, and hold everything that a misuse is promised to: code, words, no traceback, no change."""
        case.prepare(self)
        before = snapshot(self.folder)
        said = self.run(*case.argv)
        everything = said.out + said.err
        assert said.code == case.code, everything
        assert [word for word in case.words if word not in everything] == [], everything
        assert "Traceback" not in everything
        assert "fleetkit failed in a way" not in everything, "told as a defect of fleetkit"
        assert snapshot(self.folder) == before


def snapshot(folder: Path) -> Mapping[str, str]:
    """Return each file's path to its mode and hash; locks and scratch copies apart."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_dir() or path.name in ("lock.json", ".lock") or (len(parts) > 2 and parts[2] in _SCRATCH):
            continue
        found["/".join(parts)] = f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def fake_terraform(folder: Path, version: str) -> Path:
    """Write a program that calls itself Terraform of ``version`` and can do nothing else."""
    program = folder / "terraform"
    folder.mkdir(parents=True, exist_ok=True)
    answer = json.dumps({"terraform_version": version})
    program.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def write_notebook(file: Path, *lines: str) -> Path:
    """Write a notebook whose parameters cell has these lines."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "parameters",
        "metadata": {"tags": ["parameters"]},
        "outputs": [],
        "source": "\n".join(lines),
    }
    document = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def path_without(program: str) -> str:
    """Return this PATH without the folders that hold ``program``."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not Path(folder, program).exists())
