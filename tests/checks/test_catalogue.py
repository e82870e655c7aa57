"""Each check is whole: its text says all that is asked of it, and its function judges by what it says it reads."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import pytest

import fleetkit.checks
from fleetkit.checks import FACT_NAMES, FACT_SOURCES, Check, ClusterFact, Facts, Verdict, find_check, load_checks
from fleetkit.core import NotFoundError

CATALOGUE = Path(fleetkit.checks.__file__).parent / "catalogue"
CLUSTER = ClusterFact(
    name="demo",
    region="us-west-2",
    now=dt.datetime(2026, 11, 28, tzinfo=dt.UTC),
    masters={"etcd1": "10.10.3.100"},
)
MAY_IMPORT = {
    "fleetkit.checks.facts",
    "fleetkit.checks.bucket_sides",
    "fleetkit.checks.given_secrets",
    "fleetkit.checks.group_rules",
    "fleetkit.checks.values",
    "fleetkit.core",
}
IDS = [one.id for one in load_checks()]


def test_each_folder_of_the_catalogue_is_a_check() -> None:
    folders = {one.name.replace("_", "-") for one in CATALOGUE.iterdir() if one.name != "__pycache__"}
    assert folders == set(IDS)


def test_numbers_are_told_once_and_in_order() -> None:
    numbers = [one.number for one in load_checks()]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("check", load_checks(), ids=IDS)
def test_a_check_says_what_why_how_and_by_what(check: Check) -> None:
    assert check.title
    assert not check.title.endswith(".")
    assert check.why.endswith(".")
    assert check.mend.endswith(".")
    assert check.references
    assert check.facts
    assert set(check.facts) <= FACT_NAMES


@pytest.mark.parametrize("check", load_checks(), ids=IDS)
def test_what_cannot_be_read_is_unknown_with_its_reason_and_never_a_pass(check: Check) -> None:
    facts = Facts(CLUSTER, unread=dict.fromkeys(FACT_NAMES, "AWS refused it"))
    (judgement,) = check.apply(facts)
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.reason.endswith("could not be read: AWS refused it")


@pytest.mark.parametrize("name", [one.replace("-", "_") for one in IDS])
def test_a_check_reads_every_fact_that_it_names_and_imports_nothing_that_could_read_others(name: str) -> None:
    tree = ast.parse((CATALOGUE / name / f"{name}.py").read_text(encoding="utf-8"))
    imported = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.module}
    assert {one for one in imported if one.startswith("fleetkit")} <= MAY_IMPORT
    read = {
        one.attr
        for one in ast.walk(tree)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "facts"
    }
    called = {one.func.id for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
    read |= {"groups", "machines"} if "list_worn_by" in called else set()
    assert read - {"cluster"} == set(find_check(name.replace("_", "-")).facts)


def test_a_check_cannot_read_what_it_does_not_name() -> None:
    facts = Facts(CLUSTER, read={"flow_logs": {}, "groups": ()}).only(["flow_logs"])
    assert facts.flow_logs == {}
    with pytest.raises(KeyError, match="groups"):
        _ = facts.groups


def test_every_fact_says_where_it_comes_from() -> None:
    assert FACT_SOURCES.keys() == FACT_NAMES


def test_a_strange_fact_or_check_is_refused() -> None:
    with pytest.raises(ValueError, match="no such facts: colour"):
        Facts(CLUSTER, read={"colour": "red"})
    with pytest.raises(NotFoundError, match="there is no check 'colour'") as told:
        find_check("colour")
    assert set(told.value.known) == set(IDS)
