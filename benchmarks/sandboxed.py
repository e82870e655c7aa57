"""An AWS on this computer for a measurement: the whole sandbox, or its emulated AWS alone in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fleetkit.sandbox import UNSET_VARIABLES, Sandbox
from tests.support.sandbox_moto import REGION, SERVE

__all__ = ["bare_aws", "sandboxed", "turned_to"]


@contextlib.contextmanager
def turned_to(environment: Mapping[str, str]) -> Iterator[None]:
    """Turn this process to an AWS; boto3 reads the process's own environment."""
    before = dict(os.environ)
    try:
        for variable in UNSET_VARIABLES:
            os.environ.pop(variable, None)
        os.environ.update(environment)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def sandboxed(name: str) -> Iterator[Path]:
    """Yield a folder with a pinned cluster file, while this process is turned to a sandbox of its own."""
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as made, Sandbox(Path(made, "sandbox")) as sandbox:
        folder = Path(made)
        with turned_to(sandbox.environment):
            for verb in ("init", "pin"):
                words = [str(Path(sys.executable).with_name("fleetkit")), verb, name]
                subprocess.run(words, cwd=folder, stdout=subprocess.DEVNULL, check=True)
            yield folder


@contextlib.contextmanager
def bare_aws() -> Iterator[Mapping[str, str]]:
    """Yield the environment of an emulated AWS in a process of its own; nothing boots in it."""
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as folder:
        words = [sys.executable, "-c", SERVE, folder, REGION]
        # It ends when its standard input is closed, as leaving the block does.
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            told = "" if process.stdout is None else process.stdout.readline()
            url, key, secret = told.split()
            yield {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": key,
                "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_REGION": REGION,
            }
