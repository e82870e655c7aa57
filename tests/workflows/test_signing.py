"""Who signs: one key for records and approvals, in the operator's folder or in KMS, and none that was not tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from moto import mock_aws
from support.approvals import FakePlan, Somebody, make_basis
from support.aws_moto import REGION, emulated_aws

from fleetkit.aws import AwsSession, open_session
from fleetkit.config import Approval, ApprovalKind, Settings
from fleetkit.core import ApprovalMissingError, AwsError, SettingsError
from fleetkit.pki import ensure_signing_key, verify_signature
from fleetkit.sandbox.aws.patches import SIGNING_KEYS, applied
from fleetkit.workflows import open_signer
from fleetkit.workflows._signed_approval import SignedApproval
from fleetkit.workflows.approval import ApprovalWay, approve


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as opened:
        yield opened


def make_key(session: AwsSession, spec: str = "ECC_NIST_P256") -> str:
    return str(session.client("kms").create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"])


def settings(folder: Path, key: str = "") -> Settings:
    return Settings.from_environment({"FLEETKIT_HOME": str(folder / "home"), "FLEETKIT_SIGNING_KEY": key})


def test_without_a_setting_it_is_the_key_in_the_operators_folder(tmp_path: Path) -> None:
    signer = open_signer(settings(tmp_path))
    assert signer.public_key == ensure_signing_key(tmp_path / "home").public_key


def test_a_key_in_kms_signs_in_its_place_and_none_is_made_here(session: AwsSession, tmp_path: Path) -> None:
    signer = open_signer(settings(tmp_path, f"awskms:{make_key(session)}"))
    assert signer.public_key.startswith("p256:")
    assert verify_signature(signer.public_key, b"said", signer.sign(b"said"))
    assert not (tmp_path / "home").exists()


def test_an_arn_leads_to_its_own_region_and_an_alias_to_that_of_the_environment(
    session: AwsSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = make_key(session)
    session.client("kms").create_alias(AliasName="alias/records", TargetKeyId=arn)
    with pytest.raises(AwsError, match="name a region: AWS_REGION"):
        open_signer(settings(tmp_path, "awskms:alias/records"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    expected = open_signer(settings(tmp_path, "awskms:alias/records")).public_key
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert open_signer(settings(tmp_path, f"awskms:{arn}")).public_key == expected


def test_a_key_of_another_kind_is_refused(session: AwsSession, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ECC_NIST_P384"):
        open_signer(settings(tmp_path, f"awskms:{make_key(session, 'ECC_NIST_P384')}"))


def test_one_whose_signatures_do_not_verify_is_found_before_anything_is_signed(tmp_path: Path) -> None:
    # Such a KMS is at hand: the emulation by itself signs the digest of the digest.
    tells_alone = replace(SIGNING_KEYS, replacements=SIGNING_KEYS.replacements[1:])
    with applied(tells_alone), mock_aws():
        arn = make_key(open_session(REGION))
        with pytest.raises(AwsError, match="does not verify") as caught:
            open_signer(settings(tmp_path, f"awskms:{arn}"))
    assert arn in str(caught.value)


def test_an_approval_that_kms_signed_holds_and_changed_it_does_not(session: AwsSession, tmp_path: Path) -> None:
    ada = Somebody.called("ada", tmp_path)
    bob = Somebody("bob", open_signer(settings(tmp_path, f"awskms:{make_key(session)}")))
    rules = Approval(required=ApprovalKind.SIGNED, keys=(ada.entry, bob.entry), distinct=True)
    plan = FakePlan(rules=rules, basis=make_basis(ada))
    assert plan.basis is not None
    given = bob.approve(plan.basis)
    file = tmp_path / "approval.json"
    text = json.dumps(given.to_json())
    file.write_text(text, encoding="utf-8")
    approved = approve(plan, str(file))
    assert (approved.way, approved.signed) == (ApprovalWay.FILE, given)
    assert SignedApproval.from_json(json.loads(text)) == given
    file.write_text(text.replace(f'"arn": "{bob.person.arn}"', f'"arn": "{ada.person.arn}"'), encoding="utf-8")
    with pytest.raises(ApprovalMissingError, match="its signature does not hold"):
        approve(plan, str(file))
