"""What ssh_config says of a machine, and which keys are tried."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest
from support.ssh_server import make_key

from fleetkit.core import SettingsError
from fleetkit.ssh import HostKey, KnownHosts, SshAccess, SshLimits, SshTarget, list_login_keys
from fleetkit.ssh._config import Route, resolve_route

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def resolve(tmp_path: Path, text: str, target: SshTarget, *known: str) -> Route:
    config = tmp_path / "config"
    config.write_text(text, encoding="utf-8")
    return resolve_route(target, SshAccess(known_hosts=KnownHosts.from_lines(known), config_file=config))


def test_without_a_config_the_target_is_dialled_as_it_is() -> None:
    route = resolve_route(SshTarget(host="203.0.113.9"), SshAccess(known_hosts=KnownHosts()))
    assert (route.host, route.port, route.user, route.jump) == ("203.0.113.9", 22, getpass.getuser(), None)
    assert route.host_keys == ()
    assert route.agent == "all"


def test_what_the_config_says_is_taken(tmp_path: Path) -> None:
    text = (
        "Host bastion\n HostName 203.0.113.9\n Port 2222\n User deploy\n IdentityFile ~/.ssh/demo\n IdentitiesOnly yes"
    )
    route = resolve(tmp_path, text, SshTarget(host="bastion"), f"bastion {KEY}")
    assert (route.host, route.port, route.user) == ("203.0.113.9", 2222, "deploy")
    assert route.key_files == (Path("~/.ssh/demo").expanduser(),)
    assert route.agent == "matching"
    assert route.host_keys == (HostKey.from_line(KEY),)
    assert route.shown == "bastion (203.0.113.9:2222)"


def test_what_the_caller_says_wins(tmp_path: Path) -> None:
    target = SshTarget(host="bastion", port=22, user="ubuntu", key_file=Path("/keys/one"))
    route = resolve(tmp_path, "Host *\n Port 2222\n User other\n IdentityFile ~/x", target)
    assert (route.port, route.user, route.key_files, route.named) == (22, "ubuntu", (Path("/keys/one"),), True)


def test_an_alias_decides_under_which_name_the_key_is_pinned(tmp_path: Path) -> None:
    text = "Host bastion\n HostName 127.0.0.1\n HostKeyAlias demo-bastion"
    assert resolve(tmp_path, text, SshTarget(host="bastion"), f"bastion {KEY}").host_keys == ()
    assert len(resolve(tmp_path, text, SshTarget(host="bastion"), f"demo-bastion {KEY}").host_keys) == 1


def test_jump_hosts_are_a_chain_that_leads_to_the_machine(tmp_path: Path) -> None:
    text = "Host bastion\n ProxyJump first,porter@second:2022\nHost second\n HostName 198.51.100.2"
    route = resolve(tmp_path, text, SshTarget(host="bastion"))
    assert route.jump is not None
    assert (route.jump.host, route.jump.port, route.jump.user) == ("198.51.100.2", 2022, "porter")
    assert route.jump.jump is not None
    assert route.jump.jump.host == "first"


def test_a_jump_in_a_circle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="in a circle"):
        resolve(tmp_path, "Host a\n ProxyJump b\nHost b\n ProxyJump a", SshTarget(host="a"))


def test_a_proxy_command_is_refused_instead_of_being_left_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ProxyCommand, which is not supported"):
        resolve(tmp_path, "Host *\n ProxyCommand nc %h %p", SshTarget(host="a"))
    assert resolve(tmp_path, "Host *\n ProxyCommand none", SshTarget(host="a")).jump is None


def test_included_files_are_read(tmp_path: Path, hidden_operator: Path) -> None:
    folder = hidden_operator / ".ssh" / "more.d"
    folder.mkdir(parents=True)
    (folder / "a").write_text("Host bastion\n  Port 2200\n", encoding="utf-8")
    assert resolve(tmp_path, "Include more.d/*\nHost bastion\n Port 1", SshTarget(host="bastion")).port == 2200


@pytest.mark.parametrize("text", ["Host *\n Port many", "\x01"])
def test_a_config_that_cannot_be_applied_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        resolve(tmp_path, text, SshTarget(host="a"))


def test_a_config_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    access = SshAccess(known_hosts=KnownHosts(), config_file=tmp_path / "none")
    assert resolve_route(SshTarget(host="a"), access).port == 22


def test_limits_of_nothing_are_refused() -> None:
    with pytest.raises(SettingsError, match="longer than nothing"):
        SshLimits(probe_timeout_s=0)


def offered(key_file: Path | None = None) -> tuple[str, ...]:
    return list_login_keys(SshTarget(host="a", key_file=key_file), SshAccess(known_hosts=KnownHosts()))


def test_the_keys_of_the_home_folder_are_offered_where_none_is_named(hidden_operator: Path) -> None:
    assert offered() == ()
    (hidden_operator / ".ssh").mkdir()
    make_key(hidden_operator / ".ssh" / "id_ed25519")
    public = (hidden_operator / ".ssh" / "id_ed25519.pub").read_text(encoding="ascii")
    assert offered() == (" ".join(public.split()[:2]),)


def test_a_locked_key_and_a_file_that_is_none_are_not_offered(tmp_path: Path) -> None:
    make_key(tmp_path / "locked", passphrase=b"open sesame")
    (tmp_path / "notes").write_text("not a key", encoding="utf-8")
    assert offered(tmp_path / "locked") == ()
    assert offered(tmp_path / "notes") == ()
    with pytest.raises(SettingsError, match="is not there"):
        offered(tmp_path / "none")


def test_every_usual_kind_of_key_is_read(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    keys = {
        "ssh-rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ecdsa-sha2-nistp256": ec.generate_private_key(ec.SECP256R1()),
    }
    for algorithm, key in keys.items():
        for number, layout in enumerate((form.PrivateFormat.OpenSSH, form.PrivateFormat.TraditionalOpenSSL)):
            path = tmp_path / f"{algorithm}-{number}"
            path.write_bytes(key.private_bytes(form.Encoding.PEM, layout, form.NoEncryption()))
            assert offered(path)[0].startswith(algorithm)
