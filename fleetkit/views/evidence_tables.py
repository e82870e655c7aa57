"""Tables of an evidence archive, each in three forms: for programs, for a spreadsheet, and for the index page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["EvidenceTable"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a cell begins that a spreadsheet would reckon out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTable:
    """Rows under their columns.

    Attributes
    ----------
    name
        Of its files.
    label
        What it shows, in a clause.
    columns, rows
        Plain text.
    """

    name: str
    label: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def to_json(self) -> str:
        """Return it as a list of objects."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"

    def to_csv(self) -> str:
        """Return it for a spreadsheet; what one would take for a formula is marked as text, by a quote before it."""
        text = io.StringIO()
        # As RFC 4180 ends lines: only what ends them is quoted within a cell.
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(self.columns)
        writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in self.rows)
        return text.getvalue()

    def to_html(self, *, marked: Mapping[str, Callable[[str], str]], without: Collection[str] = ()) -> str:
        """Return it for a page, with links to its other forms.

        Parameters
        ----------
        marked
            Column to what makes mark-up of a cell in it; any other is shown as it is.
        without
            Columns that its other forms alone have.
        """
        shown = [place for place, column in enumerate(self.columns) if column not in without]
        columns = [self.columns[place] for place in shown]
        rows = ([marked.get(self.columns[place], escape)(row[place]) for place in shown] for row in self.rows)
        files = " · ".join(f'<a href="{self.name}.{form}">{form.upper()}</a>' for form in ("csv", "json"))
        # The page has one style sheet: a style in each cell would make it ten times as large.
        head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
        body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        label = escape(self.label)
        return (
            f'<div class="table" tabindex="0" role="region" aria-label="{label}"><table aria-label="{label}">\n'
            f'<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div><p class="forms">{files}</p>'
        )
