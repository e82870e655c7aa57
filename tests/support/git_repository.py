"""A git repository with unit files, made on the spot by the git program."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.debian_programs import require_program

__all__ = ["GIT_ENVIRON", "UNIT", "git", "make_repository"]

GIT_ENVIRON = {"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
UNIT = "[Service]\nExecStart=/bin/sleep 100000\n"


def git(repository: Path, *words: str) -> str:
    """Run git in a repository, and return what it says."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        [require_program("git"), *who, *words], cwd=repository, env=GIT_ENVIRON, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    """Make one with a unit at tag v1 that was changed on the branch main since, and a link out of it."""
    (folder / "web").mkdir(parents=True)
    git(folder, "init", "--quiet")
    unit = folder / "web" / "web.service"
    unit.write_text(UNIT, encoding="utf-8")
    (folder / "links").mkdir()
    (folder / "links" / "stolen.service").symlink_to("/etc/hostname")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "one")
    git(folder, "tag", "v1")
    unit.write_text(UNIT.replace("100000", "200000"), encoding="utf-8")
    git(folder, "commit", "--quiet", "--all", "--message", "two")
    return folder
