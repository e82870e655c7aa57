"""The working copy's files: written when they changed, private where they must be; init only when needed."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from fleetkit.core import BusyError, TerraformError
from fleetkit.terraform import BinaryOrigin, LocalBackend, S3Backend, TerraformBinary, WorkingCopy
from fleetkit.terraform._files import DEFAULT_PROVIDER, read_note
from fleetkit.terraform._lock import held_folder

S3 = S3Backend(bucket="states", key="demo/terraform.tfstate", region="us-west-2")


class Place:
    """A working copy whose Terraform is a script that notes how it was called and makes ``.terraform``."""

    def __init__(self, folder: Path) -> None:
        self.modules = folder / "modules"
        self.folder = folder / "clusters" / "demo" / "terraform"
        self.calls = folder / "calls"
        self.environ = {"PATH": os.environ["PATH"]}
        for name in ("main.tf", "modules/etcd/main.tf", "modules/etcd/unit.tftpl"):
            self.write(name, f"# {name}\n")
        program = folder / "terraform"
        program.write_text(f'#!/bin/sh\necho "$@" >> {self.calls}\nmkdir -p .terraform\n', encoding="utf-8")
        program.chmod(0o755)
        self.binary = TerraformBinary(path=program, version="1.11.4", origin=BinaryOrigin.PATH)

    def write(self, name: str, text: str) -> None:
        path = self.modules / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def prepare(self, variables: dict[str, Any] | None = None, **options: Any) -> tuple[tuple[str, ...], bool]:
        copy = WorkingCopy(self.folder, binary=self.binary, environ=self.environ, modules=self.modules)
        done = copy.prepare(variables or {"name": "demo"}, **options)
        return done.written, done.initialised

    @property
    def inits(self) -> list[str]:
        return self.calls.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_first_preparation_lays_everything_and_initialises(place: Place) -> None:
    written, initialised = place.prepare()
    assert set(written) == {
        "main.tf",
        "modules/etcd/main.tf",
        "modules/etcd/unit.tftpl",
        "fleetkit-provider.tf",
        "fleetkit-backend.tf",
        "terraform.tfvars.json",
    }
    assert initialised
    assert place.inits == ["init -json -input=false -reconfigure"]
    assert (place.folder / "fleetkit-provider.tf").read_text(encoding="utf-8") == DEFAULT_PROVIDER
    assert json.loads((place.folder / "terraform.tfvars.json").read_text(encoding="utf-8")) == {"name": "demo"}


def test_the_second_preparation_writes_nothing_and_does_not_initialise(place: Place) -> None:
    place.prepare()
    assert place.prepare() == ((), False)
    assert len(place.inits) == 1


def test_other_values_need_no_initialisation(place: Place) -> None:
    place.prepare()
    assert place.prepare({"name": "other"}) == (("terraform.tfvars.json",), False)


def test_values_are_for_their_owner_alone_whatever_the_umask_and_whatever_was_there(place: Place) -> None:
    before = os.umask(0)
    try:
        place.prepare()
        file = place.folder / "terraform.tfvars.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
        file.chmod(0o644)
        place.prepare()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_changed_module_is_copied_and_initialises_again(place: Place) -> None:
    place.prepare()
    place.write("modules/etcd/main.tf", "# new\n")
    assert place.prepare() == (("modules/etcd/main.tf",), True)


def test_a_template_is_copied_without_initialising(place: Place) -> None:
    place.prepare()
    place.write("modules/etcd/unit.tftpl", "new\n")
    assert place.prepare() == (("modules/etcd/unit.tftpl",), False)


def test_a_module_that_is_gone_is_taken_away_and_nothing_else_is(place: Place) -> None:
    place.prepare()
    state = place.folder / "terraform.tfstate"
    state.write_text("{}", encoding="utf-8")
    (place.modules / "modules/etcd/unit.tftpl").unlink()
    assert place.prepare()[0] == ("modules/etcd/unit.tftpl",)
    assert not (place.folder / "modules/etcd/unit.tftpl").exists()
    assert state.exists()


def test_what_was_edited_in_the_copy_is_put_right(place: Place) -> None:
    place.prepare()
    (place.folder / "main.tf").write_text("# tampered\n", encoding="utf-8")
    assert place.prepare()[0] == ("main.tf",)


def test_tests_examples_and_leftovers_of_runs_are_not_copied(place: Place) -> None:
    for name in (
        "examples/a/main.tf",
        "tests/a.tftest.hcl",
        ".terraform/x",
        "terraform.tfstate",
        "README.md",
        "my.tfvars",
    ):
        place.write(name, "x")
    written, _ = place.prepare()
    assert len(written) == 6


def test_a_provider_file_stands_in_for_the_default_block(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "provider.tf"
    other.write_text("# mine\n", encoding="utf-8")
    place.prepare()
    assert place.prepare(provider_file=other) == (("fleetkit-provider.tf",), True)
    assert (place.folder / "fleetkit-provider.tf").read_text(encoding="utf-8") == "# mine\n"
    with pytest.raises(TerraformError, match=r"none\.tf cannot be read"):
        place.prepare(provider_file=tmp_path / "none.tf")


def test_another_version_or_another_source_of_providers_initialises_again(place: Place, tmp_path: Path) -> None:
    place.prepare()
    place.environ["TF_CLI_CONFIG_FILE"] = str(tmp_path / "rc")
    (tmp_path / "rc").write_text("disable_checkpoint = true\n", encoding="utf-8")
    assert place.prepare()[1]
    assert not place.prepare()[1]
    place.binary = TerraformBinary(path=place.binary.path, version="1.12.0", origin=BinaryOrigin.PATH)
    assert place.prepare()[1]


def test_a_provider_that_is_only_linked_to_and_gone_initialises_again(place: Place, tmp_path: Path) -> None:
    place.prepare()
    link = place.folder / ".terraform" / "providers" / "aws"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "mirror")
    assert place.prepare()[1]


def test_a_failed_initialisation_is_tried_again(place: Place) -> None:
    good = place.binary.path.read_text(encoding="utf-8")
    place.binary.path.write_text("#!/bin/sh\necho 'Error: no luck' >&2\nexit 1\n", encoding="utf-8")
    with pytest.raises(TerraformError, match="no luck"):
        place.prepare()
    place.binary.path.write_text(good, encoding="utf-8")
    assert place.prepare()[1]


def test_a_state_is_never_left_behind_by_a_new_backend(place: Place) -> None:
    place.prepare()
    (place.folder / "terraform.tfstate").write_text("{}", encoding="utf-8")
    with pytest.raises(TerraformError, match="lies in a file in the working copy, and the cluster file now says s3://"):
        place.prepare(backend=S3)
    place.prepare(backend=S3, move_state=True)
    assert place.inits[-1] == "init -input=false -no-color -migrate-state -force-copy"
    with pytest.raises(TerraformError, match=r"lies in s3://states/demo/terraform\.tfstate"):
        place.prepare(backend=LocalBackend())


def test_without_a_state_the_backend_may_change(place: Place) -> None:
    place.prepare()
    assert place.prepare(backend=S3)[1]


def test_the_same_bucket_at_another_address_is_the_same_state(place: Place) -> None:
    place.prepare(backend=S3Backend(bucket="b", key="k", region="r", endpoint_url="http://127.0.0.1:1"))
    place.prepare(backend=S3Backend(bucket="b", key="k", region="r", endpoint_url="http://127.0.0.1:2"))
    assert place.inits[-1] == "init -json -input=false -reconfigure"


def test_a_state_in_s3_is_locked_and_encrypted_and_its_names_are_quoted() -> None:
    text = S3Backend(bucket='a"${x}', key="k", region="r").render()
    assert "use_lockfile = true" in text
    assert "encrypt      = true" in text
    assert r'bucket       = "a\"$${x}"' in text
    assert "endpoints" not in text


def test_a_damaged_note_costs_an_initialisation_and_nothing_else(place: Place) -> None:
    place.prepare()
    (place.folder / ".fleetkit.json").write_text("{", encoding="utf-8")
    assert read_note(place.folder) == {}
    assert place.prepare() == ((), True)


def test_plans_that_nobody_applied_within_a_day_are_removed(place: Place) -> None:
    place.prepare()
    old, new = (place.folder / "plans" / f"{name}.tfplan" for name in ("old", "new"))
    old.parent.mkdir()
    for path in (old, new):
        path.write_text("secret", encoding="utf-8")
    os.utime(old, (0, 0))
    place.prepare()
    assert (old.exists(), new.exists()) == (False, True)


def test_while_one_works_in_the_folder_another_is_told_who(place: Place) -> None:
    place.prepare()
    with held_folder(place.folder, doing="terraform apply"), pytest.raises(BusyError) as caught:
        place.prepare()
    assert "terraform apply by" in str(caught.value)
    assert f"process {os.getpid()}" in str(caught.value)
    assert place.prepare() == ((), False)


def test_a_folder_that_cannot_be_written_is_named(place: Place) -> None:
    place.folder.parent.mkdir(parents=True)
    place.folder.write_text("", encoding="utf-8")
    with pytest.raises(TerraformError, match="cannot be written") as caught:
        place.prepare()
    assert str(place.folder) in str(caught.value)


def test_a_full_disk_is_told_as_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fleetkit.terraform._files.os.open", fail)
    with pytest.raises(TerraformError, match="the disk is full") as caught:
        place.prepare()
    assert "free some space" in (caught.value.hint or "")


def test_a_missing_configuration_of_terraform_itself_is_a_warning_of_the_copy(place: Place) -> None:
    environ = {**place.environ, "TF_CLI_CONFIG_FILE": "/nowhere/rc"}
    copy = WorkingCopy(place.folder, binary=place.binary, environ=environ)
    assert copy.warnings == ("TF_CLI_CONFIG_FILE names /nowhere/rc, which is not there: Terraform runs without it",)
