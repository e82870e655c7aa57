"""The forms in which an audit is told to other programs, and to whoever opens a file."""

from __future__ import annotations

import csv
import enum
import io

from fleetkit.views.audit import AUDIT_COLUMNS, audit_table
from fleetkit.views.audit_junit import render_junit
from fleetkit.views.audit_ocsf import render_ocsf
from fleetkit.views.audit_page import render_audit_page
from fleetkit.views.audit_sarif import render_sarif
from fleetkit.views.audited import AuditChanges, AuditTold

__all__ = ["AuditFormat", "render_audit"]


_FORMULAS = ("=", "+", "-", "@", "\t")
"""What begins with one of them is reckoned out by spreadsheets (OWASP, "CSV Injection")."""


class AuditFormat(enum.StrEnum):
    """A form of an audit that is a document of its own."""

    CSV = "csv"
    SARIF = "sarif"
    OCSF = "ocsf"
    JUNIT = "junit"
    HTML = "html"


def render_audit(audit: AuditTold, form: AuditFormat, *, changes: AuditChanges | None = None) -> str:
    """Return an audit as a document.

    Parameters
    ----------
    changes
        What has changed since earlier audits; the page alone tells it.
    """
    if form is AuditFormat.HTML:
        return render_audit_page(audit, changes)
    render = {
        AuditFormat.CSV: _render_csv,
        AuditFormat.SARIF: render_sarif,
        AuditFormat.OCSF: render_ocsf,
        AuditFormat.JUNIT: render_junit,
    }[form]
    return render(audit)


def _render_csv(audit: AuditTold) -> str:
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(AUDIT_COLUMNS)
    rows = audit_table(audit.results, audit.waivers, passed=True)
    writer.writerows([_make_plain(cell) for cell in row] for row in rows)
    return page.getvalue()


def _make_plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: whoever may tag a thing on AWS names it as he likes."""
    # csv quotes no carriage return here, and readers take one for the end of a line.
    plain = cell.replace("\r", " ")
    return f"'{plain}" if plain.startswith(_FORMULAS) else plain
