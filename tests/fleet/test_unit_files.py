"""Unit files of a folder are read and checked by themselves and together; what is none is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.core import NotFoundError
from fleetkit.fleet import parse_unit_file, read_unit_files

GOOD = "[Service]\nExecStart=/bin/true\n"


def put(folder: Path, **files: str | bytes) -> Path:
    """Write unit files, with underscores in their names for dots."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def follows(other: str) -> str:
    return f"{GOOD}[X-Fleet]\nMachineOf={other}\n"


def test_units_of_a_folder_are_read_and_nothing_else_in_it(tmp_path: Path) -> None:
    put(tmp_path, a_service=GOOD, b_timer="[Timer]\nOnBootSec=1\n", README_md="x", _hidden_service="x")
    put(tmp_path / "below.service")
    found = read_unit_files([tmp_path])
    assert sorted(found.units) == ["a.service", "b.timer"]
    assert found.paths["a.service"] == tmp_path / "a.service"
    assert (found.findings, found.are_sound) == ((), True)


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    put(tmp_path, web_conf=GOOD)
    found = read_unit_files([tmp_path / "web.conf"])
    assert [one.seen for one in found.findings] == ["'conf' is no type of unit"]
    assert not found.are_sound


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"\x7fELF\xff\xfe", "byte 4 is no UTF-8"),
        (b"[Unit]\nA=b\0c\n", "byte 10 is zero"),
        (b"#" * (256 * 1024 + 1), "more than 262144 bytes"),
        (b"", "no options"),
    ],
)
def test_what_is_no_text_of_a_unit_is_told(tmp_path: Path, content: bytes, seen: str) -> None:
    put(tmp_path, a_service=content)
    (finding,) = read_unit_files([tmp_path]).findings
    assert seen in finding.seen
    assert (finding.unit, finding.line, finding.is_fatal) == ("a.service", 0, True)


def test_one_name_in_two_folders_is_told(tmp_path: Path) -> None:
    places = [put(tmp_path / one, a_service=GOOD) for one in ("one", "two")]
    (finding,) = read_unit_files(places).findings
    assert str(places[1]) in finding.seen


def test_units_that_follow_each_other_in_a_circle_are_told_once(tmp_path: Path) -> None:
    put(tmp_path, a_service=follows("b.service"), b_service=follows("c.service"), c_service=follows("b.service"))
    (finding,) = read_unit_files([tmp_path]).findings
    assert (finding.unit, finding.line) == ("b.service", 4)
    assert "b.service → c.service → b.service" in finding.seen


def test_a_chain_that_ends_is_no_circle(tmp_path: Path) -> None:
    put(tmp_path, a_service=follows("b.service"), b_service=follows("c.service"), c_service=GOOD)
    assert read_unit_files([tmp_path]).findings == ()


def test_a_place_that_is_not_there_or_has_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no .*missing\.service"):
        read_unit_files([tmp_path / "missing.service"])
    with pytest.raises(NotFoundError, match="there is no unit file in"):
        read_unit_files([tmp_path])


def test_a_text_that_lies_in_no_folder_is_held_to_the_same(tmp_path: Path) -> None:
    put(tmp_path, a_service=GOOD)
    assert parse_unit_file("a.service", GOOD).units == read_unit_files([tmp_path]).units
    assert parse_unit_file("a.service", GOOD).are_sound
    for name, text, seen in (
        ("../a.service", GOOD, "'/' is in its name"),
        ("a.service", "x\0", "byte 1 is zero"),
        ("a.service", "x" * 300_000, "it has more than 262144 bytes"),
        ("a.service", follows("a.service"), "it has to run where it runs itself"),
    ):
        found = parse_unit_file(name, text)
        assert not found.are_sound
        assert seen in [one.seen for one in found.findings]
