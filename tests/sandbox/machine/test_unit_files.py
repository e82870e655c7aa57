"""Unit files are read as systemd reads them: lines, words, variables, environment files, links, order."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.sandbox.machine.systemd.commands import (
    UnitSyntaxError,
    expand_specifiers,
    expand_words,
    parse_command,
    split_words,
)
from fleetkit.sandbox.machine.systemd.environment import parse_environment_file, with_stand_ins
from fleetkit.sandbox.machine.systemd.order import break_cycles, comes_after
from fleetkit.sandbox.machine.systemd.store import UnitMaskedError, UnitNotFoundError, UnitStore
from fleetkit.sandbox.machine.systemd.text import Settings, parse_unit_text
from fleetkit.sandbox.machine.systemd.unit import Unit, name_unknown, parse_time


def make(name: str, text: str) -> Unit:
    return Unit(name=name, path=f"/etc/{name}", settings=Settings(parse_unit_text(text, source=name)[0]))


def test_lines_are_joined_remarks_dropped_and_nonsense_named() -> None:
    text = "Stray=1\n[Unit]\n# no\nDescription=a \\\n ; no\n  b\nnonsense\n[Broken\nLost=1\n[Service]\nExecStart=/x\n"
    found, warnings = parse_unit_text(text, source="a.service")
    assert [(one.section, one.key, one.value.split()) for one in found] == [
        ("Unit", "Description", ["a", "b"]),
        ("Service", "ExecStart", ["/x"]),
    ]
    assert [warning.partition(": ")[2] for warning in warnings] == [
        "Assignment outside of section. Ignoring.",
        "Missing '=', ignoring line.",
        "Invalid section header '[Broken', ignoring.",
        "Assignment outside of section. Ignoring.",
    ]


def test_an_instance_names_others_by_its_own_name() -> None:
    text = "[Unit]\nDescription=side of %i\nBindsTo=web@%i.service db.service\nWants=%p-%i.service %Z.service\n"
    unit = make("side@1.service", text)
    assert unit.names("BindsTo") == ("web@1.service", "db.service")
    assert unit.names("Wants") == ("side-1.service", "%Z.service"), "what is not known is named as it is written"
    assert unit.description == "side of 1"


def test_the_last_value_counts_lists_add_up_and_an_empty_one_resets() -> None:
    settings = make("a.service", "[Unit]\nAfter=a b\nAfter=c\nAfter=\nAfter=d e\nDescription=1\nDescription=2").settings
    assert settings.words("Unit", "After") == ["d", "e"]
    assert settings.last("Unit", "Description") == "2"
    assert settings.last("Unit", "Missing", "default") == "default"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ["a", "b", "c"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ("x='a b'", ["x=a b"]),
        (r"a\x20b \t", ["a b", "\t"]),
        ('""', [""]),
        ("a'b", None),
        (r"\q", None),
    ],
)
def test_words_are_split(text: str, words: list[str] | None) -> None:
    if words is None:
        with pytest.raises(UnitSyntaxError):
            split_words(text)
    else:
        assert split_words(text) == words


@pytest.mark.parametrize(
    ("words", "expanded", "unset"),
    [
        (["${A}x", "$A", "${B}"], ["1x", "1", "two words"], []),
        (["$B", "x$B"], ["two", "words", "x$B"], []),
        (["$NONE", "${NONE}", "end"], ["", "end"], ["NONE", "NONE"]),
        (["$$A", "a$"], ["$A", "a$"], []),
    ],
)
def test_variables_are_expanded(words: list[str], expanded: list[str], unset: list[str]) -> None:
    assert expand_words(words, {"A": "1", "B": "two words"}) == (expanded, unset)


def test_prefixes_and_specifiers() -> None:
    command = parse_command("-@/bin/x own %n %% %i", specifiers={"n": "a@b.service", "i": "b"})
    assert command.words == ("/bin/x", "own", "a@b.service", "%", "b")
    assert command.may_fail
    assert command.renamed
    with pytest.raises(UnitSyntaxError, match="%Z"):
        expand_specifiers("%Z", {})
    for wrong in ("", "a/b", "/bin/x ; /bin/y"):
        with pytest.raises(UnitSyntaxError):
            parse_command(wrong, specifiers={})


def test_environment_files_are_no_shell(tmp_path: Path) -> None:
    path = tmp_path / "x.env"
    path.write_text('# no\n; no\nA=1\nB=\'two "w" # x\'\nC="a \\"q\\" b"\nD=long\\\nline\nE=$A\nnonsense\n1X=2\n')
    assert parse_environment_file(path) == {"A": "1", "B": 'two "w" # x', "C": 'a "q" b', "D": "longline", "E": "$A"}


@pytest.mark.parametrize("path", ["/usr/bin", "/sandbox/bin:/usr/bin", ""])
def test_stand_ins_come_first_on_every_path(path: str) -> None:
    assert with_stand_ins({"PATH": path})["PATH"].split(":").index("/sandbox/bin") == 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("100ms", 0.1), ("1min 30s", 90), ("infinity", float("inf")), ("0", 0)]
)
def test_time_spans(text: str, seconds: float) -> None:
    assert parse_time(text) == pytest.approx(seconds)
    with pytest.raises(UnitSyntaxError):
        parse_time(f"{text} fortnights")


def test_what_is_not_acted_on_is_named_once() -> None:
    unit = make("a.service", "[Service]\nLimitNOFILE=1\nLimitNOFILE=2\n[X-Own]\nA=1\n[Timer]\nOnBootSec=1")
    assert name_unknown(unit.settings, source="a") == [
        "a: LimitNOFILE= in section [Service] is not acted on by the stand-in.",
        "a: section [Timer] is not known to the stand-in, ignoring.",
    ]


def test_the_administrators_file_hides_the_images_and_drop_ins_add_up(tmp_path: Path) -> None:
    image, etc = tmp_path / "image", tmp_path / "etc/systemd/system"
    image.mkdir()
    (etc / "a.service.d").mkdir(parents=True)
    (image / "a.service").write_text("[Unit]\nDescription=image\n")
    (image / "t@.service").write_text(
        "[Service]\nExecStart=/bin/x %i\n[Install]\nWantedBy=multi-user.target\nAlias=z.service\n"
    )
    (etc / "a.service.d/10-x.conf").write_text("[Unit]\nAfter=b.service\n")
    store = UnitStore(image=image, root=tmp_path)
    assert (store.load("a.service").description, store.load("a.service").names("After")) == ("image", ("b.service",))
    (etc / "a.service").write_text("[Unit]\nDescription=own\n")
    store.reload()
    assert store.load("a.service").description == "own"
    assert store.is_enabled("t@1.service") == "disabled"
    assert store.enable("t@1.service")
    assert store.linked("multi-user.target", "wants") == ["t@1.service"]
    assert store.load("z.service").name == "t@1.service"
    assert store.is_enabled("t@1.service") == "enabled"
    store.disable("t@1.service")
    assert store.linked("multi-user.target", "wants") == []
    store.mask("b.service")
    with pytest.raises(UnitMaskedError):
        store.load("b.service")
    with pytest.raises(FileExistsError):
        store.mask("a.service")
    store.unmask("b.service")
    with pytest.raises(UnitNotFoundError):
        store.load("b.service")


def test_order_comes_from_either_side_and_from_the_base() -> None:
    first, second = make("a.service", "[Unit]\nBefore=b.service\n"), make("b.service", "[Unit]\n")
    base, early = make("basic.target", "[Unit]\n"), make("sysinit.target", "[Unit]\nDefaultDependencies=no\n")
    assert comes_after(second, first)
    assert not comes_after(first, second)
    assert comes_after(first, base)
    assert comes_after(make("a.socket", "[Socket]\n"), early)
    assert comes_after(first, make("a.socket", "[Socket]\n"))
    assert not comes_after(make("free.service", "[Unit]\nDefaultDependencies=no\n"), base)


def test_a_cycle_loses_one_job_and_never_the_one_asked_for() -> None:
    units = {name: make(name, f"[Unit]\nAfter={after}\n") for name, after in
             (("a.service", "b.service"), ("b.service", "c.service"), ("c.service", "a.service"))}  # fmt: skip
    dropped, said = break_cycles(list(units), units=units, anchor="a.service")
    assert len(dropped) == 1
    assert "a.service" not in dropped
    assert "ordering cycle" in said[0]
