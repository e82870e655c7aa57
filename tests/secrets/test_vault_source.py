"""Secrets out of a real server with Vault's API (OpenBao); the login by AWS is answered by a stand-in before it."""

from __future__ import annotations

import json
import logging
import socket
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import REGION
from support.openbao import ROOT_TOKEN, BaoServer, run_openbao
from support.vault_stub import Answer, AwsLoginStub, serve_tls

from fleetkit.aws import open_session, sign_caller_identity
from fleetkit.core import FleetkitError, NotFoundError, SettingsError, VaultError, parse_reference
from fleetkit.secrets import (
    AppRoleLogin,
    AwsLogin,
    SecretSources,
    SignedIdentity,
    TokenLogin,
    VaultAccess,
    VaultLimits,
    VaultSource,
    resolve_secret,
)

pytestmark = pytest.mark.sandbox

VALUE = "CANARY-5c3a-9d1e"
WRONG = "CANARY-of-a-wrong-one"
BY_TOKEN = TokenLogin(token=parse_reference("env:TOKEN"))
READ_DEMO = 'path "secret/data/demo" { capabilities = ["read"] }'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaoServer]:
    """Run a server with a few secrets: two versions of one, one of an engine of version 1, one below a long mount."""
    with run_openbao(tmp_path_factory.mktemp("bao")) as running:
        with running.as_root() as root:
            for password in ("the-first-value", VALUE):
                write(root, "demo", {"user": "ada", "password": password, "port": 6543210})
            write(root, "single", {"token": VALUE})
            root.secrets.kv.v1.create_or_update_secret("demo/deep", {"password": VALUE}, mount_point="kv1")
            root.sys.enable_secrets_engine("kv", path="team/kv", options={"version": "2"})
            write(root, "a/b", {"password": VALUE}, mount="team/kv")
            root.sys.create_or_update_policy("read-demo", READ_DEMO)
        yield running


def write(root: Any, path: str, fields: Mapping[str, object], *, mount: str = "secret") -> None:
    root.secrets.kv.v2.create_or_update_secret(path, dict(fields), mount_point=mount)


def access_to(server: BaoServer, **changes: Any) -> VaultAccess:
    return replace(VaultAccess(address=server.address, ca_file=server.ca_file, login=BY_TOKEN), **changes)


def resolve(access: VaultAccess, text: str, *, token: str = ROOT_TOKEN) -> bytes:
    pieces: list[bytes] = []
    with VaultSource(access, environ={"TOKEN": token}) as vault:
        resolve_secret(parse_reference(text), SecretSources(vault=vault)).deliver(pieces.append)
    return pieces[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("vault:secret/demo#password", VALUE),
        ("vault:secret/demo#port", "6543210"),
        ("vault:secret/demo?version=1#password", "the-first-value"),
        ("vault:secret/single", VALUE),
        ("vault:kv1/demo/deep#password", VALUE),
        ("vault:team/kv/a/b#password", VALUE),
    ],
)
def test_a_field_is_read_from_engines_of_both_versions_wherever_they_are_mounted(
    server: BaoServer, text: str, value: str
) -> None:
    assert resolve(access_to(server), text) == value.encode()


@pytest.mark.parametrize(
    ("text", "error", "seen"),
    [
        ("vault:secret/none#password", NotFoundError, "Vault does not have the secret vault:secret/none#password"),
        ("vault:kv1/none#password", NotFoundError, "Vault does not have the secret"),
        ("vault:secret/demo?version=9#password", NotFoundError, "Vault does not have the secret"),
        ("vault:secret/demo#pasword", NotFoundError, "known: password, port, user"),
        ("vault:secret/demo", SettingsError, "has 3 fields, and the reference names none.*password, port, user"),
        ("vault:kv1/demo/deep?version=1#password", SettingsError, "has no versions: kv1 is .* of version 1"),
        ("vault:nowhere/demo#password", VaultError, "refused the secret vault:nowhere/demo#password"),
        ("vault:cubbyhole/demo#password", SettingsError, "an engine of kind 'cubbyhole'"),
    ],
)
def test_what_cannot_be_had_is_told_with_its_reference(
    server: BaoServer, text: str, error: type[FleetkitError], seen: str
) -> None:
    with pytest.raises(error, match=seen) as caught:
        resolve(access_to(server), text)
    assert VALUE not in str(caught.value)


def test_a_version_that_was_deleted_is_not_there(server: BaoServer) -> None:
    with server.as_root() as root:
        write(root, "gone", {"password": VALUE})
        root.secrets.kv.v2.delete_latest_version_of_secret("gone")
    with pytest.raises(NotFoundError, match="or that version was deleted"):
        resolve(access_to(server), "vault:secret/gone#password")


def test_a_namespace_is_asked_where_one_is_named(server: BaoServer) -> None:
    with server.as_root() as root:
        root.adapter.post("/v1/sys/namespaces/team-a")
    with server.as_root(namespace="team-a") as inside:
        inside.sys.enable_secrets_engine("kv", path="kv", options={"version": "2"})
        write(inside, "demo", {"password": VALUE}, mount="kv")
    assert resolve(access_to(server, namespace="team-a"), "vault:kv/demo#password") == VALUE.encode()
    with pytest.raises(VaultError):
        resolve(access_to(server), "vault:kv/demo#password")


