"""Appending to a journal: whole lines in one chain, whoever writes and whoever is killed."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from support.runs_journals import check_chain, start_writer, wait_for_number, write_journal

from fleetkit.core import FleetkitError
from fleetkit.pki import ensure_signing_key, verify_signature
from fleetkit.runs.journal import BatchSigner, EventKind, JournalWriter, hash_line, read_journal, signature_holds


def test_each_line_names_the_one_before_it(tmp_path):
    write_journal(tmp_path, EventKind.RUN_STARTED, EventKind.FACT, EventKind.PLAN)
    events = check_chain(tmp_path)
    assert [event.kind for event in events] == [EventKind.RUN_STARTED, EventKind.FACT, EventKind.PLAN]


def test_a_journal_is_continued_where_it_ends(tmp_path):
    write_journal(tmp_path, EventKind.RUN_STARTED)
    write_journal(tmp_path, EventKind.FACT)
    assert len(check_chain(tmp_path)) == 2


def test_a_line_longer_than_one_look_is_found_whole(tmp_path):
    journal = JournalWriter(tmp_path)
    journal.append(EventKind.FACT, {"text": "x" * 10_000})
    journal.close()
    write_journal(tmp_path, EventKind.FACT)
    assert len(check_chain(tmp_path)) == 2


def test_two_writers_of_one_process_take_turns(tmp_path):
    journals = [JournalWriter(tmp_path) for _ in range(2)]

    def write(journal):
        for number in range(100):
            journal.append(EventKind.FACT, {"number": number})

    threads = [threading.Thread(target=write, args=(journal,)) for journal in (*journals, *journals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for journal in journals:
        journal.close()
    assert len(check_chain(tmp_path)) == 400


def test_four_writers_that_are_killed_leave_one_chain_with_all_that_they_had_told(tmp_path):
    writers = {name: start_writer(tmp_path, name) for name in "abcd"}
    told = {}
    for name, writer in writers.items():
        wait_for_number(writer, 50)
        writer.kill()
        printed, _ = writer.communicate(timeout=30)
        told[name] = max([50, *map(int, printed.split())])
    write_journal(tmp_path, EventKind.FACT)
    events = [event for event in check_chain(tmp_path) if "by" in event.data]
    for name in writers:
        numbers = [event.data["number"] for event in events if event.data["by"] == name]
        assert numbers == list(range(len(numbers)))
        assert numbers[-1] >= told[name]


def test_a_torn_last_line_is_set_aside_and_spoken_of(tmp_path):
    write_journal(tmp_path, EventKind.RUN_STARTED)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"seq":1,"prev":"12')
    write_journal(tmp_path, EventKind.PLAN)
    events = check_chain(tmp_path)
    assert [event.kind for event in events] == [EventKind.RUN_STARTED, EventKind.FACT, EventKind.PLAN]
    assert (tmp_path / "journal.torn").read_bytes() == b'{"seq":1,"prev":"12'
    piece = hash_line(b'{"seq":1,"prev":"12')
    assert events[1].data == {"about": "torn line", "offset": 0, "size_bytes": 19, "sha256": piece}


def test_a_second_torn_line_joins_the_first_and_a_piece_that_was_kept_is_not_kept_twice(tmp_path):
    for piece in (b"one", b"two"):
        write_journal(tmp_path, EventKind.FACT)
        with (tmp_path / "journal.jsonl").open("ab") as file:
            file.write(piece)
    # As if the next writer had been killed after it kept the piece, and before it took it out of the journal.
    with (tmp_path / "journal.torn").open("ab") as file:
        file.write(b"two")
    write_journal(tmp_path, EventKind.FACT)
    assert (tmp_path / "journal.torn").read_bytes() == b"onetwo"
    told = [event.data["offset"] for event in check_chain(tmp_path) if "about" in event.data]
    assert told == [0, 3]


def test_a_journal_whose_last_line_is_none_is_named_and_left_alone(tmp_path):
    (tmp_path / "journal.jsonl").write_bytes(b"nonsense\n")
    journal = JournalWriter(tmp_path)
    with pytest.raises(FleetkitError, match=r"the last line of .*journal\.jsonl is no line of a journal"):
        journal.append(EventKind.FACT, {})
    journal.close()
    assert (tmp_path / "journal.jsonl").read_bytes() == b"nonsense\n"


def test_an_event_that_the_disk_has_no_room_for_is_an_error_and_leaves_no_piece(tmp_path):
    # The system cuts a write that would pass the limit, as a full disk does.
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from fleetkit.core import FleetkitError; from fleetkit.runs.journal import EventKind, JournalWriter\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "journal = JournalWriter(Path(sys.argv[1]))\n"
        "try:\n    while True: journal.append(EventKind.FACT, {'some': 'thing'})\n"
        "except FleetkitError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert "cannot be written" in done.stdout, done.stderr
    assert len(check_chain(tmp_path)) == 1000 // len((tmp_path / "journal.jsonl").read_bytes().splitlines()[0])
    write_journal(tmp_path, EventKind.FACT)
    check_chain(tmp_path)


def test_nothing_follows_the_last_event_and_who_tries_is_warned(tmp_path):
    signer = ensure_signing_key(tmp_path / "home")
    journal = JournalWriter(tmp_path)
    end = journal.finish({"outcome": "done"}, signer=signer)
    with pytest.warns(RuntimeWarning, match="the run is closed, and 'fact observed' is not in its record"):
        journal.append(EventKind.FACT, {})
    journal.sign(signer)
    journal.close()
    assert [event.kind for event in check_chain(tmp_path)] == [EventKind.FINISHED, EventKind.SIGNATURE]
    assert (end.lines, end.kind) == (2, EventKind.SIGNATURE)
    assert end.sha256 == hash_line((tmp_path / "journal.jsonl").read_bytes().splitlines()[-1])


def test_it_is_signed_while_it_grows_and_not_while_it_does_not(tmp_path):
    signer = ensure_signing_key(tmp_path / "home")
    journal = JournalWriter(tmp_path)
    signing = BatchSigner(journal, signer, every_s=0.01)
    for number in range(3):
        journal.append(EventKind.FACT, {"number": number})
        while list(read_journal(tmp_path))[-1].kind is not EventKind.SIGNATURE:
            pass
    signing.close()
    journal.close()
    events = check_chain(tmp_path)
    assert [event.kind for event in events] == [EventKind.FACT, EventKind.SIGNATURE] * 3
    for event in events[1::2]:
        assert signature_holds(event.data, event.prev, verify_signature)
        assert not signature_holds({**event.data, "of": "0" * 64}, "0" * 64, verify_signature)


@pytest.mark.parametrize(
    "data", [{}, {"public_key": 1, "signature": ""}, {"public_key": "rsa:x", "signature": "AAAA"}, {"signature": "é"}]
)
def test_what_is_no_signature_signs_nothing(data):
    assert not signature_holds({"public_key": "ed25519:AAAA", "of": "f", **data}, "f", verify_signature)
