"""Units that run, and are asked whether they serve: what a rule asks of each, and who has no good answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fleetkit.fleet import (
    DesiredState,
    Health,
    JudgedInstance,
    ProbeKind,
    ProbeRule,
    ServiceInstance,
    ServiceOptions,
    UnitVerdict,
    judge_instances,
    list_unit_instances,
)
from fleetkit.workflows._asking_services import ask_services
from fleetkit.workflows._unit_changes import UnitChange
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows.way_in import WayIn

__all__ = ["UnitProbes", "find_probe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitProbes:
    """Asks units whether they serve.

    Attributes
    ----------
    rule
        Which are asked, and how.
    way
        The way in to their cluster, while it is open; None where their machines are dialled from here.
    """

    rule: ProbeRule
    way: WayIn | None

    def find_silent(self, changes: Iterable[UnitChange], reading: UnitReading) -> dict[str, str]:
        """Return who of those that run does not serve, to what was asked and what was answered.

        What has come to its end has nobody who could answer, and is not asked; a global unit serves once it does so on
        each of its machines.
        """
        instances = [one for change in changes for one in self._list_instances(change, reading)]
        answers = ask_services([one for one in instances if one.is_asked], way=self.way)
        silent: dict[str, list[JudgedInstance]] = {}
        for judged in judge_instances(instances, answers):
            if judged.health is not Health.HEALTHY:
                silent.setdefault(judged.instance.unit, []).append(judged)
        return {name: "; ".join(map(_tell, found)) for name, found in silent.items()}

    def _list_instances(self, change: UnitChange, reading: UnitReading) -> tuple[ServiceInstance, ...]:
        service = find_probe(change, self.rule)
        unit, status = reading.find_unit(change.name), reading.find_status(change.name)
        if service is None or unit is None or status is None or status.verdict is not UnitVerdict.RUNNING:
            return ()
        return list_unit_instances(unit, status, reading.machines, service=service)


def find_probe(change: UnitChange, rule: ProbeRule) -> ServiceOptions | None:
    """Return what a unit is asked once it runs; None where it is not asked, or is not to run."""
    return rule.find_service(change.name, change.text) if change.desired is DesiredState.LAUNCHED else None


def _tell(judged: JudgedInstance) -> str:
    one = judged.instance
    place = f"{one.address}:{one.port}"
    asked = f"http://{place}{one.probe.path}" if one.probe.kind is ProbeKind.HTTP else f"a connection to {place}"
    could = "cannot be asked" if judged.health is Health.UNKNOWN else "does not serve"
    return f"{could} ({asked}: {judged.reason})"