def make_token(server: BaoServer) -> str:
    with server.as_root() as root:
        return str(root.auth.token.create(policies=["read-demo"])["auth"]["client_token"])


def is_alive(server: BaoServer, token: str) -> bool:
    with server.as_root() as root:
        answer = root.adapter.post("/v1/auth/token/lookup", json={"token": token}, raise_exception=False)
        return isinstance(answer, dict)


def test_a_token_that_was_given_is_left_alone_and_reads_what_its_policies_let_it(server: BaoServer) -> None:
    token = make_token(server)
    assert resolve(access_to(server), "vault:secret/demo#password", token=token) == VALUE.encode()
    assert is_alive(server, token)
    with pytest.raises(VaultError, match=r"(?s)refused .*permission denied.*its policies do not let it read"):
        resolve(access_to(server), "vault:secret/single", token=token)


def test_a_wrong_token_is_refused_and_not_repeated(server: BaoServer) -> None:
    with pytest.raises(VaultError, match="the token is wrong or has ended") as caught:
        resolve(access_to(server), "vault:secret/demo#password", token=WRONG)
    story = "".join(traceback.format_exception(caught.value))
    assert WRONG not in story
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.fixture(scope="module")
def app_role(server: BaoServer) -> tuple[str, str]:
    """Return the id of a role that may read one secret, and a secret id of it."""
    with server.as_root() as root:
        root.sys.enable_auth_method("approle", path="machines")
        root.auth.approle.create_or_update_approle("demo", token_policies=["read-demo"], mount_point="machines")
        role = root.auth.approle.read_role_id("demo", mount_point="machines")["data"]["role_id"]
        secret = root.auth.approle.generate_secret_id("demo", mount_point="machines")["data"]["secret_id"]
    return str(role), str(secret)


def test_an_app_role_signs_in_for_the_block_alone(server: BaoServer, app_role: tuple[str, str]) -> None:
    login = AppRoleLogin(role_id=app_role[0], secret_id=parse_reference("env:TOKEN"), mount="machines")
    with server.as_root() as root:
        before = set(root.list("auth/token/accessors")["data"]["keys"])
    access = access_to(server, login=login)
    with VaultSource(access, environ={"TOKEN": app_role[1]}) as vault:
        sources = SecretSources(vault=vault)
        for _ in range(2):
            resolve_secret(parse_reference("vault:secret/demo#password"), sources)
        with server.as_root() as root:
            assert len(set(root.list("auth/token/accessors")["data"]["keys"]) - before) == 1
    with server.as_root() as root:
        assert set(root.list("auth/token/accessors")["data"]["keys"]) == before


@pytest.mark.parametrize("mount", ["machines", "nowhere"])
def test_a_wrong_secret_id_or_mount_is_refused_and_the_id_is_not_repeated(
    server: BaoServer, app_role: tuple[str, str], mount: str
) -> None:
    login = AppRoleLogin(role_id=app_role[0], secret_id=parse_reference("env:TOKEN"), mount=mount)
    with pytest.raises(VaultError, match=f"refused a token by the login at auth/{mount}") as caught:
        resolve(access_to(server, login=login), "vault:secret/demo#password", token=WRONG)
    assert WRONG not in "".join(traceback.format_exception(caught.value))


def test_a_certificate_of_an_authority_that_nobody_named_is_not_trusted(server: BaoServer, tmp_path: Path) -> None:
    with run_openbao(tmp_path / "other") as other:
        wrong = other.ca_file.read_bytes()
    (tmp_path / "wrong.pem").write_bytes(wrong)
    for ca_file in (None, tmp_path / "wrong.pem"):
        with pytest.raises(VaultError, match=r"(?s)certificate is not trusted.*never left unchecked") as caught:
            resolve(access_to(server, ca_file=ca_file), "vault:secret/demo#password")
        assert not caught.value.transient


def test_a_certificate_for_another_name_is_not_trusted(server: BaoServer) -> None:
    with (
        serve_tls(answer_nothing, certificate=server.certificate, key=server.key, host="127.0.0.2") as address,
        pytest.raises(VaultError, match="not for this name"),
    ):
        resolve(access_to(server, address=address), "vault:secret/demo#password")


def answer_nothing(_method: str, _path: str, _headers: Mapping[str, str], _body: bytes) -> Answer:
    return 200, {"Content-Type": "text/html"}, b"<html>a login page</html>"


def test_what_is_no_vault_is_told_as_such(server: BaoServer) -> None:
    with (
        serve_tls(answer_nothing, certificate=server.certificate, key=server.key) as address,
        pytest.raises(VaultError, match="it answered 200 without JSON"),
    ):
        resolve(access_to(server, address=address), "vault:secret/demo#password")


