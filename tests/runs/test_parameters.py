"""Parameters are checked before anything runs."""

from __future__ import annotations

import pytest

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.runs import Parameter, check_parameters, parse_parameters, read_parameters

KNOWN = (
    Parameter(name="cluster", default=""),
    Parameter(name="count", default=3),
    Parameter(name="ratio", default=0.5),
    Parameter(name="flag", default=False),
    Parameter(name="zones", default=["a"]),
    Parameter(name="anything", default=None),
)


def notebook_with(source: str) -> dict:
    return {"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}]}


def test_the_parameters_cell_gives_names_defaults_and_comments():
    source = '# what to do\ncluster = ""  # which one\ncount: int = 3\nzones = ["a", "b"]  # where: # first'
    assert read_parameters(notebook_with(source)) == (
        Parameter(name="cluster", default="", comment="which one"),
        Parameter(name="count", default=3),
        Parameter(name="zones", default=["a", "b"], comment="where: # first"),
    )


def test_a_notebook_without_a_parameters_cell_has_none():
    assert read_parameters({"cells": [{"cell_type": "code", "metadata": {}, "source": "a = 1"}]}) == ()


@pytest.mark.parametrize("source", ["a = f()", "import os", "a = b = 1", "a, b = 1, 2", "print(1)", "a: int"])
def test_a_parameters_cell_with_anything_but_literals_is_refused(source):
    with pytest.raises(SettingsError, match="plain literals"):
        read_parameters(notebook_with(source))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("cluster", "12", "12"),
        ("count", "-7", -7),
        ("ratio", "2", 2.0),
        ("flag", "Yes", True),
        ("flag", "0", False),
        ("zones", "['x', 'y']", ["x", "y"]),
        ("anything", "3", 3),
        ("anything", "plain words", "plain words"),
    ],
)
def test_text_becomes_a_value_of_the_parameters_type(name, text, value):
    parsed = parse_parameters([(name, text)], known=KNOWN)[name]
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("count", "many", "a whole number"),
        ("count", "1.5", "a whole number"),
        ("count", "True", "a whole number"),
        ("ratio", "half", "a number"),
        ("flag", "perhaps", "true or false"),
        ("zones", "a", "a list"),
    ],
)
def test_text_of_the_wrong_type_says_what_is_expected(name, text, expected):
    with pytest.raises(SettingsError) as caught:
        parse_parameters([(name, text)], known=KNOWN)
    assert f"{name!r} must be {expected}" in str(caught.value)
    assert text in str(caught.value)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(NotFoundError) as caught:
        parse_parameters([("clutser", "demo")], known=KNOWN)
    assert caught.value.known == ("cluster", "count", "ratio", "flag", "zones", "anything")


@pytest.mark.parametrize("values", [{"count": "3"}, {"count": True}, {"flag": 1}, {"cluster": None}, {"zones": "a"}])
def test_values_of_the_wrong_type_are_refused_too(values):
    with pytest.raises(SettingsError, match="must be"):
        check_parameters(values, known=KNOWN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cluster", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"),
        ("cluster", "AKIAIOSFODNN7EXAMPLE"),
        ("cluster", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("db_password", "hunter2"),
        ("registry_token", "abc"),
        ("zones", ["ok", "AKIAIOSFODNN7EXAMPLE"]),
    ],
)
def test_a_value_that_looks_like_a_secret_is_refused_and_not_repeated(name, value):
    known = (*KNOWN, Parameter(name="db_password", default=""), Parameter(name="registry_token", default=""))
    with pytest.raises(SettingsError, match="looks like a secret") as caught:
        check_parameters({name: value}, known=known)
    assert str(value) not in str(caught.value)
    assert "ssm:NAME" in str(caught.value)


@pytest.mark.parametrize("reference", ["env:TOKEN", "ssm:/fleetkit/demo/token", "vault:kv/token", ""])
def test_a_reference_to_a_secret_is_no_secret(reference):
    known = (Parameter(name="registry_token", default=""),)
    assert check_parameters({"registry_token": reference}, known=known) == {"registry_token": reference}


def test_a_commit_hash_is_no_secret():
    value = {"cluster": "9f2c4e5d1a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d"}
    assert check_parameters(value, known=KNOWN) == value
