"""Which units are listed: by a part of their name, by what has become of them, by the machine that has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fleetkit.core import SettingsError
from fleetkit.fleet import Machine, Unit, UnitStatus, UnitVerdict
from fleetkit.views.units import name_machine

__all__ = ["UnitFilter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFilter:
    """What is asked for; what is empty is not asked for.

    Attributes
    ----------
    name
        A part of the name, in upper or lower case.
    verdict
        What has become of it.
    machine
        Id of the machine that fleet placed it on, or that tells of it.
    """

    name: str = ""
    verdict: UnitVerdict | None = None
    machine: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> UnitFilter:
        """Read one from a form.

        Raises
        ------
        SettingsError
            When there is no such verdict; lists those that there are.
        """
        verdict = asked.get("verdict", "")
        if verdict and verdict not in tuple(UnitVerdict):
            raise SettingsError(f"{verdict!r} is no verdict", hint=f"one of {', '.join(UnitVerdict)}")
        return cls(
            name=asked.get("name", "").strip(),
            verdict=UnitVerdict(verdict) if verdict else None,
            machine=asked.get("machine", ""),
        )

    @property
    def asked(self) -> dict[str, str]:
        """What is asked for, as an address has it."""
        return {
            key: value
            for key, value in (("name", self.name), ("verdict", self.verdict or ""), ("machine", self.machine))
            if value
        }

    def pick(self, statuses: Iterable[UnitStatus], *, units: Iterable[Unit]) -> list[UnitStatus]:
        """Return the units that are asked for.

        Parameters
        ----------
        units
            As fleet tells of them, with where it placed them.
        """
        placed = {one.name: one.machine_id for one in units}
        return [
            one
            for one in statuses
            if self.name.casefold() in one.name.casefold()
            and self.verdict in (None, one.verdict)
            and (not self.machine or self.machine in {placed.get(one.name), *(row.machine_id for row in one.states)})
        ]

    def tell(self, machines: Iterable[Machine]) -> str:
        """Say what is asked for; empty where all are."""
        told = [f"with “{self.name}” in the name"] if self.name else []
        told += [f"that are {self.verdict}"] if self.verdict else []
        told += [f"on {name_machine(self.machine, machines)}"] if self.machine else []
        return ", ".join(told)
