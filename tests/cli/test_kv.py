"""``fleetkit kv`` is told which key in which store of whose etcd, and says what is wrong with what it was told."""

from __future__ import annotations

import click
import pytest
from support.cluster_files import write_cluster

from fleetkit.cli import _fleetkit, main
from fleetkit.cli.kv._places import split_words
from fleetkit.cli.kv.put import _parse_ttl

pytestmark = pytest.mark.usefixtures("no_etcdctl_settings")

NOBODY = ("--endpoints", "127.0.0.1:1", "--command-timeout", "500ms")


@pytest.mark.parametrize(
    ("words", "keys", "optional", "told"),
    [
        (["/a"], 1, False, (None, ("/a",))),
        (["a"], 1, False, (None, ("a",))),
        (["demo", "a"], 1, False, ("demo", ("a",))),
        (["demo", "a", "b"], 2, False, ("demo", ("a", "b"))),
        (["a", "b"], 2, False, (None, ("a", "b"))),
        ([], 1, True, (None, ())),
        (["demo"], 1, True, ("demo", ())),
        (["/a"], 1, True, (None, ("/a",))),
        (["/somewhere/demo.toml"], 1, True, ("/somewhere/demo.toml", ())),
        (["demo", "a"], 1, True, ("demo", ("a",))),
    ],
)
def test_the_cluster_is_told_from_the_keys(
    words: list[str], keys: int, optional: bool, told: tuple[str | None, tuple[str, ...]]
) -> None:
    with click.Context(_fleetkit):
        assert split_words(words, keys=keys, optional=optional) == told


@pytest.mark.parametrize(("words", "keys"), [([], 1), (["a"], 2), (["a", "b", "c"], 1)])
def test_too_few_and_too_many_words_are_wrong_use(words: list[str], keys: int) -> None:
    with pytest.raises(click.UsageError, match=f"found {len(words)} words"):
        split_words(words, keys=keys)


@pytest.mark.parametrize(("text", "seconds"), [(None, None), ("never", 0), ("90s", 90), ("2m", 120), ("5", 5)])
def test_times_to_live_are_read_in_seconds(text: str | None, seconds: int | None) -> None:
    assert _parse_ttl(None, None, text) == seconds  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["put", "/a"], "found none"),
        (["put", "/a", "--value", "x", "--dir"], "found --value and --dir"),
        (["put", "/a", "--value", "x", "--ttl", "500ms"], "whole number of seconds"),
        (["put", "/a", "--value", "x", "--create", "--revision", "3"], "exclude each other"),
        (["put", "/a", "--file", "no-such-file", *NOBODY], "no-such-file"),
        (["get", "/a", "--raw", "--json", *NOBODY], "exclude each other"),
        (["get", "/a", "--store", "v1"], "'v1' is not one of"),
        (["get", "demo", "/a", *NOBODY], "leave it out, or leave out CLUSTER"),
        (["get", "/a/../b", "--store", "v2", *NOBODY], "a part of it is .."),
        (["delete", "/a", "--below", "--revision", "3"], "leave it out with --below"),
        (["put", "/a", "--dir", *NOBODY], "v3 store has no directories"),
        (["get", "/a"], "fleetkit init"),
    ],
)
def test_wrong_use_ends_with_two_and_says_what_is_wrong(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["kv", *argv])
    assert said in capsys.readouterr().err
    assert code == (1 if "no-such-file" in argv else 2)


@pytest.mark.parametrize("verb", ["get", "ls", "tree", "put", "copy", "watch", "delete"])
def test_each_verb_teaches_by_examples_and_exit_codes(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kv", verb, "--help"]) == 0
    told = capsys.readouterr().out
    assert f"fleetkit kv {verb} demo" in told
    assert "--endpoints" in told
    assert "Exits " in told


@pytest.mark.parametrize(
    "argv",
    [
        ["get", "/a"],
        ["ls"],
        ["tree", "--store", "v2"],
        ["watch"],
        ["put", "/a", "--value", "x"],
        ["delete", "/a"],
    ],
    ids=lambda argv: argv[0],
)
def test_an_etcd_that_does_not_answer_could_not_be_read(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kv", *argv, *NOBODY]) == 1
    assert "nothing listens on 127.0.0.1:1" in capsys.readouterr().err


def test_a_cluster_that_cannot_be_reached_says_why(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cluster(tmp_path)  # type: ignore[arg-type]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert main(["kv", "ls", "demo"]) in (1, 2)
    assert "next: " in capsys.readouterr().err
