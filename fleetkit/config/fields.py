"""What the tables of the cluster file are built from: a field's words, and types that many fields share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fleetkit.config import values

__all__ = ["AMI", "DISK", "TYPE", "About", "Ami", "DiskGb", "InstanceType", "Strings", "Table"]


@dataclass(frozen=True, slots=True)
class About:
    """What a field is for, and what is legal in it, as clauses without a full stop."""

    text: str
    legal: str


class Table(BaseModel):
    """A table of the file: frozen, and closed to keys that it does not know."""

    # Strict: TOML has types, and "25" where 25 is meant is a slip worth hearing of.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


AMI = "an image id such as ami-0123456789abcdef0"
DISK = "a whole number of GB from 8 to 16384"
TYPE = "an amd64 instance type such as t3.medium"

Ami: TypeAlias = Annotated[str, Field(pattern=values.pattern("|ami-[0-9a-f]{8}|ami-[0-9a-f]{17}"))]
DiskGb: TypeAlias = Annotated[int, Field(ge=8, le=16384)]
InstanceType: TypeAlias = Annotated[str, AfterValidator(values.check_instance_type)]
Strings: TypeAlias = Annotated[tuple[str, ...], Field(strict=False)]
