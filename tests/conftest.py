"""What holds for every test: no sight of the operator's own keys, credentials and settings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, for ``--dist loadgroup``, what shares something: a file's tests, and all on the one cluster."""
    for item in items:
        is_numbered = item.path.parent.name == "e2e" and item.path.name.removeprefix("test_")[0].isdigit()
        item.add_marker(pytest.mark.xdist_group("the cluster" if is_numbered else str(item.path)))


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
