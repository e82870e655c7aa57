"""Where unit files lie, which of them is meant by a name, and which are enabled.

The administrator's (/etc) come before those made at run time (/run) and those of the image.
Drop-ins of all three are read, those of one file name from the first place that has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fleetkit.sandbox.machine.systemd.text import Assignment, Settings, parse_unit_text
from fleetkit.sandbox.machine.systemd.unit import Unit, name_unknown, split_name

__all__ = ["KINDS", "UnitMaskedError", "UnitNotFoundError", "UnitStore"]

KINDS = ("service", "socket", "target")
"""Kinds of units that are started; those of another kind are named when somebody wants them."""

_ADMINISTRATOR = Path("/etc/systemd/system")
_RUNTIME = Path("/run/systemd/system")


class UnitNotFoundError(LookupError):
    """No file describes the unit."""


class UnitMaskedError(LookupError):
    """The unit is masked: a link to /dev/null stands in its place."""


class UnitStore:
    """Reads units from the machine's disk; what was read is remembered until `reload`.

    Parameters
    ----------
    image
        Folder of the units that the machine's image brings.
    """

    def __init__(self, *, image: Path, root: Path = Path("/")) -> None:
        self.administrator = root / _ADMINISTRATOR.relative_to("/")
        self._folders = (self.administrator, root / _RUNTIME.relative_to("/"), image)
        self._root = root
        self._known: dict[str, Unit] = {}

    def reload(self) -> None:
        """Forget what was read, so that the next look sees the files as they are now."""
        self._known.clear()

    def load(self, name: str) -> Unit:
        """Return the unit of that name.

        Raises
        ------
        UnitNotFoundError
            When no file describes it.
        UnitMaskedError
            When it is masked.
        """
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def names(self) -> list[str]:
        """Return the names of all unit files, templates too, sorted."""
        found = {path.name for folder in self._folders if folder.is_dir() for path in folder.iterdir()}
        return sorted(name for name in found if name.rpartition(".")[2] in (*KINDS, "timer", "mount", "path"))

    def is_masked(self, name: str) -> bool:
        """Say whether a link to /dev/null stands in the unit's place."""
        path = self._find(name)
        return path is not None and path.is_symlink() and str(path.readlink()) == "/dev/null"

    def linked(self, name: str, link_kind: str) -> list[str]:
        """Return the units linked to ``name`` by its ``.wants`` or ``.requires`` folder, sorted."""
        found: set[str] = set()
        for folder in self._folders:
            links = folder / f"{name}.{link_kind}"
            if links.is_dir():
                found.update(path.name for path in links.iterdir())
        return sorted(found)

    def is_enabled(self, name: str) -> str:
        """Return ``enabled``, ``disabled``, ``static`` or ``masked``, as ``systemctl is-enabled`` does."""
        if self.is_masked(name):
            return "masked"
        unit = self.load(name)
        links = self._install_links(unit)
        if not links:
            return "static"
        return "enabled" if any(link.is_symlink() for link in links) else "disabled"

    def enable(self, name: str) -> bool:
        """Make the links that ``[Install]`` asks for, and return False where it asks for none."""
        links = self._install_links(self.load(name))
        for link in links:
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                # Through the name, not the place: the file may lie with the image, outside this folder.
                link.symlink_to(f"../{name}" if link.parent != self.administrator else name)
        return bool(links)

    def disable(self, name: str) -> None:
        """Take away the links that `enable` makes."""
        for link in self._install_links(self.load(name)):
            link.unlink(missing_ok=True)

    def mask(self, name: str) -> None:
        """Put a link to /dev/null in the unit's place."""
        self.administrator.mkdir(parents=True, exist_ok=True)
        path = self.administrator / name
        if path.exists() and not path.is_symlink():
            raise FileExistsError(f"Failed to mask unit: File {path} already exists.")
        path.unlink(missing_ok=True)
        path.symlink_to("/dev/null")
        self.reload()

    def unmask(self, name: str) -> None:
        """Take away the link that `mask` makes."""
        path = self.administrator / name
        if path.is_symlink() and str(path.readlink()) == "/dev/null":
            path.unlink()
        self.reload()

    def _install_links(self, unit: Unit) -> list[Path]:
        links: list[Path] = []
        for key, kind in (("WantedBy", "wants"), ("RequiredBy", "requires")):
            targets = unit.settings.words("Install", key)
            links += [self.administrator / f"{target}.{kind}" / unit.name for target in targets]
        links += [self.administrator / alias for alias in unit.settings.words("Install", "Alias")]
        return links

    def _find(self, name: str) -> Path | None:
        for folder in self._folders:
            path = folder / name
            if path.is_symlink() or path.is_file():
                return path
        return None

    def _read(self, name: str) -> Unit:
        prefix, instance = split_name(name)
        template = f"{prefix}@.{name.rpartition('.')[2]}" if instance else None
        path = self._find(name) or (self._find(template) if template else None)
        if path is None:
            raise UnitNotFoundError(f"Unit {name} not found.")
        if path.is_symlink():
            target = path.readlink()
            if str(target) == "/dev/null":
                raise UnitMaskedError(f"Unit {name} is masked.")
            if target.name != path.name:
                return self.load(target.name)
            path = self._root / str(target).lstrip("/")
            if not path.is_file():
                raise UnitNotFoundError(f"Unit {name} not found: its link leads to {target}, which is not there.")
        assignments: list[Assignment] = []
        warnings: list[str] = []
        for source in (path, *self._drop_ins(filter(None, (name, template)))):
            found, said = parse_unit_text(source.read_text(encoding="utf-8"), source=str(source))
            assignments += found
            warnings += said + name_unknown(Settings(found), source=str(source))
        return Unit(name=name, path=str(path), settings=Settings(assignments), warnings=tuple(warnings))

    def _drop_ins(self, names: Iterable[str]) -> list[Path]:
        found: dict[str, Path] = {}
        for name in names:
            for folder in self._folders:
                for path in sorted((folder / f"{name}.d").glob("*.conf")):
                    found.setdefault(path.name, path)
        return [found[key] for key in sorted(found)]
