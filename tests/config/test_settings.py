"""Settings: one table, read, refused and documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleetkit.config import SETTINGS, BucketAddress, KmsKey, Settings, render_settings_table, unknown_settings
from fleetkit.core import SettingsError

ROOT = Path(__file__).parents[2]


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({"HOME": "/home/ada"})
    assert settings.address_url == "https://checkip.amazonaws.com"
    assert settings.registry_url == "https://quay.io"
    assert settings.archive_url == "https://github.com/coreos/fleet/releases/download"
    assert settings.ssh_config == Path("/home/ada/.ssh/config")
    assert settings.home == Path("/home/ada/.config/fleetkit")
    assert (settings.cluster, settings.terraform, settings.terraform_provider) == (None, None, None)


def test_what_the_environment_says_holds_and_an_empty_variable_says_nothing() -> None:
    settings = Settings.from_environment(
        {
            "FLEETKIT_CLUSTER": "demo",
            "FLEETKIT_TERRAFORM": "/opt/terraform",
            "FLEETKIT_TERRAFORM_PROVIDER": "",
            "FLEETKIT_REGISTRY_URL": "http://127.0.0.1:5000/",
        }
    )
    assert settings.cluster == "demo"
    assert settings.terraform == Path("/opt/terraform")
    assert settings.terraform_provider is None
    assert settings.registry_url == "http://127.0.0.1:5000"


@pytest.mark.parametrize("text", ["ftp://host/", "host", "http://", "http://host:port/", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused_by_its_variable(text: str) -> None:
    with pytest.raises(SettingsError, match="FLEETKIT_ADDRESS_URL"):
        Settings.from_environment({"FLEETKIT_ADDRESS_URL": text})


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("", None),
        ("s3://records-of-ada", BucketAddress(name="records-of-ada")),
        ("s3://records/team/a/", BucketAddress(name="records", prefix="team/a")),
    ],
)
def test_records_are_sent_to_a_bucket_that_is_named(text: str, bucket: BucketAddress | None) -> None:
    assert Settings.from_environment({"FLEETKIT_RUNS": text}).runs == bucket


@pytest.mark.parametrize("text", ["s3://", "s3:///prefix", "s3://UPPER/x", "https://records", "s3://a", "records"])
def test_a_place_for_records_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="FLEETKIT_RUNS"):
        Settings.from_environment({"FLEETKIT_RUNS": text})


KEY_ID = "0d990263-018e-4e65-a703-eff731de951e"
ARN = f"arn:aws:kms:eu-west-1:123456789012:key/{KEY_ID}"
ALIAS_ARN = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:alias/records/team-a"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", None),
        (f"awskms:{KEY_ID}", KmsKey(name=KEY_ID)),
        ("awskms:mrk-1234abcd12ab34cd56ef1234567890ab", KmsKey(name="mrk-1234abcd12ab34cd56ef1234567890ab")),
        ("awskms:alias/records", KmsKey(name="alias/records")),
        (f"awskms:{ARN}", KmsKey(name=ARN, region="eu-west-1")),
        (f"awskms:{ALIAS_ARN}", KmsKey(name=ALIAS_ARN, region="us-gov-west-1")),
    ],
)
def test_a_key_in_kms_is_named_by_arn_id_or_alias(text: str, key: KmsKey | None) -> None:
    assert Settings.from_environment({"FLEETKIT_SIGNING_KEY": text}).signing_key == key


@pytest.mark.parametrize(
    "text",
    [
        "records",
        "alias/records",
        "awskms:",
        "awskms:records",
        "awskms:alias/",
        "awskms:alias/a b",
        f"awskms:key/{KEY_ID}",
        f"kms:{KEY_ID}",
        "awskms:arn:aws:iam::123456789012:user/ada",
        f"{ARN}",
    ],
)
def test_what_names_no_key_is_refused_and_the_way_to_name_one_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="FLEETKIT_SIGNING_KEY names no key") as caught:
        Settings.from_environment({"FLEETKIT_SIGNING_KEY": text})
    assert repr(text) in str(caught.value)


def test_a_misspelt_variable_is_noticed_with_what_was_meant() -> None:
    unknown = unknown_settings(
        {"FLEETKIT_TERAFORM": "x", "FLEETKIT_CLUSTER": "demo", "FLEETKIT_ZZZ": "", "PATH": "/bin"}
    )
    assert unknown == {"FLEETKIT_TERAFORM": "FLEETKIT_TERRAFORM", "FLEETKIT_ZZZ": None}


def test_the_page_documents_every_setting() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert render_settings_table() in page


def test_no_other_module_reads_a_setting_and_none_is_undocumented() -> None:
    known = {setting.name for setting in SETTINGS}
    readers: dict[str, set[str]] = {}
    for file in sorted((ROOT / "fleetkit").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for name in re.findall(r"""(?:environ|getenv)\S*?[\[(]\s*["'](FLEETKIT_\w+)["']""", text):
            readers.setdefault(name, set()).add(str(file.relative_to(ROOT)))
    assert {name: files for name, files in readers.items() if files != {"fleetkit/config/settings.py"}} == {}
    assert set(readers) <= known


def test_those_who_share_a_rate_take_their_turns_in_the_operators_folder() -> None:
    settings = Settings.from_environment({"FLEETKIT_AWS_RATE": "2.5", "FLEETKIT_HOME": "/srv/ada"})
    assert settings.aws_rate == 2.5
    assert settings.aws_rate_folder == Path("/srv/ada/aws-rate")
    assert settings.aws_tally is None
    named = {"FLEETKIT_AWS_RATE_FOLDER": "~/turns", "FLEETKIT_AWS_TALLY": "/srv/ada/tally", "HOME": "/home/ada"}
    settings = Settings.from_environment(named)
    assert (settings.aws_rate, settings.aws_rate_folder) == (None, Path("/home/ada/turns"))
    assert settings.aws_tally == Path("/srv/ada/tally")


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "fast", "1e9", "5/s"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="FLEETKIT_AWS_RATE"):
        Settings.from_environment({"FLEETKIT_AWS_RATE": text})
