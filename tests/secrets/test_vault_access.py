"""How Vault is reached is checked before anybody calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.core import NotFoundError, SettingsError, parse_reference
from fleetkit.secrets import AppRoleLogin, TokenLogin, VaultAccess, read_vault_environment

LOGIN = TokenLogin(token=parse_reference("env:VAULT_TOKEN"))


@pytest.mark.parametrize(
    "address",
    [
        "http://vault.example.com:8200",
        "vault.example.com:8200",
        "https://",
        "https://ada:CANARY@vault.example.com",
        "https://vault.example.com/?token=CANARY",
        "",
    ],
)
def test_an_address_without_tls_or_with_more_than_an_address_in_it_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="the address of Vault cannot be used") as caught:
        VaultAccess(address=address, login=LOGIN)
    assert "CANARY" not in str(caught.value)


def test_an_authority_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"is not there: {tmp_path}/ca.pem"):
        VaultAccess(address="https://vault.example.com:8200", login=LOGIN, ca_file=tmp_path / "ca.pem")


@pytest.mark.parametrize("reference", ["vault:kv/token", "ssm:/token", "secretsmanager:token"])
def test_what_opens_vault_lies_on_this_computer(reference: str) -> None:
    with pytest.raises(SettingsError, match=r"write env:NAME or file:/PATH"):
        TokenLogin(token=parse_reference(reference))
    with pytest.raises(SettingsError, match=r"write env:NAME or file:/PATH"):
        AppRoleLogin(role_id="demo", secret_id=parse_reference(reference))


def test_the_variables_of_vaults_own_program_say_how_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    environ = {
        "VAULT_ADDR": "https://vault.example.com:8200",
        "VAULT_NAMESPACE": "team",
        "VAULT_CACERT": str(tmp_path / "ca.pem"),
        "VAULT_TOKEN": "CANARY",
    }
    found = read_vault_environment(environ)
    assert found == VaultAccess(
        address="https://vault.example.com:8200", namespace="team", ca_file=tmp_path / "ca.pem", login=LOGIN
    )
    assert "CANARY" not in repr(found)


def test_without_a_token_it_is_the_one_that_a_login_left_in_the_home_folder() -> None:
    found = read_vault_environment({"VAULT_ADDR": "https://vault.example.com:8200"})
    assert found.login == TokenLogin(token=parse_reference("file:~/.vault-token"))


def test_without_an_address_it_is_said_which_variable_is_missing() -> None:
    with pytest.raises(NotFoundError, match="no VAULT_ADDR"):
        read_vault_environment({})
