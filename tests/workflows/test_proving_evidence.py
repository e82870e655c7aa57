"""An archive proves itself to whoever has it and the keys; whatever anybody changed is found, and named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.evidence_world import World, approved, pack, sign_anew, unpack, write_run, write_world
from support.service_signers import ServiceSigner

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.runs import ProofState
from fleetkit.runs.evidence import Manifest
from fleetkit.workflows import EvidenceProof, prove_evidence

FIRST, SECOND = "20260302T040506Z-50-audit-cluster", "20260305T040506Z-12-deploy-cluster"
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = write_world(tmp_path_factory.mktemp("world"))
    world.make()
    return world


@pytest.fixture
def files(world: World) -> Files:
    return unpack(world.folder / "march.zip")


def prove(world: World, path: Path | None = None, *, keys: list[str] | None = None) -> EvidenceProof:
    return prove_evidence(path or world.folder / "march.zip", keys=world.keys if keys is None else keys)


def told(proof: EvidenceProof) -> str:
    return "\n".join(map(str, proof.flaws))


def test_an_untouched_archive_is_proven_with_all_that_it_holds(world: World) -> None:
    proof = prove(world)
    assert (proof.outcome, proof.flaws, proof.remarks) == ("done", (), ())
    assert proof.signed_by == world.ada.signer.public_key
    assert [one.state for one in proof.records] == [ProofState.CLOSED] * 4
    assert "proven: march.zip, 4 records of demo from 2026-03-01T00:00:00Z" in str(proof)


def test_the_archive_of_a_key_in_kms_is_proven_alike(world: World, tmp_path: Path) -> None:
    signer = ServiceSigner()
    path = world.make(tmp_path / "kms.zip", signer=signer).path
    assert prove(world, path, keys=[signer.public_key, *world.keys]).outcome == "done"
    assert "none of the keys that were given signed it" in told(prove(world, path))


def _tamper(name: str, *, at: float = 0.5) -> Callable[[Files], Iterator[tuple[str, bytes]]]:
    def change(files: Files) -> Iterator[tuple[str, bytes]]:
        for one, content in files.items():
            place = int(len(content) * at)
            yield one, content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :] if one == name else content

    return change


def _swap(files: Files) -> Iterator[tuple[str, bytes]]:
    for name, content in files.items():
        other = name.replace(FIRST, "?").replace(SECOND, FIRST).replace("?", SECOND)
        yield name, files.get(other, content)


def _forge(files: Files) -> Iterator[tuple[str, bytes]]:
    yield from sign_anew({**files, f"records/{FIRST}/report.html": b"<p>all is well"}, ServiceSigner()).items()


CHANGES: dict[str, tuple[Callable[[Files], object], str]] = {
    "a byte of a report": (_tamper(f"records/{FIRST}/report.html"), f"records/{FIRST}/report.html: it was changed"),
    "a byte of a journal": (_tamper(f"records/{SECOND}/journal.jsonl"), f"records/{SECOND}/journal.jsonl: it was"),
    "a byte of a table": (_tamper("findings.csv"), "findings.csv: it was changed: its sha256 is"),
    "a byte of the index page": (_tamper("index.html"), "index.html: it was changed"),
    "a byte of the manifest": (_tamper("manifest.json"), "manifest.json: none of the keys that were given signed it"),
    "a byte of the signature": (_tamper("manifest.sig"), "manifest.json: none of the keys that were given signed it"),
    "a file made longer": (
        lambda files: {**files, "runs.csv": files["runs.csv"] + b"x"}.items(),
        "runs.csv: it was changed: it has",
    ),
    "a record taken out": (
        lambda files: ((name, content) for name, content in files.items() if FIRST not in name),
        f"records/{FIRST}/run.json: it was removed: it is missing",
    ),
    "a file taken out": (
        lambda files: ((name, content) for name, content in files.items() if name != "approvals.json"),
        "approvals.json: it was removed: it is missing",
    ),
    "the manifest taken out": (
        lambda files: ((name, content) for name, content in files.items() if name != "manifest.json"),
        "manifest.json: it is missing",
    ),
    "the signature taken out": (
        lambda files: ((name, content) for name, content in files.items() if name != "manifest.sig"),
        "manifest.sig: it is missing",
    ),
    "a record put in": (
        lambda files: [("records/20260303T040506Z-50-audit-cluster/run.json", b"{}"), *files.items()],
        "records/20260303T040506Z-50-audit-cluster/run.json: it was added: manifest.json does not name it",
    ),
    "a file put in": (lambda files: [*files.items(), ("note.txt", b"x")], "note.txt: it was added"),
    "two records swapped": (_swap, f"records/{FIRST}/journal.jsonl: it was changed"),
    "files re-ordered": (
        lambda files: sorted(files.items(), reverse=True),
        "the files were re-ordered: waivers.json stands in its place",
    ),
    "all of it made anew with another key": (_forge, "none of the keys that were given signed it"),
    "a manifest without end": (lambda files: {**files, "manifest.json": b"[" * 200_000}.items(), "none of the keys"),
    "a manifest that is too large": (
        lambda files: {**files, "manifest.json": b"\x00" * (1 << 26) + b"x"}.items(),
        "manifest.json: it is larger than any may be",
    ),
    "nothing": (lambda _files: [], "manifest.json: it is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "what"), CHANGES.values(), ids=CHANGES)
def test_whatever_was_changed_is_found_and_named(
    world: World, files: Files, tmp_path: Path, change: Callable[[Files], object], what: str
) -> None:
    proof = prove(world, pack(tmp_path / "a.zip", change(files)))  # type: ignore[arg-type]  # pairs of any kind
    assert proof.outcome == "failed"
    assert what in told(proof)


def test_a_flipped_byte_anywhere_is_found(world: World, tmp_path: Path) -> None:
    content = (world.folder / "march.zip").read_bytes()
    path, unseen = tmp_path / "a.zip", []
    for place in range(0, len(content), len(content) // 150):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        if prove(world, path).outcome != "failed":
            unseen.append(place)
    assert unseen == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_off_archive_is_found(world: World, tmp_path: Path, share: float) -> None:
    content = (world.folder / "march.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content[: int(len(content) * share)])
    proof = prove(world, tmp_path / "a.zip")
    assert proof.outcome == "failed"
    assert "cut off" in told(proof)
    assert "nothing else was looked at" in str(proof)


def test_a_key_that_stands_in_the_archive_alone_vouches_for_nothing(world: World) -> None:
    proof = prove(world, keys=[world.bob.signer.public_key])
    assert (proof.outcome, proof.manifest, proof.signed_by) == ("failed", None, "")
    assert f"it says that it was signed by {world.ada.signer.public_key}" in told(proof)


def test_what_stands_in_an_archive_that_nobody_vouches_for_moves_no_cursor(
    world: World, files: Files, tmp_path: Path
) -> None:
    claimed = replace(Manifest.from_bytes(files["manifest.json"]), public_key="\x1b[2J\x1b[Hproven: march.zip")
    proof = prove(world, pack(tmp_path / "a.zip", {**files, "manifest.json": claimed.to_bytes()}.items()))
    assert (proof.outcome, proof.manifest) == ("failed", None)
    assert told(proof).isprintable()


def test_a_manifest_with_a_letter_that_none_has_is_a_flaw_and_no_crash(
    world: World, files: Files, tmp_path: Path
) -> None:
    content = re.sub(rb'"sha256": "[0-9a-f]', '"sha256": "ä'.encode(), files["manifest.json"], count=1)
    proof = prove(world, pack(tmp_path / "a.zip", {**files, "manifest.json": content}.items()))
    assert (proof.outcome, proof.manifest) == ("failed", None)
    assert "it says that it was signed by nobody" in told(proof)


def test_a_record_and_an_approval_that_none_of_the_given_keys_signed_are_named(world: World) -> None:
    proof = prove(world, keys=[world.ada.signer.public_key])
    assert proof.outcome == "failed"
    approval, journal = map(str, proof.flaws)
    assert approval.startswith(f"records/{SECOND}, the approval of the plan abababababab: it is signed by ")
    assert journal.startswith("records/20260309T040506Z-50-audit-cluster, journal.jsonl: it is signed by ")


@pytest.mark.parametrize("name", ["journal.jsonl", "run.json", "report.html", "notebook.ipynb"])
def test_a_record_that_its_packer_changed_is_broken_though_the_archive_is_signed(
    world: World, files: Files, tmp_path: Path, name: str
) -> None:
    changed = dict(_tamper(f"records/{FIRST}/{name}")(files))
    proof = prove(world, pack(tmp_path / "a.zip", sign_anew(changed, world.ada.signer).items()))
    assert proof.outcome == "failed"
    assert all(one.where.startswith(f"records/{FIRST}, ") for one in proof.flaws)
    assert proof.signed_by


def test_a_record_of_which_the_manifest_does_not_tell_is_never_passed_over(
    world: World, files: Files, tmp_path: Path
) -> None:
    kept = [one for one in prove(world).manifest.records if one.id != FIRST]  # type: ignore[union-attr]
    changed = sign_anew(files, world.ada.signer, records=tuple(kept))
    proof = prove(world, pack(tmp_path / "a.zip", changed.items()))
    assert f"records/{FIRST}/run.json: it is of no record that manifest.json tells of" in told(proof)


@pytest.mark.parametrize("name", ["..", "../../up", "a/b", "/root"])
def test_a_manifest_leads_nowhere_else(world: World, files: Files, tmp_path: Path, name: str) -> None:
    (one, *rest) = prove(world).manifest.records  # type: ignore[union-attr]
    changed = sign_anew(files, world.ada.signer, records=(replace(one, id=name), *rest))
    proof = prove(world, pack(tmp_path / "a.zip", changed.items()))
    assert "nothing may be called" in told(proof)
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_a_record_that_is_told_of_twice_is_told_and_not_counted_twice(
    world: World, files: Files, tmp_path: Path
) -> None:
    (one, *rest) = prove(world).manifest.records  # type: ignore[union-attr]
    changed = sign_anew(files, world.ada.signer, records=(one, one, *rest))
    assert f"the record {one.id} is named twice" in told(prove(world, pack(tmp_path / "a.zip", changed.items())))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"signature": "AAAA"}, "its signature does not hold"),
        ({"expires_at": "2031-01-01T00:00:00Z"}, "its signature does not hold"),
        ({"more": "than that"}, "it is no approval"),
        ({"by": {"arn": "arn:aws:iam::123456789012:user/eve", "public_key": "none"}}, "its signature does not hold"),
    ],
)
def test_an_approval_that_does_not_hold_is_named(tmp_path: Path, changes: dict[str, object], what: str) -> None:
    """A journal tells what was handed to it: who runs things can record an approval that nobody gave."""
    world = write_world(tmp_path)
    folder = write_run(world.runs, world.ada.signer, *approved(world.ada, world.bob, day=7, **changes), day=7)
    world.make()
    proof = prove(world)
    assert proof.outcome == "failed"
    (flaw,) = proof.flaws
    assert flaw.where == f"records/{folder.name}, the approval of the plan abababababab"
    assert flaw.what.startswith(what)


def test_what_was_missing_or_open_when_it_was_made_is_told_again(tmp_path: Path) -> None:
    world = write_world(tmp_path)
    killed = write_run(world.runs, world.ada.signer, day=20, closes=False)
    assert world.make().outcome == "findings"
    proof = prove(world)
    assert (proof.outcome, proof.flaws) == ("findings", ())
    assert proof.remarks == (f"open: {killed.name}: nothing vouches for its end",)


def test_what_was_broken_when_it_was_made_is_told_as_that(tmp_path: Path) -> None:
    world = write_world(tmp_path)
    (world.runs / "demo" / FIRST / "report.html").write_text("<p>all is well")
    assert world.make().outcome == "failed"
    proof = prove(world)
    assert proof.outcome == "failed"
    assert f"broken already when the archive was made: {FIRST}" in proof.remarks


def test_neither_an_archive_that_is_not_there_nor_no_key_is_taken_for_a_proof(world: World, tmp_path: Path) -> None:
    for path in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(NotFoundError, match="there is no archive"):
            prove(world, path)
    with pytest.raises(SettingsError, match="no key was given"):
        prove(world, keys=[])


def test_proving_leaves_nothing_behind(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    assert prove(world).outcome == "done"
    assert list(room.iterdir()) == []
    shutil.rmtree(room)
