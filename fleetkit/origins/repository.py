"""A folder of a git repository at one commit, fetched by the git program with the user's own keys and helpers.

What a repository holds is somebody else's text: none of its hooks, links or submodules is followed, and its address
may only be one whose other end proves itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fleetkit.core import NotFoundError, ServiceError, SettingsError

__all__ = ["RepositoryPlace", "fetch_repository_folder"]

_MARK = "git+"
_SCHEMES = ("https", "ssh", "file")
_REF = re.compile(r"[A-Za-z0-9][\w./-]*")
_LEGAL = "git+https://HOST/PATH@REF#FOLDER, or the same with git+ssh or git+file; REF and FOLDER may be left out"
_BY_HAND = "try git clone by hand: it is asked with your own keys and helpers, and never for a password"
_KEYS_HINT = "give the key by ssh-agent or a credential helper of git, not in the address"
_FIRST_LINES = 4
_NAMED = 20

_SAFE = (
    *(f"-c protocol.{one}.allow=always" for one in _SCHEMES),
    "-c protocol.allow=never",
    "-c core.hooksPath=/dev/null",
    # A link would be followed by whoever reads the folder, out of it and into the user's own files.
    "-c core.symlinks=false",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPlace:
    """A folder of a repository, as pip writes it: ``git+https://host/path.git@v1#units``.

    Attributes
    ----------
    url
        Address of the repository.
    ref
        A branch, a tag or a commit; empty means what the repository itself holds for its main branch.
    folder
        Path in the repository; empty means all of it.
    """

    url: str
    ref: str = ""
    folder: str = ""

    @staticmethod
    def is_one(text: str) -> bool:
        """Return whether a text means a repository, and no path."""
        return text.startswith(_MARK)

    @classmethod
    def parse(cls, text: str) -> RepositoryPlace:
        """Read a place.

        Raises
        ------
        SettingsError
            When it is none, or carries a password.
        """
        address, _, folder = text.removeprefix(_MARK).partition("#")
        parts = urlsplit(address)
        user, has_user, _ = parts.netloc.rpartition("@")
        # A name alone may be a token, but for ssh, where it is an account.
        if has_user and (parts.scheme != "ssh" or ":" in user):
            raise SettingsError(f"{text.replace(user, '…', 1)} carries a password or a token", hint=_KEYS_HINT)
        path, at, ref = parts.path.rpartition("@") if "@" in parts.path else (parts.path, "", "")
        flaw = _find_flaw(parts.scheme, path, ref if at else None, folder)
        if flaw or not cls.is_one(text):
            raise SettingsError(f"{text} is no place in a repository", seen=flaw or "no git+", hint=_LEGAL)
        url = address.removesuffix(f"@{ref}") if at else address
        return cls(url=url, ref=ref, folder=folder.strip("/"))

    @property
    def name(self) -> str:
        """The repository's own name: the last part of its address."""
        return self.url.rstrip("/").rpartition("/")[2].removesuffix(".git")

    def __str__(self) -> str:
        return self.at(self.ref)

    def at(self, ref: str) -> str:
        """Return the same place at another branch, tag or commit."""
        return f"{_MARK}{self.url}{f'@{ref}' if ref else ''}{f'#{self.folder}' if self.folder else ''}"


def _find_flaw(scheme: str, path: str, ref: str | None, folder: str) -> str:
    if scheme not in _SCHEMES:
        return f"the scheme is {scheme!r}"
    if not path.strip("/"):
        return "no path"
    if ref is not None and (not _REF.fullmatch(ref) or ".." in ref):
        return f"the branch, tag or commit is {ref!r}"
    if ".." in folder.split("/") or folder.startswith(("/", "-")):
        return f"the folder is {folder!r}"
    return ""


def fetch_repository_folder(
    place: RepositoryPlace, into: Path, *, environ: Mapping[str, str] | None = None, timeout_s: float = 300.0
) -> str:
    """Fetch a repository and lay the folder that is meant into ``into``.

    Parameters
    ----------
    into
        An empty folder; what is meant lies in ``into / "tree" / place.folder`` afterwards.
    environ
        The environment that git is started with; the process's own where not given.
    timeout_s
        Seconds for each of git's three commands.

    Returns
    -------
    str
        The commit, forty hex digits.

    Raises
    ------
    NotFoundError
        When there is no git on PATH, or the repository has no such branch, tag, commit or folder.
    ServiceError
        When the repository cannot be had: nobody answers in time, or lets us in.
    """
    asked = {
        **(os.environ if environ is None else environ),
        # Nobody sits there to be asked, and what git says is read here.
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }
    asked.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    program = shutil.which("git", path=asked.get("PATH"))
    if program is None:
        raise NotFoundError("there is no git on PATH", hint="install git, or name a folder on this disk")
    bare, tree = into / "repository", into / "tree"
    tree.mkdir()

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        safe = [word for pair in _SAFE for word in pair.split(" ", 1)]
        try:
            return subprocess.run(
                [program, *safe, "--literal-pathspecs", *words],
                env=asked, cwd=into, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ServiceError(
                f"{place.url} was not fetched in time", seen=f"not after {timeout_s:.0f} s", hint="try again"
            ) from error

    cloned = git("clone", "--quiet", "--bare", "--", place.url, str(bare))
    if cloned.returncode:
        raise ServiceError(f"{place.url} cannot be fetched", seen=_first_lines(cloned.stderr), hint=_BY_HAND)
    inside = ("--git-dir", str(bare))
    found = git(*inside, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{place.ref or 'HEAD'}^{{commit}}")
    if found.returncode:
        listed = git(*inside, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags").stdout.split()
        raise NotFoundError(
            f"{place.url} has no {place.ref or 'commit'}",
            known=[*listed[:_NAMED], *(["…"] if len(listed) > _NAMED else [])],
        )
    commit = found.stdout.strip()
    checked = git(
        *inside, "--work-tree", str(tree), "checkout", "--quiet", "--force", commit, "--", place.folder or "."
    )
    if checked.returncode:
        raise NotFoundError(
            f"{place.url} has no {place.folder or 'file'} at {commit[:12]}", hint=_first_lines(checked.stderr)
        )
    return commit


def _first_lines(text: str) -> str:
    return "; ".join([line for line in map(str.strip, text.splitlines()) if line][:_FIRST_LINES])
