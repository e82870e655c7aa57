"""Signing by a key that lies elsewhere: nobody waits for it, and what it could not sign is told and counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.runs_journals import check_chain
from support.service_signers import ServiceSigner

from fleetkit.pki import verify_signature
from fleetkit.runs.journal import CheckedJournal, EventKind, JournalWriter, check_journal

FACT, FINISHED, SIGNATURE, UNSIGNED = EventKind.FACT, EventKind.FINISHED, EventKind.SIGNATURE, EventKind.UNSIGNED


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalWriter]:
    writer = JournalWriter(tmp_path)
    yield writer
    writer.close()


def kinds(folder: Path) -> list[EventKind]:
    return [event.kind for event in check_chain(folder)]


def check(folder: Path) -> CheckedJournal:
    return check_journal(folder, verify=verify_signature)


def sign_slowly(journal: JournalWriter, signer: ServiceSigner) -> threading.Thread:
    """Begin to sign with a key that does not answer yet; it does once ``answers`` is set."""
    signer.answers.clear()
    signer.asked.clear()
    thread = threading.Thread(target=journal.sign, args=(signer,))
    thread.start()
    assert signer.asked.wait(30)
    return thread


def test_nobody_waits_for_a_key_that_takes_its_time_and_its_signature_counts_for_what_it_names(
    journal: JournalWriter, tmp_path: Path
) -> None:
    signer = ServiceSigner()
    journal.append(FACT, {})
    signing = sign_slowly(journal, signer)
    # Were the journal held meanwhile, this would wait for an answer that comes after it only.
    journal.append(FACT, {})
    other = JournalWriter(tmp_path)
    other.append(FACT, {})
    other.close()
    signer.answers.set()
    signing.join()
    assert kinds(tmp_path) == [FACT, FACT, FACT, SIGNATURE]
    checked = check(tmp_path)
    assert (checked.signed, checked.lines, checked.flaws) == (1, 4, [])
    # What came between is the next one's.
    journal.sign(signer)
    checked = check(tmp_path)
    assert (checked.signed, checked.lines, checked.flaws) == (5, 5, [])
    journal.sign(signer)
    assert len(kinds(tmp_path)) == 5
    assert signer.calls == 2


def test_an_end_that_is_reached_meanwhile_is_followed_by_its_own_signature_alone(
    journal: JournalWriter, tmp_path: Path
) -> None:
    signer, quick = ServiceSigner(), ServiceSigner()
    journal.append(FACT, {})
    signing = sign_slowly(journal, signer)
    journal.finish({}, signer=quick)
    signer.answers.set()
    signing.join()
    assert kinds(tmp_path) == [FACT, FINISHED, SIGNATURE]
    assert (check(tmp_path).signed, check(tmp_path).flaws) == (3, [])


def test_that_nobody_could_sign_is_told_once_and_a_later_signature_covers_it(
    journal: JournalWriter, tmp_path: Path
) -> None:
    signer = ServiceSigner()
    signer.away = "no route to host"
    for _ in range(3):
        journal.append(FACT, {})
        journal.sign(signer)
    assert kinds(tmp_path) == [FACT, UNSIGNED, FACT, FACT]
    told = check_chain(tmp_path)[1].data
    assert told["public_key"] == signer.public_key
    assert told["why"] == journal.unsigned == "cannot ask AWS for a signature by the key: no route to host"
    assert (check(tmp_path).signed, check(tmp_path).unsigned) == (0, told)
    signer.away = ""
    journal.sign(signer)
    assert journal.unsigned == ""
    checked = check(tmp_path)
    assert (checked.signed, checked.lines, checked.unsigned, checked.flaws) == (5, 5, None, [])
    # The next time that it is away is told anew.
    signer.away = "no route to host"
    journal.append(FACT, {})
    journal.sign(signer)
    assert kinds(tmp_path)[-2:] == [FACT, UNSIGNED]


def test_it_is_tried_again_although_nothing_new_was_written(journal: JournalWriter) -> None:
    signer = ServiceSigner()
    signer.away = "no route to host"
    journal.append(FACT, {})
    for _ in range(3):
        journal.sign(signer)
    assert signer.calls == 3


def test_an_end_that_nobody_could_sign_is_written_with_the_reason(journal: JournalWriter, tmp_path: Path) -> None:
    signer = ServiceSigner()
    journal.append(FACT, {})
    journal.sign(signer)
    signer.away = "AccessDenied"
    end = journal.finish({}, signer=signer)
    assert kinds(tmp_path) == [FACT, SIGNATURE, FINISHED, UNSIGNED]
    assert (end.lines, end.kind) == (4, UNSIGNED)
    assert journal.unsigned.endswith("AccessDenied")
    checked = check(tmp_path)
    assert (checked.signed, checked.lines, checked.flaws) == (2, 4, [])


def test_a_signature_that_names_a_line_that_is_signed_already_or_none_at_all_is_found(tmp_path: Path) -> None:
    for number, of in enumerate(("first", "nowhere")):
        folder = tmp_path / str(number)
        folder.mkdir()
        journal, signer = JournalWriter(folder), ServiceSigner()
        journal.append(FACT, {})
        journal.sign(signer)
        known = check_chain(folder)[1].data
        journal.append(SIGNATURE, known if of == "first" else {**known, "of": "0" * 64})
        journal.close()
        assert [flaw.what for flaw in check(folder).flaws] == ["this is no signature of the lines before it"]
