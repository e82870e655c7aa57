"""What Docker reads of registries' credentials is made of a login and a secret, and is a secret itself."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.core import MASK, Redactor, SettingsError
from fleetkit.secrets import RegistryLogin, Secret, render_docker_config, render_dockercfg

PASSWORD = "CANARY-5c3a-9d1e"


def make_login(registry: str = "quay.io", user: str = "ada", password: str | bytes = PASSWORD) -> RegistryLogin:
    content = password.encode() if isinstance(password, str) else password
    return RegistryLogin(registry=registry, user=user, password=Secret(content, name="env:PASSWORD"))


def read(secret: Secret) -> object:
    pieces: list[bytes] = []
    secret.deliver(pieces.append)
    return json.loads(pieces[0])


def test_todays_file_and_the_older_one_hold_the_same_login() -> None:
    auth = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    assert read(render_docker_config([make_login()])) == {"auths": {"quay.io": {"auth": auth}}}
    assert read(render_dockercfg([make_login()])) == {"quay.io": {"auth": auth, "email": ""}}


def test_dockers_own_registry_stands_under_the_address_that_docker_looks_for() -> None:
    found = read(render_docker_config([make_login("docker.io"), make_login("registry.example.com:5000")]))
    assert isinstance(found, dict)
    assert set(found["auths"]) == {"https://index.docker.io/v1/", "registry.example.com:5000"}


def test_the_same_logins_in_another_order_make_the_same_file() -> None:
    logins = [make_login("quay.io"), make_login("ghcr.io")]
    key = b"k" * 16
    assert render_docker_config(logins).fingerprint(key) == render_docker_config(logins[::-1]).fingerprint(key)


def test_neither_login_nor_file_shows_the_password_and_its_encoded_form_is_taken_out_of_texts() -> None:
    login = make_login()
    shown = f"{login!r} {render_docker_config([login])!r} {render_dockercfg([login])!r}"
    assert "CANARY" not in shown
    assert "config.json for quay.io" in shown
    encoded = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    assert MASK in Redactor().redact(f"saw {encoded}")


@pytest.mark.parametrize(
    "registry", ["", "https://quay.io", "quay.io/team", "Quay.io", "-quay.io", "quay.io:", "quay.io:port", "quay io"]
)
def test_a_registry_is_named_as_images_name_it(registry: str) -> None:
    with pytest.raises(SettingsError, match="the name of a registry cannot be used"):
        make_login(registry)


@pytest.mark.parametrize("user", ["", "ada:lovelace", "ada\n", "\x00ada"])
def test_a_user_without_a_colon_is_demanded(user: str) -> None:
    with pytest.raises(SettingsError, match=r"the user of the registry quay\.io cannot be used"):
        make_login(user=user)


@pytest.mark.parametrize("password", [f"{PASSWORD}\n{PASSWORD}", f"{PASSWORD}\x00", b"\xff\xfe\xff\xfe\xff\xfe"])
def test_a_password_of_several_lines_or_that_is_no_text_is_refused_and_not_repeated(password: str | bytes) -> None:
    with pytest.raises(SettingsError, match=r"what env:PASSWORD leads to has several lines, or is no text") as caught:
        make_login(password=password)
    assert "CANARY" not in str(caught.value)


def test_a_registry_twice_or_none_at_all_makes_no_file() -> None:
    with pytest.raises(SettingsError, match=r"quay\.io is named twice"):
        render_docker_config([make_login(), make_login(user="bob")])
    with pytest.raises(SettingsError, match="no registry is named"):
        render_dockercfg([])


_TYPED = st.characters(exclude_categories=("C", "Z"))


@given(
    st.text(_TYPED.filter(lambda one: one != ":"), min_size=1, max_size=20), st.text(_TYPED, min_size=6, max_size=40)
)
def test_any_login_comes_out_of_the_file_as_docker_takes_it_apart(user: str, password: str) -> None:
    found = read(render_docker_config([make_login(user=user, password=password)]))
    assert isinstance(found, dict)
    decoded = base64.b64decode(found["auths"]["quay.io"]["auth"]).decode()
    assert decoded.partition(":")[::2] == (user, password)
