"""A secret that is planted in every way that we know of is nowhere in the record, whole or in pieces."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import json
import os
import re
import subprocess
import sys
import urllib.parse

import nbformat
import pytest
from support.runs_notebooks import records_under, write_recorded_notebook

from fleetkit.core import MASK

pytestmark = pytest.mark.sandbox

WAYS = {
    "printed": "print('key', s)",
    "printed in two writes": "print(s[:9], end='', flush=True)\ntime.sleep(0.3)\nprint(s[9:], flush=True)",
    "printed around a warning": (
        "print(s[:9], end='', flush=True)\nprint('careful', file=sys.stderr, flush=True)\nprint(s[9:], flush=True)"
    ),
    "printed in colours": "print('\\x1b[31m'.join(s))",
    "printed as a mapping": "print({'password': s}, [s.encode()])",
    "printed with all variables": "print(dict(os.environ))",
    "said on standard error": "print(s, file=sys.stderr)",
    "logged": "logging.getLogger('x').warning('used %s', s)",
    "by a program": "subprocess.run(['echo', s]); os.system('printenv')",
    "a result": "{'a': [s]}",
    "a frame of data": "import pandas; pandas.DataFrame({'key': [s]})",
    "mark-up": "import html; display({'text/html': f'<p>{html.escape(s)}</p>'}, raw=True)",
    "mark-up between": "display({'text/html': ''.join(f'<i>{c}</i>' for c in s)}, raw=True)",
    "JSON": "display({'application/json': {s: json.dumps({'k': s})}}, raw=True)",
    "JSON in JSON": "print(json.dumps(json.dumps({'k': s})))",
    "metadata of an output": "display({'text/plain': 'x'}, raw=True, metadata={'key': s})",
    "an output changed later": "h = display('x', display_id=True); h.update({'text/plain': s}, raw=True)",
    "base64": "print(*(base64.b64encode(b'-' * n + s.encode() + b'!').decode() for n in range(3)))",
    "base64 for addresses": "print(*(base64.urlsafe_b64encode(b'-' * n + s.encode()).decode() for n in range(3)))",
    "base64 in lines": "print(base64.encodebytes(b'x' * 50 + s.encode() + b'y' * 50).decode())",
    "hex": "print(s.encode().hex())",
    "an address": "print('https://host/?' + urllib.parse.urlencode({'k': s}), urllib.parse.quote(s))",
    "a widget's value": "w.Label(s)",
    "a widget's description": "w.IntSlider(description=s)",
    "an output widget, in two writes": "o = w.Output(); o.append_stdout(s[:9]); o.append_stdout(s[9:]); o",
    "an output widget that shows": "o = w.Output(); o.append_display_data({'k': s}); o",
    "bytes of a widget": "w.Image(value=s.encode())",
    "a value of many lines": "for n, line in enumerate(os.environ['LINES_TOKEN'].split('\\n')):\n    print(n, line)",
    "a private key": "print(PEM); print(PEM.replace('\\n', '\\\\n')); print(base64.b64encode(PEM.encode()).decode())",
    "a registry's credentials": 'print(\'{"auths": {"quay.io": {"auth": "\' + AUTH + \'"}}}\')',
    "a caught error": "try:\n    raise ValueError(s)\nexcept ValueError:\n    traceback.print_exc()",
    # The last: it ends the run.
    "an error": "def open_vault(key):\n    raise ValueError(f'no vault for {key!r}')\nopen_vault(s)",
}
IMPORTS = (
    "import base64, json, logging, os, subprocess, sys, time, traceback, urllib.parse\nimport ipywidgets as w\n"
    "PEM = '-----BEGIN EC {0}-----\\n' + os.environ['BODY'][::-1] + '\\n-----END EC {0}-----'\n"
    "PEM = PEM.format('PRIVATE KEY')\nAUTH = os.environ['CREDENTIALS'][::-1]"
)


def canary(way: str) -> tuple[str, str]:
    """Return the two halves of a value that every form of writing changes in its middle."""
    digest = hashlib.sha256(way.encode()).hexdigest()
    return digest[:10], digest[10:20]


def value(way: str) -> str:
    first, second = canary(way)
    return f"{first}/+ <ö'\"&%\\{second}"


def variable(way: str) -> str:
    return f"{re.sub('[^A-Z]', '_', way.upper())}_TOKEN"


LINES = "\n".join(["first", *canary("lines"), "last"])
BODY = base64.b64encode("".join(canary("a private key")).encode()).decode()
AUTH = base64.b64encode("".join(canary("a registry's credentials")).encode()).decode()


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Run the notebook with all its ways by the command; return the record, and what the terminal showed."""
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "clusters").mkdir()
    (folder / "clusters" / "demo.toml").touch()
    cells = [f"s = os.environ[{variable(way)!r}]\n{code}" for way, code in WAYS.items()]
    path = write_recorded_notebook(folder / "10-leak.ipynb", "## Leak", IMPORTS, *cells)
    notebook = nbformat.read(path, as_version=4)
    parameters = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += '\nnote = ""'
    nbformat.write(notebook, path)
    secrets = {variable(way): value(way) for way in [*WAYS, "a parameter"]}
    # The last two are known by their shape alone, so their variables' names do not give them away.
    environ = {**os.environ, **secrets, "LINES_TOKEN": LINES, "BODY": BODY[::-1], "CREDENTIALS": AUTH[::-1]}
    words = ["run", str(path), "--cluster", "demo", "-p", "note", value("a parameter"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "fleetkit.cli", *words], cwd=folder, env=environ, capture_output=True, text=True
    )
    (record,) = records_under(folder)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["error"]["kind"] == "ValueError"
    files = {file.name: file.read_text(encoding="utf-8") for file in record.iterdir()}
    return {**files, "standard output": done.stdout, "standard error": done.stderr}