def test_json_that_is_not_vaults_is_told_as_such(server: BaoServer) -> None:
    def answer(_method: str, _path: str, _headers: Mapping[str, str], _body: bytes) -> Answer:
        return 200, {"Content-Type": "application/json"}, b'{"status": "ok"}'

    with (
        serve_tls(answer, certificate=server.certificate, key=server.key) as address,
        pytest.raises(VaultError, match="JSON without data"),
    ):
        resolve(access_to(server, address=address), "vault:secret/demo#password")


def test_a_token_is_never_sent_on_to_where_an_answer_points(server: BaoServer) -> None:
    asked: list[str] = []

    def send_on(_method: str, path: str, _headers: Mapping[str, str], _body: bytes) -> Answer:
        asked.append(path)
        return 307, {"Location": f"{server.address}{path}"}, b""

    with (
        serve_tls(send_on, certificate=server.certificate, key=server.key) as address,
        pytest.raises(VaultError, match=r"(?s)answered 307, and sends us elsewhere.*the active server"),
    ):
        resolve(access_to(server, address=address), "vault:secret/demo#password")
    assert len(asked) == 1


def test_where_nothing_answers_or_nobody_in_time_that_may_pass(server: BaoServer) -> None:
    quick = VaultLimits(connect_timeout_s=1.0, read_timeout_s=0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(VaultError, match=r"in time|nothing answers") as caught:
            resolve(access_to(server, address=address, limits=quick), "vault:secret/demo#password")
        assert caught.value.transient
    with pytest.raises(VaultError, match="nothing answers there") as refused:
        resolve(access_to(server, address=address, limits=quick), "vault:secret/demo#password")
    assert refused.value.transient


def test_a_sealed_one_says_who_must_unseal_it(tmp_path: Path) -> None:
    with run_openbao(tmp_path / "sealed") as sealed:
        with sealed.as_root() as root:
            root.sys.seal()
        with pytest.raises(VaultError, match=r"(?si)sealed.*unseal it: vault operator unseal") as caught:
            resolve(access_to(sealed), "vault:secret/demo#password")
        assert caught.value.transient


def test_nothing_that_is_logged_holds_a_value_or_a_token(server: BaoServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        resolve(access_to(server), "vault:secret/demo#password")
    assert VALUE not in caplog.text
    assert ROOT_TOKEN not in caplog.text


SERVER_ID = "vault.example.com"


def sign_in_by_aws(
    server: BaoServer, login: AwsLogin, *, secret_keys: Mapping[str, str]
) -> tuple[bytes, AwsLoginStub, str]:
    def sign(region: str, headers: Mapping[str, str]) -> SignedIdentity:
        return sign_caller_identity(open_session(REGION), region=region, headers=headers)

    token = make_token(server)
    stub = AwsLoginStub(server, token=token, secret_keys=secret_keys, server_id=SERVER_ID)
    pieces: list[bytes] = []
    with serve_tls(stub.handle, certificate=server.certificate, key=server.key) as address:
        access = access_to(server, address=address, login=login)
        with VaultSource(access, sign_identity=sign) as vault:
            sources = SecretSources(vault=vault)
            resolve_secret(parse_reference("vault:secret/demo#password"), sources).deliver(pieces.append)
    return pieces[0], stub, token


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
@pytest.mark.parametrize("session_token", ["", "a-session-token"])
def test_whoever_aws_says_that_we_are_signs_in_and_out_again(
    server: BaoServer, monkeypatch: pytest.MonkeyPatch, region: str, session_token: str
) -> None:
    if session_token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", session_token)
    login = AwsLogin(role="deployers", server_id=SERVER_ID, sts_region=region)
    value, stub, token = sign_in_by_aws(server, login, secret_keys={"testing": "testing"})
    assert value == VALUE.encode()
    assert stub.regions == [region]
    assert not is_alive(server, token)


@pytest.mark.parametrize(
    ("login", "keys", "seen"),
    [
        (AwsLogin(role="deployers", server_id=SERVER_ID), {"testing": "another"}, "SignatureDoesNotMatch"),
        (AwsLogin(role="nobody", server_id=SERVER_ID), {"testing": "testing"}, "entry for role nobody not found"),
        (AwsLogin(role="deployers"), {"testing": "testing"}, "X-Vault-AWS-IAM-Server-ID"),
        (AwsLogin(role="deployers", server_id="other"), {"testing": "testing"}, "X-Vault-AWS-IAM-Server-ID"),
    ],
)
def test_what_vault_refuses_of_it_is_told(
    server: BaoServer, login: AwsLogin, keys: Mapping[str, str], seen: str
) -> None:
    with pytest.raises(VaultError, match=seen):
        sign_in_by_aws(server, login, secret_keys=keys)


def test_without_a_session_of_aws_there_is_no_such_login(server: BaoServer) -> None:
    with pytest.raises(SettingsError, match="no session of AWS was handed over"):
        resolve(access_to(server, login=AwsLogin(role="deployers")), "vault:secret/demo#password")


def test_what_signs_is_not_shown() -> None:
    signed = sign_caller_identity(open_session(REGION), headers={"X-Vault-AWS-IAM-Server-ID": SERVER_ID})
    assert "Signature=" in json.dumps(dict(signed.headers))
    assert "Signature=" not in repr(signed)
