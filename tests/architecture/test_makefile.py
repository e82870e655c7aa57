"""The verbs of the Makefile that change a cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = """#!/bin/sh
echo "fact $*"
test -t 2 && echo "a bar" >&2 || echo "a plain line" >&2
exit 3
"""


def run_make(*words, **variables):
    program = shutil.which("make")
    # The tests may themselves have been started by a make, which hands its own flags on.
    environ = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    return subprocess.run(
        [program, "--no-print-directory", *words], cwd=ROOT, env=environ | variables, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("deploy", "deploy demo"),
        ("destroy", "destroy demo"),
        ("clean-all", "destroy demo --forget"),
    ],
)
def test_facts_and_progress_go_down_one_pipe_as_plain_lines(tmp_path, verb, words):
    command = tmp_path / "fleetkit"
    command.write_text(COMMAND)
    command.chmod(0o755)
    # What is installed is taken as it is: this is about the recipe.
    ended = run_make("-o", "setup", verb, "CLUSTER=demo", f"FLEETKIT={command}")
    assert ended.stdout.splitlines() == [f"fact {words}", "a plain line"]
    assert ended.returncode != 0


def test_the_demo_says_where_it_cannot_run_before_anything_is_installed(tmp_path):
    elsewhere = tmp_path / "uname"
    elsewhere.write_text('#!/bin/sh\n[ "$1" = -s ] && echo Darwin || echo arm64\n')
    elsewhere.chmod(0o755)
    ended = run_make("demo", f"VENV={tmp_path / 'venv'}", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert ended.returncode != 0
    assert "the demo needs Linux on x86_64" in ended.stderr
    assert "all else works here" in ended.stderr
    assert not (tmp_path / "venv").exists()


def test_make_alone_prints_the_verbs():
    verbs = {line.split()[1] for line in run_make().stdout.splitlines()}
    assert verbs >= {"setup", "demo", "test", "test-quick", "test-slow", "lint", "fmt", "type", "bench", "docs"}
    assert verbs >= {"deploy", "destroy", "clean", "clean-all"}
