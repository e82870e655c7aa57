"""What a test resolves is forgotten at its end: other tests write the same words in clear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.aws_moto import emulated_aws

from fleetkit.aws import AwsSession


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleetkit.core._remembered._FORMS", set())


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as opened:
        yield opened
