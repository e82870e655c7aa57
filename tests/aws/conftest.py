"""An empty AWS account for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.aws_moto import emulated_aws

from fleetkit.aws import AwsSession


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as opened:
        yield opened