def readings_of(text: str) -> list[str]:
    """Return the text as it stands, and as who decodes, joins and unescapes it would read it."""
    bare = re.sub(r"\x1b\[[0-9;]*m|\\u001b\[[0-9;]*m|<[^<>]*>", "", text)
    # A notebook is read once more as the text of its values, where nothing of JSON stands between two pieces.
    joined = re.sub(r'\\n|["\s,\\]', "", bare)
    runs = re.findall(r"[A-Za-z0-9+/_-]{16,}", joined) + re.findall(r"[A-Za-z0-9+/_-]{16,}", text)
    decoded = [decode(run[start:]) for run in set(runs) for start in range(4)]
    hexed = [bytes.fromhex(run[: len(run) // 2 * 2]).decode("latin-1") for run in re.findall("[0-9a-fA-F]{20,}", text)]
    return [text, bare, joined, html.unescape(bare), urllib.parse.unquote_plus(text), *decoded, *hexed]


def decode(run: str) -> str:
    usable = run[: len(run) // 4 * 4].translate(str.maketrans("-_", "+/"))
    return binascii.a2b_base64(usable).decode("latin-1")


@pytest.fixture(scope="module")
def readings(planted):
    return {where: "\n".join(readings_of(text)) for where, text in planted.items()}


@pytest.mark.parametrize("way", [*WAYS, "a parameter", "lines"])
def test_a_canary_is_nowhere_and_neither_is_half_of_it(readings, way):
    found = [where for half in canary(way) for where, text in readings.items() if half in text]
    # What is told live is told line by line: who waits for the next one tells nothing live.
    assert found == [] if way != "base64 in lines" else set(found) <= {"standard error"}


def test_the_canaries_were_planted_and_the_rest_of_the_record_is_there(planted):
    """Else an empty record would pass."""
    notebook = nbformat.reads(planted["notebook.ipynb"], as_version=4)
    outputs = [cell for cell in notebook.cells if cell.cell_type == "code" and "_TOKEN" in cell.source]
    assert [cell.source.split("\n")[0] for cell in outputs if not cell.outputs] == []
    assert len([cell for cell in outputs if MASK in json.dumps(cell.outputs)]) >= len(WAYS) - 7
    assert json.dumps(notebook.metadata.widgets).count(MASK) >= 5
    for kept in ("careful", "3 last", "no vault for"):
        assert kept in planted["notebook.ipynb"]


def test_the_search_finds_each_way_of_hiding():
    """Else the search itself could be blind."""
    first, second = canary("base64")
    for text in (
        f"x{first}",
        "".join(f"<b>{one}</b>" for one in first),
        json.dumps([first[:5], first[5:]]),
        *(base64.b64encode(b"-" * before + value("base64").encode()).decode() for before in range(3)),
        base64.urlsafe_b64encode(value("base64").encode()).decode(),
        first.encode().hex(),
    ):
        assert any(first in reading or second in reading for reading in readings_of(text)), text
