"""Who runs this process."""

from __future__ import annotations

import getpass
import os
import pwd

import pytest

from fleetkit.core import current_user

NAME_VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")


def test_an_account_goes_by_its_name(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    assert current_user() == "ada"


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 4711"), OSError("No username set")])
def test_a_number_without_a_name_goes_by_its_number(monkeypatch, error):
    def refuse(_number):
        raise error

    for variable in NAME_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", refuse)
    with pytest.raises(type(error)):
        getpass.getuser()
    assert current_user() == f"uid {os.getuid()}"
