"""Fixtures of the tests of the command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.runs_s3 import here, s3, s3_server

__all__ = ["here", "no_etcdctl_settings", "no_fleetctl_settings", "s3", "s3_server"]


@pytest.fixture
def no_etcdctl_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide etcdctl's variables, and any cluster file, from ``fleetkit etcd``."""
    for name in list(os.environ):
        if name.startswith("ETCDCTL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_fleetctl_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide fleetctl's variables, and any cluster file, from ``fleetkit units`` and ``fleetkit machines``."""
    for name in list(os.environ):
        if name.startswith("FLEETCTL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
