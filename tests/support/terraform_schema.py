"""Compare Terraform code with a provider's schema by name: arguments, nested blocks, what is required, what is read."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

META_ARGUMENTS = frozenset({"count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"})
"""What Terraform itself understands in every resource."""

_REFERENCE = re.compile(r"(?<![\w.])(data\.)?(aws_\w+)\.\w+(?:\[[^][]*(?:\[[^][]*\][^][]*)*\])?\.(\w+)")
_LOOP = re.compile(r"\bfor (?:\w+, )?(\w+) in (.+?) :")
_ADDRESS = re.compile(r"(?<![\w.])(data\.)?(aws_\w+)\.\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A resource or data source as it stands in a file."""

    file: str
    key: str
    name: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.file}: {self.key}.{self.name}"


def read_schema(path: Path) -> dict[str, Any]:
    """Read the fixture that ``extract_schema.py`` wrote: ``resource.aws_vpc`` and so on to their descriptions."""
    types: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["types"]
    return types


@functools.cache
def parse(path: Path) -> dict[str, Any]:
    """Parse one ``.tf`` file; once, as the parser is slow."""
    import hcl2

    with path.open(encoding="utf-8") as file:
        parsed: dict[str, Any] = hcl2.load(file)
    return parsed


def plain(name: str) -> str:
    """Take the quotes off a label as the parser keeps it."""
    return name.strip('"')


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the resources and data sources of one file."""
    parsed = parse(path)
    for kind in ("resource", "data"):
        for entry in parsed.get(kind, []):
            for type_, named in entry.items():
                for name, body in named.items() if isinstance(named, dict) else ():
                    if plain(type_).startswith("aws_"):
                        yield Block(file=path.name, key=f"{kind}.{plain(type_)}", name=plain(name), body=body)


def _own(body: dict[str, Any]) -> dict[str, Any]:
    return {
        plain(name): value for name, value in body.items() if not name.startswith("__") and plain(name) != "dynamic"
    }


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "__is_block__" in value[0]


def _nested(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield nested blocks, those that ``dynamic`` makes too."""
    for name, value in _own(body).items():
        if _is_block(value):
            yield from ((name, inner) for inner in value)
    for entry in body.get("dynamic", []):
        for name, dynamic in entry.items():
            if not name.startswith("__"):
                yield from ((plain(name), inner) for inner in dynamic["content"])


def _compare(where: str, body: dict[str, Any], schema: dict[str, Any], *, ignored: frozenset[str]) -> Iterator[str]:
    nested = [(name, inner) for name, inner in _nested(body) if name not in ignored]
    given = {name for name, value in _own(body).items() if not _is_block(value)} - ignored
    for name in sorted(given - schema["arguments"].keys()):
        if name in schema.get("read_only", ()):
            yield f"{where}: {name} can only be read"
        else:
            yield f"{where}: there is no argument {name}"
    for name, required in schema["arguments"].items():
        if required and name not in given:
            yield f"{where}: the argument {name} is required"
    for name, inner in nested:
        if name in schema["blocks"]:
            yield from _compare(f"{where}.{name}", inner, schema["blocks"][name], ignored=frozenset())
        else:
            yield f"{where}: there is no block {name}"
    for name, block in schema["blocks"].items():
        if block["required"] and name not in {name for name, _ in nested}:
            yield f"{where}: the block {name} is required"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(name)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _reads(text: str, *, each: str = "") -> Iterator[tuple[str, str]]:
    """Yield (``resource.aws_vpc``, attribute) for everything of a provider that an expression reads."""
    for data, type_, attribute in _REFERENCE.findall(text):
        yield f"{'data' if data else 'resource'}.{type_}", attribute
    bound = [("each.value", each), *_LOOP.findall(text)] if each else _LOOP.findall(text)
    for variable, source in bound:
        # An index or attribute behind the address makes its elements something else than resources.
        for found in _ADDRESS.finditer(source):
            if source[found.end() : found.end() + 1] in {"", "}", ",", ")", " "}:
                key = f"{'data' if found[1] else 'resource'}.{found[2]}"
                yield from ((key, name) for name in re.findall(rf"(?<![\w.]){re.escape(variable)}\.(\w+)", text))


def compare_file(path: Path, schema: dict[str, Any]) -> list[str]:
    """Return what a file writes or reads that the schema does not know, and what it owes."""
    problems = []
    for block in read_blocks(path):
        if block.key not in schema:
            problems.append(f"{block}: the provider has no {block.key}")
            continue
        problems += _compare(str(block), block.body, schema[block.key], ignored=META_ARGUMENTS)
        each = block.body.get("for_each")
        for text in _strings(block.body):
            problems += _unknown_reads(str(block), _reads(text, each=each if isinstance(each, str) else ""), schema)
    rest = {name: value for name, value in parse(path).items() if name not in {"resource", "data", "__comments__"}}
    for text in _strings(rest):
        problems += _unknown_reads(path.name, _reads(text), schema)
    return problems


def _unknown_reads(where: str, reads: Iterator[tuple[str, str]], schema: dict[str, Any]) -> Iterator[str]:
    for key, attribute in reads:
        known = schema.get(key)
        if known is None:
            yield f"{where}: reads {key}, which the provider does not have"
        elif attribute not in {*known["arguments"], *known["blocks"], *known["read_only"]}:
            yield f"{where}: {key} has no attribute {attribute}"
