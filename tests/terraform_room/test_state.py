"""State and outputs become typed values, with secrets masked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tf_configuration import CANARY

from fleetkit.core import MASK, TerraformError
from fleetkit.terraform.state import parse_outputs, parse_state

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = ("1.11.4", "1.15.5")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_managed_resource_is_there_with_its_id_and_key(version: str) -> None:
    state = parse_state((FIXTURES / f"state-{version}.json").read_text(encoding="utf-8"))
    assert len(state) == 6
    member = next(one for one in state if one.key == "etcd2")
    assert member.address == 'module.etcd.terraform_data.member["etcd2"]'
    assert (member.module, member.modules, member.type) == ("module.etcd", ("etcd",), "terraform_data")
    assert len(member.resource_id) == 36


@pytest.mark.parametrize("version", VERSIONS)
def test_no_secret_survives_the_reading(version: str) -> None:
    text = (FIXTURES / f"state-{version}.json").read_text(encoding="utf-8")
    assert CANARY in text
    state = parse_state(text)
    assert CANARY not in repr([(one, one.attributes) for one in state])
    login = next(one for one in state if one.name == "login")
    assert login.attributes["output"] == {"password": MASK, "user": "core"}


@pytest.mark.parametrize("version", VERSIONS)
def test_outputs_are_values_and_a_sensitive_one_is_masked(version: str) -> None:
    outputs = parse_outputs((FIXTURES / f"outputs-{version}.json").read_text(encoding="utf-8"))
    assert outputs["password"] == MASK
    assert outputs["endpoints"]["etcd1"] == "https://etcd1:2379"


def test_before_the_first_apply_both_are_empty() -> None:
    assert parse_state('{"format_version":"1.0"}') == ()
    assert parse_outputs("{}") == {}


def test_a_broken_creation_and_an_object_left_behind_are_told() -> None:
    one = {"address": "a.b", "mode": "managed", "type": "a", "name": "b", "tainted": True, "values": {"id": "x"}}
    other = {**one, "deposed_key": "a1b2"}
    text = json.dumps({"values": {"root_module": {"resources": [one, other]}}})
    assert [(it.tainted, it.deposed) for it in parse_state(text)] == [(True, ""), (True, "a1b2")]


@pytest.mark.parametrize("text", ["", "[]", '{"values": {"root_module": {"resources": [{}]}}}'])
def test_a_state_of_another_shape_is_an_error_and_never_empty(text: str) -> None:
    with pytest.raises(TerraformError, match="state"):
        parse_state(text)


@pytest.mark.parametrize("text", ["", "[]", '{"a": {}}'])
def test_outputs_of_another_shape_are_an_error(text: str) -> None:
    with pytest.raises(TerraformError, match="outputs"):
        parse_outputs(text)
