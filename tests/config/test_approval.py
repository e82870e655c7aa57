"""Who may approve, as a right cluster file says it."""

from __future__ import annotations

from support.cluster_files import make_cluster

from fleetkit.config import Approval, ApprovalKind, terraform_variables

ADA = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BOB = "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
EVE = (
    "p256:MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7"
    "LtkBoN79R9Q=="
)


def test_without_the_table_a_name_approves_and_no_key_is_listed() -> None:
    approval = make_cluster().approval
    assert (approval.required, approval.keys, approval.distinct) == (ApprovalKind.NAME, (), False)
    assert approval.owner_of(ADA) is None


def test_a_listed_key_is_known_by_its_owner_and_an_owner_need_not_be_named() -> None:
    approval = Approval(required=ApprovalKind.SIGNED, keys=(f"{ADA} ada of the night shift", BOB), distinct=True)
    assert approval.owner_of(ADA) == "ada of the night shift"
    assert approval.owner_of(BOB) == ""
    assert approval.owner_of(f"{ADA} ada of the night shift") is None


def test_a_key_that_a_service_keeps_is_listed_like_one_in_a_file() -> None:
    cluster = make_cluster(approval={"required": "signed", "keys": [ADA, f"{EVE} eve, by KMS"]})
    assert cluster.approval.owner_of(EVE) == "eve, by KMS"


def test_terraform_is_not_told_who_approves() -> None:
    plain = make_cluster()
    signed = make_cluster(approval={"required": "signed", "keys": [ADA], "distinct": True})
    told = [terraform_variables(one, bucket="b", account_id="123456789012") for one in (plain, signed)]
    assert told[0] == told[1]
    assert signed.approval.distinct
