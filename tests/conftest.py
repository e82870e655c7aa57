"""What holds for every test: no sight of the operator's own keys, credentials and settings."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from botocore.loaders import JSONFileLoader
from xdist.scheduler import LoadScopeScheduling

# No test measures time: on a busy computer an example may well take longer than hypothesis's own limit.
hypothesis.settings.register_profile(
    "fleetkit",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("fleetkit")

# A shell starts its background jobs with Ctrl-C ignored, and every program of theirs inherits that;
# the programs that tests interrupt are to hear it, however the tests themselves were started.
signal.signal(signal.SIGINT, signal.default_int_handler)


_read_file = JSONFileLoader.load_file
_models: dict[str, Any] = {}


def _read_file_once(loader: JSONFileLoader, path: str) -> Any:
    if path not in _models and (found := _read_file(loader, path)) is not None:
        _models[path] = found
    return _models.get(path)


# A process that works for somebody opens one session; here each test does, and most of that is reading the same files.
JSONFileLoader.load_file = _read_file_once


class _ByFile(LoadScopeScheduling):
    """Keeps a file's tests on one worker, and all on the one deployed cluster, in the order of their files.

    xdist's own groups would say the same; with pytest 9.2 it does not find them.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "the cluster" if re.match(r"tests/e2e/test_\d", file) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile | None:
    """Take it for ``--dist loadfile``."""
    return _ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def hidden_operator(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home, fake AWS keys and no FLEETKIT_* or AWS_* settings."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("FLEETKIT_", "AWS_", "TF_")):
            monkeypatch.delenv(name)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return home
