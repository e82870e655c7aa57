"""The words of OpenSSH's client are understood by it, and pin the keys of both machines."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from support.debian_programs import require_program

from fleetkit.ssh import SshTarget, ssh_command

KNOWN = Path("/clusters/a b/known_hosts")
TARGET = SshTarget(host="10.10.3.100", user="core", port=2222)
BASTION = SshTarget(host="203.0.113.9", user="ubuntu")


def understood(words: tuple[str, ...]) -> dict[str, str]:
    """Return what ssh makes of its words, without connecting."""
    require_program("ssh-agent")
    said = subprocess.run([words[0], "-G", *words[1:]], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return dict(line.split(" ", 1) for line in said.stdout.splitlines() if " " in line)


def test_the_machine_is_logged_in_to_through_the_bastion_with_both_keys_pinned(tmp_path: Path) -> None:
    key = tmp_path / "mine"
    key.touch()
    target = replace(TARGET, key_file=key)
    told = understood(ssh_command(target, known_hosts_file=KNOWN, config_file=Path("/dev/null"), via=BASTION))
    assert (told["hostname"], told["user"], told["port"]) == ("10.10.3.100", "core", "2222")
    assert (told["stricthostkeychecking"], told["hostkeyalias"]) == ("true", "10.10.3.100")
    assert (told["identityfile"], told["identitiesonly"]) == (str(key), "yes")
    assert told["userknownhostsfile"] == "/clusters/a b/known_hosts"
    assert (told["globalknownhostsfile"], told["controlmaster"]) == ("/dev/null", "false")
    assert "controlpath" not in told
    way = told["proxycommand"]
    assert "StrictHostKeyChecking=yes" in way
    assert "HostKeyAlias=203.0.113.9" in way
    assert way.endswith("-W '[%h]:%p' ubuntu@203.0.113.9")


@pytest.mark.parametrize(
    ("command", "last"), [((), "core@10.10.3.100"), (("echo", "a b", "$HOME"), "echo 'a b' '$HOME'")]
)
def test_a_command_reaches_the_other_side_word_by_word(command: tuple[str, ...], last: str) -> None:
    assert ssh_command(TARGET, known_hosts_file=KNOWN, command=command)[-1] == last
