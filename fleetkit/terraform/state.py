"""What Terraform's state holds, as typed values with sensitive ones masked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetkit.core import MASK, Redactor, TerraformError
from fleetkit.terraform._addresses import module_names
from fleetkit.terraform._masking import collect_secrets, mask_value

__all__ = ["StateResource", "StateVersion", "parse_outputs", "parse_state", "parse_state_version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateVersion:
    """Which state it is, and how often it was written; two that are equal hold the same.

    Attributes
    ----------
    lineage
        Terraform's name for the state since it began; empty where there is none yet.
    serial
        Counts its changes; 0 where there is none yet.
    """

    lineage: str = ""
    serial: int = 0

    def __str__(self) -> str:
        return f"serial {self.serial} of lineage {self.lineage}" if self.lineage else "no state yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateResource:
    """A resource that Terraform manages.

    Attributes
    ----------
    address, module, type, name
        Where it is; ``module`` is the module's address, empty for the root.
    key
        Its key where it is one of several, else None.
    resource_id
        The provider's id, such as an instance id; empty where it has none.
    tainted
        Whether its creation broke off, so that the next apply replaces it.
    deposed
        Key of an old object that a broken replacement left behind, else empty.
    attributes
        All attributes, masked.
    """

    address: str
    module: str
    type: str
    name: str
    key: str | int | None = None
    resource_id: str = ""
    tainted: bool = False
    deposed: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def modules(self) -> tuple[str, ...]:
        """Names of the modules on the way to it, without instance keys."""
        return module_names(self.address)


def parse_state(text: str) -> tuple[StateResource, ...]:
    """Read what ``terraform show -json`` writes of the state; data sources are left out.

    Raises
    ------
    TerraformError
        When the text is not such a state.
    """
    try:
        fields = json.loads(text)
        entries = [
            (module, one) for module, one in _walk(fields.get("values", {}).get("root_module", {})) if _managed(one)
        ]
        secrets = {
            secret for _, one in entries for secret in collect_secrets(one.get("values"), one.get("sensitive_values"))
        }
        return tuple(_resource(module, one, redactor=Redactor(secrets)) for module, one in entries)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TerraformError("the state that Terraform wrote cannot be read", seen=repr(error)) from error


def parse_state_version(text: str) -> StateVersion:
    """Read what ``terraform state pull`` writes, which is nothing at all before the first apply.

    Raises
    ------
    TerraformError
        When the text is not a state.
    """
    if not text.strip():
        return StateVersion()
    try:
        fields = json.loads(text)
        return StateVersion(lineage=str(fields["lineage"]), serial=int(fields["serial"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TerraformError("the state that Terraform wrote cannot be read", seen=repr(error)) from error


def parse_outputs(text: str) -> dict[str, Any]:
    """Read what ``terraform output -json`` writes: name to value, sensitive ones masked.

    Raises
    ------
    TerraformError
        When the text is not such a list of outputs.
    """
    try:
        return {name: MASK if one["sensitive"] else one["value"] for name, one in json.loads(text).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TerraformError("the outputs that Terraform wrote cannot be read", seen=repr(error)) from error


def _walk(module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in module.get("resources", ()):
        yield module.get("address", ""), one
    for child in module.get("child_modules", ()):
        yield from _walk(child)


def _managed(fields: Mapping[str, Any]) -> bool:
    return bool(fields["mode"] == "managed")


def _resource(module: str, fields: Mapping[str, Any], *, redactor: Redactor) -> StateResource:
    values = fields.get("values") or {}
    return StateResource(
        address=fields["address"],
        module=module,
        type=fields["type"],
        name=fields["name"],
        key=fields.get("index"),
        resource_id=str(values.get("id") or ""),
        tainted=bool(fields.get("tainted")),
        deposed=fields.get("deposed_key", ""),
        attributes=mask_value(values, fields.get("sensitive_values"), redactor=redactor),
    )
