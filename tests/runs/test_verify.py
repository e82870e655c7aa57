"""A record that anybody touched is found out, and what was touched is named; an honest one is not accused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from support.runs_journals import start_writer, wait_for_number
from support.runs_records import make_record, write_record
from support.service_signers import ServiceSigner

from fleetkit.core import NotFoundError, Signer
from fleetkit.pki import ensure_signing_key, verify_signature
from fleetkit.runs import EventKind, Outcome, ProofState, RunProof, read_run, verify_run
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.journal import JournalWriter
from fleetkit.runs.store import make_record_folder

JOURNAL = "journal.jsonl"
EVENTS = 6


def write_whole(runs: Path, signer: Signer | None, *, closes: bool = True) -> Path:
    """Write the record of a run: its start, a few facts with a signature among them, and its end."""
    record = make_record(outcome=Outcome.RUNNING, exit=None, ended=None)
    folder = make_record_folder(runs, cluster="demo", notebook="10-try", started=record.started)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A notebook for a test")])
    writer = RecordWriter(folder, signer=signer)
    writer.write_run(record)
    writer.record(EventKind.RUN_STARTED, record.to_start(notebook_sha256="ab" * 32))
    for number in range(EVENTS):
        writer.record(EventKind.FACT, {"about": "number", "number": number})
        if signer is not None and number == 2:
            writer._journal.sign(signer)
    if closes:
        ended = make_record()
        writer.write_closed(notebook, ended)
    writer.close()
    return folder


def close_whole(folder: Path, signer: Signer) -> None:
    """Write the end of such a record."""
    writer = RecordWriter(folder, signer=signer)
    writer.write_closed(nbformat.v4.new_notebook(), make_record())
    writer.close()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return ensure_signing_key(tmp_path_factory.mktemp("home"))


@pytest.fixture
def record(tmp_path: Path, signer: Signer) -> Path:
    return write_whole(tmp_path / "runs", signer)


def check(folder: Path, *keys: str) -> RunProof:
    return verify_run(folder, verify=verify_signature, keys=keys)


def edit_lines(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = folder / JOURNAL
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def test_an_untouched_record_is_closed_and_names_who_signed_it(record: Path, signer: Signer) -> None:
    proof = check(record, signer.public_key)
    assert (proof.state, proof.flaws, proof.remarks) == (ProofState.CLOSED, (), ())
    # The start, the facts, the end, and two signatures.
    assert (proof.lines, proof.signed, proof.keys) == (EVENTS + 4, EVENTS + 4, (signer.public_key,))


@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("name", [JOURNAL, "run.json", "notebook.ipynb", "report.html"])
def test_a_flipped_byte_anywhere_in_a_record_is_found(
    tmp_path: Path, signer: Signer, name: str, is_signed: bool
) -> None:
    record = write_whole(tmp_path / "runs", signer if is_signed else None)
    path = record / name
    content = path.read_bytes()
    places = range(0, len(content), max(1, len(content) // 400))
    # The last line has no other after it that would name it, so every byte of it is tried.
    last = range(content.rindex(b"\n", 0, -1), len(content))
    unseen = []
    for place in {*places, *last[:700]}:
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        if check(record).state is not ProofState.BROKEN:
            unseen.append(place)
    path.write_bytes(content)
    assert unseen == []
    assert check(record).state is ProofState.CLOSED


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (lambda lines: [*lines[:3], lines[3].replace(b'r":2', b'r":7'), *lines[4:]], 4, "it was changed"),
        (lambda lines: [*lines[:3], *lines[4:]], 4, "line 4 before it is missing"),
        (lambda lines: [*lines[:3], *lines[5:]], 4, "lines 4 to 5 before it are missing"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4, "a line was put in"),
        (lambda lines: [*lines[:3], b'{"seq":3}\n', *lines[3:]], 4, "it was changed or put in"),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 4, "lines were re-ordered"),
        (lambda lines: lines[1:], 1, "line 1 before it is missing"),
    ],
    ids=["changed", "removed", "two removed", "doubled", "added", "re-ordered", "the first removed"],
)
def test_the_line_that_was_touched_is_named(
    record: Path, change: Callable[[list[bytes]], list[bytes]], where: int, what: str
) -> None:
    edit_lines(record, change)
    proof = check(record)
    assert proof.state is ProofState.BROKEN
    assert f"Line {where} of {JOURNAL}: " in str(proof.flaws[0])
    assert what in str(proof.flaws[0])


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_a_tail_that_was_cut_off_is_found(record: Path, cut: int) -> None:
    edit_lines(record, lambda lines: lines[:-cut])
    (flaw, *_) = check(record).flaws
    assert f"{cut} of {EVENTS + 4} lines are missing" in flaw.what


def test_what_was_added_after_the_end_is_found(record: Path) -> None:
    lines = (record / JOURNAL).read_bytes()
    (record / JOURNAL).write_bytes(lines + b"{")
    assert [str(flaw) for flaw in check(record).flaws] == [f"{JOURNAL}: 1 bytes were added to its end"]


@pytest.mark.parametrize("name", ["notebook.ipynb", "report.html", "run.json"])
def test_a_file_that_is_gone_is_found(record: Path, name: str) -> None:
    (record / name).unlink()
    assert f"{name}: it is not there" in [str(flaw) for flaw in check(record).flaws]


def test_a_run_file_that_claims_another_end_is_found_even_where_it_stays_well_formed(record: Path) -> None:
    text = (record / "run.json").read_text()
    document = json.loads(text) | {"outcome": "failed", "exit": 1}
    (record / "run.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    assert [str(one) for one in check(record).flaws] == ["run.json: it was changed: the journal's end names another"]
    document["closing"] = None
    (record / "run.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    assert check(record).state is ProofState.BROKEN


def test_half_a_character_stops_neither_the_record_nor_its_proof(tmp_path: Path, signer: Signer) -> None:
    half = "a file named \udc80"
    folder = write_whole(tmp_path / "runs", signer, closes=False)
    output = nbformat.v4.new_output("stream", text=half)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])
    writer = RecordWriter(folder, signer=signer)
    writer.write_closed(notebook, make_record(summary=half))
    writer.close()
    assert check(folder, signer.public_key).state is ProofState.CLOSED
    assert read_run(folder).record.summary == half
    path = folder / "run.json"
    # The same half character in another spelling is another file.
    path.write_bytes(path.read_bytes().replace(b"\\udc80", "\udc80".encode("utf-8", "surrogatepass")))
    assert [flaw.where for flaw in check(folder).flaws] == ["run.json"]


@pytest.mark.parametrize("name", ["closing", "files"])
def test_what_was_put_into_the_closing_is_found(record: Path, name: str) -> None:
    document = json.loads((record / "run.json").read_text())
    (document["closing"] if name == "closing" else document["closing"]["files"])["note"] = "mine"
    (record / "run.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    (flaw,) = check(record).flaws
    assert str(flaw) == "run.json: it closes over something else than the journal's end names"


def test_an_end_that_closes_over_no_file_is_found(tmp_path: Path) -> None:
    folder = write_whole(tmp_path / "runs", None, closes=False)
    journal = JournalWriter(folder)
    journal.finish({"outcome": "done", "files": {}, "plans": [], "run_sha256": ""}, signer=None)
    journal.close()
    assert "its end does not say what the run closed over" in str(check(folder).flaws)


def test_a_fact_that_only_speaks_of_a_torn_line_is_no_flaw(tmp_path: Path) -> None:
    folder = write_whole(tmp_path / "runs", None, closes=False)
    journal = JournalWriter(folder)
    journal.append(EventKind.FACT, {"seen": {"about": "torn line"}})
    assert check(folder).flaws == ()
    journal.append(EventKind.FACT, {"about": "torn line"})
    journal.close()
    assert [flaw.where for flaw in check(folder).flaws] == [JOURNAL]


def test_a_record_written_anew_by_another_is_found_by_whom_knows_the_key(tmp_path: Path, signer: Signer) -> None:
    other = ensure_signing_key(tmp_path / "other")
    forged = write_whole(tmp_path / "forged", other)
    assert check(forged).state is ProofState.CLOSED
    assert check(forged).keys == (other.public_key,)
    (flaw,) = check(forged, signer.public_key).flaws
    assert "none of the keys that were given" in flaw.what
    unsigned = write_whole(tmp_path / "unsigned", None)
    assert check(unsigned).state is ProofState.CLOSED
    assert "no signature" in check(unsigned).remarks[0]
    assert check(unsigned, signer.public_key).state is ProofState.BROKEN


def test_an_end_written_anew_without_the_key_is_found(record: Path, tmp_path: Path, signer: Signer) -> None:
    whole = write_whole(tmp_path / "unsigned", None)
    # The head that was signed, and an end of one's own that follows from it in every hash.
    head = (record / JOURNAL).read_bytes().splitlines(keepends=True)[:5]
    shutil.rmtree(record)
    record.mkdir()
    (record / JOURNAL).write_bytes(b"".join(head))
    shutil.copy(whole / "run.json", record / "run.json")
    writer = RecordWriter(record)
    writer.write_closed(nbformat.v4.new_notebook(), make_record())
    writer.close()
    for keys in ((), (signer.public_key,)):
        assert "its end bears no signature, and lines before it do" in [one.what for one in check(record, *keys).flaws]


def test_an_end_that_nobody_could_sign_is_open_and_what_is_vouched_for_is_counted(tmp_path: Path) -> None:
    service = ServiceSigner()
    folder = write_whole(tmp_path / "runs", service, closes=False)
    service.away = "no route to host"
    close_whole(folder, service)
    proof = check(folder, service.public_key)
    assert (proof.state, proof.flaws) == (ProofState.OPEN, ())
    assert (proof.lines, proof.signed) == (EVENTS + 4, 5)
    assert proof.remarks == (
        "it ended unsigned, as with a key out of reach: nothing vouches for its end, the notebook and the report",
        "no signature vouches for the last 5 of 10 lines",
        "the journal says why nobody signed: cannot ask AWS for a signature by the key: no route to host",
    )
    (folder / "report.html").write_text("<p>all is well")
    assert check(folder).state is ProofState.BROKEN


def test_a_key_that_was_away_and_came_back_leaves_a_record_like_any_other(tmp_path: Path) -> None:
    service = ServiceSigner()
    service.away = "no route to host"
    folder = write_whole(tmp_path / "runs", service, closes=False)
    assert check(folder).signed == 0
    service.away = ""
    close_whole(folder, service)
    proof = check(folder, service.public_key)
    assert (proof.state, proof.flaws, proof.remarks) == (ProofState.CLOSED, (), ())
    assert proof.signed == proof.lines


def test_a_record_without_one_signature_does_not_pass_for_a_key_whatever_it_says_of_the_reason(tmp_path: Path) -> None:
    service = ServiceSigner()
    service.away = "no route to host"
    folder = write_whole(tmp_path / "runs", service)
    assert check(folder, service.public_key).state is ProofState.BROKEN


def test_a_key_in_a_file_was_never_away(record: Path, signer: Signer) -> None:
    # Whoever writes an end anew may write into it what he likes.
    head = (record / JOURNAL).read_bytes().splitlines(keepends=True)[:5]
    (record / JOURNAL).write_bytes(b"".join(head))
    nobody = ServiceSigner()
    nobody.away = "so it says"
    close_whole(record, nobody)
    for keys in ((), (signer.public_key,)):
        assert "its end bears no signature, and lines before it do" in [one.what for one in check(record, *keys).flaws]


def test_a_run_that_was_killed_is_open_and_what_is_vouched_for_is_counted(tmp_path: Path, signer: Signer) -> None:
    folder = write_whole(tmp_path / "runs", signer, closes=False)
    proof = check(folder, signer.public_key)
    assert (proof.state, proof.flaws) == (ProofState.OPEN, ())
    assert (proof.lines, proof.signed) == (EVENTS + 2, 5)
    assert "its run was killed" in proof.remarks[0]
    assert proof.remarks[1] == "no signature vouches for the last 3 of 8 lines"
    edit_lines(folder, lambda lines: [*lines[:1], lines[1].replace(b'r":0', b'r":9'), *lines[2:]])
    assert check(folder).state is ProofState.BROKEN


def test_a_link_that_was_taken_out_of_the_run_file_of_a_killed_run_is_found(tmp_path: Path) -> None:
    folder = write_whole(tmp_path / "runs", None, closes=False)
    document = json.loads((folder / "run.json").read_text())
    del document["resumes"]
    (folder / "run.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    (flaw,) = check(folder).flaws
    assert str(flaw) == "run.json: its resumes is not the one that the journal's first line tells"


def test_a_run_under_way_is_open(tmp_path: Path) -> None:
    record = make_record(outcome=Outcome.RUNNING, exit=None, ended=None)
    folder = make_record_folder(tmp_path / "runs", cluster="demo", notebook="10-try", started=record.started)
    writer = RecordWriter(folder)
    writer.write_run(record)
    writer.record(EventKind.RUN_STARTED, record.to_start(notebook_sha256=""))
    proof = check(folder)
    writer.close()
    assert proof.state is ProofState.OPEN
    assert "its run is under way" in proof.remarks[0]


def test_a_run_that_was_killed_before_its_first_signature_is_not_accused(tmp_path: Path, signer: Signer) -> None:
    proof = check(write_whole(tmp_path / "runs", None, closes=False), signer.public_key)
    assert (proof.state, proof.flaws, proof.signed) == (ProofState.OPEN, (), 0)
    assert any(remark.startswith("no signature") for remark in proof.remarks)


def test_half_a_line_that_a_kill_left_is_no_flaw_and_what_is_kept_of_it_is_covered(tmp_path: Path) -> None:
    folder = write_whole(tmp_path / "runs", None, closes=False)
    with (folder / JOURNAL).open("ab") as file:
        file.write(b'{"seq":7,"pre')
    proof = check(folder)
    assert (proof.state, proof.flaws) == (ProofState.OPEN, ())
    # The next writer sets it aside, and tells of it.
    writer = start_writer(folder, "next")
    wait_for_number(writer, 3)
    writer.kill()
    writer.communicate()
    assert check(folder).flaws == ()
    torn = folder / "journal.torn"
    torn.write_bytes(torn.read_bytes().replace(b"seq", b"sek"))
    assert [flaw.where for flaw in check(folder).flaws] == ["journal.torn"]


def test_a_file_that_is_no_part_of_the_record_is_told_and_no_flaw(record: Path) -> None:
    (record / "notes.txt").write_text("mine")
    proof = check(record)
    assert proof.state is ProofState.CLOSED
    assert proof.remarks == ("notes.txt is no part of the record, and nothing is said of it",)


def test_a_record_of_another_run_is_found_in_its_place(record: Path, tmp_path: Path) -> None:
    moved = record.with_name("20270101T000000Z-10-try")
    record.rename(moved)
    assert "it is that of the run 20260301T040506Z-10-try" in [flaw.what for flaw in check(moved).flaws]


def test_a_record_without_a_journal_is_said_to_have_none(tmp_path: Path) -> None:
    folder = write_record(tmp_path / "runs")
    (folder / JOURNAL).unlink(missing_ok=True)
    with pytest.raises(NotFoundError, match="holds no journal"):
        check(folder)
