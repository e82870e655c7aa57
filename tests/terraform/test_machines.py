"""What machines are told at their first boot: judged by Ignition's own validator, by systemd, by bash, and by eye."""

from __future__ import annotations

import base64
import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.debian_programs import require_program
from support.terraform_offline import TERRAFORM, OfflineTerraform

pytestmark = pytest.mark.sandbox

UNITS = TERRAFORM / "modules" / "user_data" / "units"
FLATCAR = ("master", "internal", "public", "deploy")

_CONFIGURATION = """
module "machine" {
  source   = "./user_data"
  for_each = {
    bastion  = null
    deploy   = null
    internal = { start = "04:00", length = "1h" }
    master   = null
    public   = { start = "Sun 02:00", length = "1h30m" }
  }

  bucket        = "fleetkit-a2345678901234567890-123456789012-ap-southeast-2"
  manifest      = "roles/${each.key}/a-member-with-a-long-name/manifest"
  reboot_window = each.value
  region        = "ap-southeast-2"
  role          = each.key
}

output "texts" { value = { for role, machine in module.machine : role => machine.text } }
"""


@pytest.fixture(scope="module")
def texts(offline: OfflineTerraform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Render the user data of every role."""
    folder = tmp_path_factory.mktemp("user_data")
    shutil.copytree(TERRAFORM / "modules" / "user_data", folder / "user_data")
    (folder / "main.tf").write_text(_CONFIGURATION)
    offline.run(folder, "init", "-input=false")
    offline.run(folder, "apply", "-auto-approve", "-input=false")
    rendered: dict[str, str] = json.loads(offline.run(folder, "output", "-json", "texts").stdout)
    return rendered


def files(text: str) -> dict[str, str]:
    """Return path → content of the files of an Ignition configuration."""
    return {
        file["path"]: base64.b64decode(file["contents"]["source"].removeprefix("data:;base64,")).decode()
        for file in json.loads(text)["storage"]["files"]
    }


def problems_of(config: dict[str, Any]) -> list[str]:
    """Check an Ignition 3.3 document as far as we use it; a second opinion where the validator is not installed."""
    allowed = {
        "": {"ignition", "storage", "systemd"},
        "ignition": {"version"},
        "storage": {"directories", "files"},
        "directories": {"path", "mode", "user", "group"},
        "files": {"path", "mode", "overwrite", "contents"},
        "contents": {"source"},
        "systemd": {"units"},
        "units": {"name", "enabled", "mask", "contents", "dropins"},
        "dropins": {"name", "contents"},
        "user": {"id"},
        "group": {"id"},
    }
    problems: list[str] = []

    def walk(name: str, value: Any) -> None:
        if isinstance(value, dict) and name in allowed:
            problems.extend(f"{name}: unknown field {key}" for key in value.keys() - allowed[name])
            for key, inner in value.items():
                walk(key, inner)
        elif isinstance(value, list):
            labels = [inner.get("path") or inner.get("name") for inner in value]
            problems.extend(f"{name}: {label} is there twice" for label in set(labels) if labels.count(label) > 1)
            for inner in value:
                walk(name, inner)
        elif name == "path" and not str(value).startswith("/"):
            problems.append(f"{value} is no absolute path")
        elif name == "mode" and not 0 <= value <= 0o777:
            problems.append(f"mode {value} is none")

    walk("", config)
    if config["ignition"]["version"] != "3.3.0":
        problems.append("the version is not 3.3.0")
    return problems


@pytest.mark.parametrize("role", FLATCAR)
class TestIgnition:
    def test_passes_the_validator(self, texts: dict[str, str], role: str, tmp_path: Path) -> None:
        validator = require_program("ignition-validate")
        (tmp_path / "config.ign").write_text(texts[role])
        done = subprocess.run([validator, str(tmp_path / "config.ign")], capture_output=True, text=True)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")

    def test_has_no_field_that_3_3_does_not_know(self, texts: dict[str, str], role: str) -> None:
        assert problems_of(json.loads(texts[role])) == []

    def test_fits_with_the_longest_names(self, texts: dict[str, str], role: str) -> None:
        assert len(texts[role].encode()) < 14000  # of 16384; the rest is room to grow

    def test_waits_for_nothing_and_carries_no_secret(self, texts: dict[str, str], role: str) -> None:
        sources = [file["contents"]["source"] for file in json.loads(texts[role])["storage"]["files"]]
        assert all(source.startswith("data:;base64,") for source in sources)
        assert not any(re.search(r"PRIVATE KEY|password *=", text) for text in files(texts[role]).values())

    def test_scripts_are_sound(self, texts: dict[str, str], role: str) -> None:
        scripts = {path: text for path, text in files(texts[role]).items() if text.startswith("#!")}
        assert "/opt/bin/fleetkit-fetch" in scripts
        for text in scripts.values():
            judge_script(text)

    def test_ssh_starts_after_the_host_key_is_there(self, texts: dict[str, str], role: str) -> None:
        units = {unit["name"]: unit for unit in json.loads(texts[role])["systemd"]["units"]}
        assert units["sshd.socket"]["mask"]
        assert units["sshd.service"]["enabled"]
        assert "After=fleetkit-fetch.service" in units["sshd.service"]["dropins"][0]["contents"]
        config = files(texts[role])["/etc/ssh/sshd_config"].splitlines()
        assert [line for line in config if line.startswith("HostKey")] == [
            "HostKey /etc/ssh/fleetkit/ssh_host_ed25519_key"
        ]
        assert {"PasswordAuthentication no", "PermitRootLogin no", "AllowUsers core"} <= set(config)

    def test_only_workers_reboot_and_only_in_their_window(self, texts: dict[str, str], role: str) -> None:
        settings = files(texts[role])["/etc/flatcar/update.conf"]
        masked = [unit["name"] for unit in json.loads(texts[role])["systemd"]["units"] if unit.get("mask")]
        if role in ("internal", "public"):
            assert re.search(r"^LOCKSMITHD_REBOOT_WINDOW_START=(04:00|Sun 02:00)$", settings, re.MULTILINE)
            assert "locksmithd.service" not in masked
        else:
            assert settings == "REBOOT_STRATEGY=off\n"
            assert "locksmithd.service" in masked


def judge_script(text: str) -> None:
    """Let bash read a script, and shellcheck where it is installed."""
    assert subprocess.run(["/bin/bash", "-n"], input=text, text=True, capture_output=True).stderr == ""
    assert re.search(r"^set -e?uo pipefail$", text, re.MULTILINE)
    if shellcheck := shutil.which("shellcheck"):
        done = subprocess.run([shellcheck, "-"], input=text, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout


def test_the_bastion_s_script_is_sound_and_writes_the_same_fetch_script(texts: dict[str, str]) -> None:
    judge_script(texts["bastion"])
    fetch = files(texts["master"])["/opt/bin/fleetkit-fetch"]
    assert f"<<'FLEETKIT_FETCH'\n{fetch}FLEETKIT_FETCH\n" in texts["bastion"]
    assert len(texts["bastion"].encode()) < 14000


def test_the_bastion_forwards_and_nothing_more(texts: dict[str, str]) -> None:
    lines = set(texts["bastion"].splitlines())
    assert {
        "AllowTcpForwarding yes",
        "AllowAgentForwarding no",
        "X11Forwarding no",
        "PasswordAuthentication no",
    } <= lines
    assert "HostKey /etc/ssh/fleetkit/ssh_host_ed25519_key" in lines


class TestUnits:
    WHOLE = sorted(path.name for path in UNITS.iterdir() if path.is_file())

    def test_systemd_understands_them_all(self, tmp_path: Path) -> None:
        analyze = require_program("systemd-analyze")
        for name in self.WHOLE:
            # The programs are not here: only the form is judged.
            text = re.sub(r"^(Exec\w+=-?)/\S+", r"\1/bin/true", (UNITS / name).read_text(), flags=re.MULTILINE)
            (tmp_path / name).write_text(text)
        for name in ("coreos-metadata.service", "docker.service", "systemd-journal-gatewayd.service"):
            (tmp_path / name).write_text("[Service]\nExecStart=/bin/true\n")  # Flatcar's own
        done = subprocess.run(
            [analyze, "verify", "--man=no", *(str(tmp_path / name) for name in self.WHOLE)],
            capture_output=True,
            text=True,
            env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        )
        ours = [line for line in done.stderr.splitlines() if any(name in line for name in self.WHOLE)]
        assert (done.returncode, ours) == (0, []), done.stderr

    @pytest.mark.parametrize("name", ["etcd-member", "fleet", "fleetkit-install-fleet", "fleetkit-deploy"])
    def test_who_needs_fetched_files_waits_for_them(self, name: str) -> None:
        unit = read_unit(f"{name}.service")
        assert "fleetkit-fetch.service" in unit["Unit"]["After"].split()
        assert "fleetkit-fetch.service" in unit["Unit"]["Wants"].split()

    @pytest.mark.parametrize("name", ["etcd-member", "fleet", "fleetkit-install-fleet", "fleetkit-fetch"])
    def test_whose_first_start_fails_is_started_again(self, name: str) -> None:
        service = read_unit(f"{name}.service")["Service"]
        assert service["Restart"] == ("on-failure" if service.get("Type") == "oneshot" else "always")
        # Five starts in ten seconds, and systemd would give up.
        assert int(service["RestartSec"]) * 5 > 10

    def test_etcd_sees_its_files_where_the_machine_has_them(self) -> None:
        command = read_unit("etcd-member.service")["Service"]["ExecStart"]
        mounts = re.findall(r"-v (\S+):(\S+):(ro|rw)", command)
        assert mounts == [("/etc/etcd/pki",) * 2 + ("ro",), ("/var/lib/etcd",) * 2 + ("rw",)]
        assert "--env-file /etc/etcd/etcd.env" in command
        assert command.endswith("${ETCD_IMAGE} /usr/local/bin/etcd")

    def test_fleet_listens_on_no_port(self) -> None:
        assert read_unit("fleet.socket")["Socket"]["ListenStream"] == "/run/fleet.sock"


def read_unit(name: str) -> configparser.ConfigParser:
    """Read a unit file; where a setting is there twice, the last one is kept."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNITS / name)
    return unit
