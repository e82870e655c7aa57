"""Terraform's environment is the caller's, made fit for automation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fleetkit.core import TerraformError
from fleetkit.terraform._environment import read_cli_configuration, terraform_environment


def test_terraform_never_asks_and_never_calls_home() -> None:
    environ, warnings = terraform_environment({"PATH": "/bin", "AWS_PROFILE": "ops"})
    assert environ == {
        "PATH": "/bin",
        "AWS_PROFILE": "ops",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }
    assert warnings == ()


@pytest.mark.parametrize("name", ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_DATA_DIR", "TF_WORKSPACE"])
def test_what_would_bend_the_command_line_is_removed(name: str) -> None:
    assert name not in terraform_environment({name: "-destroy"})[0]


def test_a_missing_cli_configuration_is_warned_of_once_and_not_by_terraform(tmp_path: Path) -> None:
    environ, warnings = terraform_environment({"TF_CLI_CONFIG_FILE": str(tmp_path / "gone")})
    assert environ["TF_CLI_CONFIG_FILE"] == os.devnull
    assert len(warnings) == 1
    assert str(tmp_path / "gone") in warnings[0]


def test_a_cli_configuration_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "rc"
    path.write_text("disable_checkpoint = true\n", encoding="utf-8")
    environ, warnings = terraform_environment({"TF_CLI_CONFIG_FILE": str(path)})
    assert environ["TF_CLI_CONFIG_FILE"] == str(path)
    assert warnings == ()
    assert read_cli_configuration(environ) == "disable_checkpoint = true\n"


def test_the_configuration_of_the_home_folder_counts_where_none_is_named(tmp_path: Path) -> None:
    (tmp_path / ".terraformrc").write_text("# mine\n", encoding="utf-8")
    assert read_cli_configuration({"HOME": str(tmp_path)}) == "# mine\n"
    assert read_cli_configuration({}) == ""
    assert read_cli_configuration({"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": os.devnull}) == ""


def test_the_plugin_cache_is_honoured_and_made(tmp_path: Path) -> None:
    environ, _ = terraform_environment({"TF_PLUGIN_CACHE_DIR": str(tmp_path / "a" / "cache")})
    assert environ["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / "a" / "cache")
    assert (tmp_path / "a" / "cache").is_dir()


def test_a_plugin_cache_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TerraformError, match=r"plugin cache .*file/cache"):
        terraform_environment({"TF_PLUGIN_CACHE_DIR": str(tmp_path / "file" / "cache")})


def test_terraforms_own_log_is_off_unless_somebody_named_a_file_for_it() -> None:
    assert "TF_LOG" not in terraform_environment({"TF_LOG": "trace"})[0]
    assert terraform_environment({"TF_LOG": "trace", "TF_LOG_PATH": "/x"})[0]["TF_LOG"] == "trace"
