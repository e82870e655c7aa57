"""The tables of an archive say the same in each of their forms, and nothing in them is reckoned out or run."""

from __future__ import annotations

import csv
import io
import json

import pytest

from fleetkit.views import EvidenceTable

TABLE = EvidenceTable(
    name="runs", label="runs", columns=("record", "proof"), rows=[("a", "closed"), ("<b>", "it said, “no”\nand went")]
)


def test_a_spreadsheet_and_a_program_read_the_same() -> None:
    rows = list(csv.DictReader(io.StringIO(TABLE.to_csv())))
    assert rows == json.loads(TABLE.to_json())
    assert rows[1] == {"record": "<b>", "proof": "it said, “no”\nand went"}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_marked_as_text(cell: str) -> None:
    table = EvidenceTable(name="runs", label="runs", columns=("said",), rows=[(cell,)])
    (_, (told,)) = csv.reader(io.StringIO(table.to_csv(), newline=""))
    assert told == f"'{cell}"
    assert json.loads(table.to_json()) == [{"said": cell}]


def test_a_page_shows_it_escaped_with_links_to_the_other_forms_and_leaves_columns_to_them() -> None:
    page = TABLE.to_html(marked={"record": lambda cell: f"<i>{len(cell)}</i>"}, without=("proof",))
    assert "<i>3</i>" in page
    assert "went" not in page
    assert 'href="runs.csv"' in page
    assert "&lt;b&gt;" in TABLE.to_html(marked={})
