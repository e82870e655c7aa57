"""Which units are asked whether they serve before others take their turn: as each says of itself, or all in one way."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleetkit.core import SettingsError
from fleetkit.fleet.service_options import LISTENING_TYPES, Probe, ProbeKind, ServiceOptions, is_port
from fleetkit.fleet.unit_checks import is_template
from fleetkit.fleet.unit_text import UnitText

__all__ = ["ProbeRule"]

_DECLARED = "declared"
_LEGAL = f"{_DECLARED}, http:8080/health, tcp:8080, or none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRule:
    """Says of each unit whether it is asked, and how.

    Attributes
    ----------
    is_declared
        Whether each unit is asked as its own section [X-Service] says.
    port, probe
        How all others are asked; with the probe ``none`` they are not.
    """

    is_declared: bool = False
    port: int = 0
    probe: Probe = field(default_factory=Probe)

    @classmethod
    def parse(cls, text: str) -> ProbeRule:
        """Read one as people write it: ``declared``, ``none``, or a probe of [X-Service] with its port in it.

        Raises
        ------
        SettingsError
            When it is none of them.
        """
        if text == _DECLARED:
            return cls(is_declared=True)
        if text == ProbeKind.NONE:
            return cls()
        kind, colon, rest = text.partition(":")
        port, slash, path = rest.partition("/")
        probe = Probe.parse(f"{kind}:/{path}" if slash else kind)
        if not colon or not is_port(port) or probe is None:
            raise SettingsError("this is no probe", seen=repr(text), hint=f"legal: {_LEGAL}")
        return cls(port=int(port), probe=probe)

    def find_service(self, name: str, unit: UnitText) -> ServiceOptions | None:
        """Return what of a unit is asked; None where nothing is.

        A template runs nowhere, and what can neither listen nor stay has nobody to answer: a rule for all passes it
        over.
        """
        if is_template(name):
            return None
        if self.is_declared:
            service = ServiceOptions.of(unit)
        elif name.rpartition(".")[2] in LISTENING_TYPES and not unit.is_oneshot:
            service = ServiceOptions(name=name, port=self.port, probe=self.probe)
        else:
            service = None
        return service if service is not None and service.probe.kind is not ProbeKind.NONE else None

    def __str__(self) -> str:
        if self.is_declared:
            return _DECLARED
        return f"{self.probe.kind}:{self.port}{self.probe.path}" if self.port else str(self.probe)
