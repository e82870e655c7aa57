"""The CA of a cluster is replaced here in stages, each of which may be cut off and begun again; no key is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fleetkit.core import PreconditionError
from fleetkit.pki import (
    CaStage,
    ClusterPki,
    begin_ca,
    drop_old_ca,
    end_ca,
    ensure_pki,
    is_signed_by,
    promote_ca,
    read_ca_stage,
    renew_leaf,
)
from fleetkit.pki import ca_rotation as module

MEMBERS = {"etcd1": "10.0.0.1"}
ZONE = "demo.internal"
LEAF = "members/etcd1/server"


@pytest.fixture
def pki(tmp_path: Path) -> ClusterPki:
    return ensure_pki(tmp_path / "pki", cluster="demo", members=MEMBERS, dns_zone=ZONE)


def blocks(file: Path) -> list[str]:
    return [f"{part}-----END CERTIFICATE-----\n" for part in file.read_text().split("-----END CERTIFICATE-----\n")[:-1]]


def again(pki: ClusterPki) -> ClusterPki:
    """Check all as a deploy does."""
    return ensure_pki(pki.folder, cluster="demo", members=MEMBERS, dns_zone=ZONE)


def test_both_are_trusted_then_the_new_one_signs_then_it_is_alone_and_the_old_one_is_put_aside(pki: ClusterPki) -> None:
    old, old_key = pki.ca.certificate.read_text(), pki.ca.key.read_text()
    assert read_ca_stage(pki.folder) is CaStage.SETTLED

    begin_ca(pki.folder, cluster="demo")
    assert read_ca_stage(pki.folder) is CaStage.TRUST
    first, second = blocks(pki.ca.certificate)
    assert (first, pki.ca.key.read_text()) == (old, old_key)
    assert again(pki).made == ()

    promote_ca(pki.folder)
    assert read_ca_stage(pki.folder) is CaStage.ISSUE
    assert blocks(pki.ca.certificate) == [second, first]
    assert again(pki).made == ()
    leaf = pki.servers["etcd1"].certificate
    assert is_signed_by(leaf, pki.ca.certificate)
    assert not is_signed_by(leaf, pki.ca.certificate, first_only=True)
    renew_leaf(pki.folder, LEAF, members=MEMBERS, dns_zone=ZONE)
    assert is_signed_by(leaf, pki.ca.certificate, first_only=True)
    for client in pki.clients:
        renew_leaf(pki.folder, f"clients/{client}", members=MEMBERS, dns_zone=ZONE)
    renew_leaf(pki.folder, "members/etcd1/peer", members=MEMBERS, dns_zone=ZONE)

    drop_old_ca(pki.folder)
    assert (read_ca_stage(pki.folder), blocks(pki.ca.certificate)) == (CaStage.DROP, [second])
    end_ca(pki.folder)
    assert read_ca_stage(pki.folder) is CaStage.SETTLED
    assert again(pki).made == ()
    (kept,) = (pki.folder / "retired").glob("*.crt")
    assert (kept.read_text(), kept.with_suffix(".key").read_text()) == (old, old_key)


def test_a_stage_that_was_cut_off_at_any_write_comes_out_the_same_when_it_is_begun_again(
    pki: ClusterPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    write: Callable[..., None] = module.write_private
    old, old_key = pki.ca.certificate.read_text(), pki.ca.key.read_text()

    def cut_off_after(count: int) -> None:
        left = [count]

        def cut(*words: object) -> None:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            write(*words)

        monkeypatch.setattr(module, "write_private", cut)

    steps: dict[str, Callable[[], None]] = {
        "trust": lambda: begin_ca(pki.folder, cluster="demo"),
        "issue": lambda: promote_ca(pki.folder),
    }
    for stage, step in steps.items():
        for count in range(5):
            cut_off_after(count)
            try:
                step()
            except KeyboardInterrupt:
                continue
            break
        monkeypatch.setattr(module, "write_private", write)
        step()
        assert read_ca_stage(pki.folder) == stage
        assert len(blocks(pki.ca.certificate)) == 2
        assert again(pki).made == ()
    (kept,) = (pki.folder / "retired").glob("*.crt")
    assert (kept.read_text(), kept.with_suffix(".key").read_text()) == (old, old_key)
    assert blocks(pki.ca.certificate)[1] == old


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_an_end_that_was_cut_off_is_taken_up_and_the_next_replacement_makes_a_ca_of_its_own(
    pki: ClusterPki, monkeypatch: pytest.MonkeyPatch, removed: int
) -> None:
    begin_ca(pki.folder, cluster="demo")
    promote_ca(pki.folder)
    drop_old_ca(pki.folder)
    unlink: Callable[..., None] = Path.unlink
    left = [removed]

    def cut(file: Path, **words: bool) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        unlink(file, **words)

    monkeypatch.setattr(Path, "unlink", cut)
    with pytest.raises(KeyboardInterrupt):
        end_ca(pki.folder)
    monkeypatch.setattr(Path, "unlink", unlink)
    assert read_ca_stage(pki.folder) is CaStage.DROP

    end_ca(pki.folder)
    assert read_ca_stage(pki.folder) is CaStage.SETTLED
    key = pki.ca.key.read_text()
    begin_ca(pki.folder, cluster="demo")
    assert len(blocks(pki.ca.certificate)) == 2
    promote_ca(pki.folder)
    assert pki.ca.key.read_text() != key


def test_a_mark_that_says_nothing_is_refused(pki: ClusterPki) -> None:
    (pki.folder / "ca.stage").write_text("half way\n")
    with pytest.raises(PreconditionError, match="how far the rotation of the CA is: 'half way'"):
        read_ca_stage(pki.folder)
