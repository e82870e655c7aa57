"""What is heavy and rarely needed is loaded when it is called, and is the real thing then."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import sys
from fleetkit.runs._loading import rare_parts_on_demand
with rare_parts_on_demand():
    import papermill
heavy = ("lark", "boto3", "botocore")
assert not [name for name in heavy if name in sys.modules], "loaded all the same"
assert not [name for name in ("rfc3987_syntax", "boto3.session") if name in sys.modules], "a stand-in was left"
"""
AN_ADDRESS_IS_CHECKED = """
import jsonschema
schema, checker = {"format": "iri"}, jsonschema.Draft7Validator.FORMAT_CHECKER
jsonschema.validate("https://example.org/ä", schema, format_checker=checker)
try:
    jsonschema.validate("no address", schema, format_checker=checker)
except jsonschema.ValidationError:
    pass
else:
    raise AssertionError("it was not refused")
assert "lark" in sys.modules
"""
S3_IS_OPENED = """
import papermill.s3, boto3.session
assert type(papermill.s3.Session(region_name="eu-west-1")) is boto3.session.Session
"""


@pytest.mark.parametrize("asked", ["", AN_ADDRESS_IS_CHECKED, S3_IS_OPENED], ids=["nothing", "address", "s3"])
def test_a_rare_part_is_loaded_when_it_is_called(asked: str) -> None:
    done = subprocess.run([sys.executable, "-c", BEGIN + asked], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
