"""What is generated is up to date, and what the README says can be typed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from fleetkit.cli import VERBS

ROOT = Path(__file__).parents[2]


def test_generated_documentation_is_up_to_date() -> None:
    answer = subprocess.run(
        [sys.executable, "scripts/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, env={"PATH": ""}
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_the_readme_names_only_verbs_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"`[^`\n]+`|^    .*$|```.*?```", text, re.DOTALL)
    named = set(re.findall(r"fleetkit ([a-z]+(?:-[a-z]+)*)", "\n".join(code)))
    assert named
    assert named <= {verb.name for verb in VERBS}


def test_make_system_installs_what_tests_require_and_the_readme_names_its_packages() -> None:
    script = (ROOT / "scripts" / "system.sh").read_text(encoding="utf-8")
    package_of = dict(re.findall(r"^need (\S+) (\S+)$", script, re.MULTILINE))
    required = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"require_program\(\"([^\"]+)\"", path.read_text(encoding="utf-8"))
    }
    assert required
    assert required <= set(package_of)
    sentence = re.search(r"^They need Debian's packages .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert sentence
    assert re.findall(r"`([a-z-]+)`", sentence[0].partition("run as root")[0]) == sorted(set(package_of.values()))


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("terraform/**/README.md")]
        if ".terraform" not in page.parts
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
