"""The report's page: what the run was, how it ended, and its cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from fleetkit.core import format_duration, format_utc
from fleetkit.runs.digest import RunDigest
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.record import RunRecord
from fleetkit.runs.report._cells import render_cell
from fleetkit.runs.report._contents import Contents
from fleetkit.runs.report._frame import frame_page
from fleetkit.runs.report._sanitizing import FAILED_ANCHOR
from fleetkit.runs.report._widgets import states_of

__all__ = ["render_report"]

_ENDINGS = {
    Outcome.RUNNING: "Under way, or cut off: this page was written while the run went on.",
    Outcome.DONE: "It ran to its end.",
    Outcome.FINDINGS: "It ran to its end, and found what has to be looked at.",
    Outcome.REFUSED: "Nothing was changed after the refusal.",
    Outcome.FAILED: "It ended with an error.",
    Outcome.INTERRUPTED: "It was stopped before its end.",
    Outcome.ABANDONED: "The process that ran it is gone.",
}
_FAILED_AT_ITS_END = "It ran to its end, and not all of it could be done or told."
"""No cell failed; what the last one said of the run did."""


def render_report(notebook: Mapping[str, Any], record: RunRecord, digest: RunDigest | None = None) -> str:
    """Return the report of a run as one HTML document.

    Parameters
    ----------
    notebook
        The executed notebook, redacted.
    record
        What is known of the run, redacted.
    digest
        What the run's journal tells of its plan and its approvals, where there is one.
    """
    widgets, contents = states_of(notebook), Contents()
    cells = "\n".join(render_cell(cell, widgets, contents) for cell in notebook.get("cells", ()))
    return frame_page(
        f"{record.notebook} · {record.cluster} · {record.outcome.value}",
        f"{_header(record, digest or RunDigest())}\n{contents.render()}\n<main>\n{cells}\n</main>",
    )


def _header(record: RunRecord, digest: RunDigest) -> str:
    summary = f"<p>{escape(record.summary)}</p>" if record.summary else ""
    at_its_end = record.outcome is Outcome.FAILED and record.error is None
    ending = _FAILED_AT_ITS_END if at_its_end else _ENDINGS[record.outcome]
    return (
        f'<header class="{record.outcome.value}">\n<p class="outcome"><span>{record.outcome.value}</span> '
        f"{escape(ending)}</p>\n{summary}{_error(record)}"
        f"<details open><summary>The run</summary>{_facts(record, digest)}</details>\n</header>"
    )


def _error(record: RunRecord) -> str:
    error = record.error
    if error is None:
        return ""
    where = f" in “{escape(error.title)}”" if error.title else ""
    link = f' <a href="#{FAILED_ANCHOR}">Go to the cell</a>' if error.cell else ""
    return (
        f'<div class="error"><p><strong>{escape(error.kind)}</strong>{where}.{link}</p>'
        f'<pre tabindex="0">{escape(error.message)}</pre></div>'
    )


def _plan(digest: RunDigest) -> str:
    plan = digest.plan
    if plan is None:
        return ""
    counts = ", ".join(f"{count} to {action}" for action, count in plan.get("counts", {}).items() if count)
    return f"{plan.get('operation', 'plan')}: {counts or 'nothing to do'}; sha256 {plan.get('sha256') or 'not known'}"


def _approval(approval: Mapping[str, Any]) -> str:
    by = approval.get("by", {})
    who = ", ".join(str(value) for value in by.values() if value) if isinstance(by, Mapping) else str(by)
    return f"by {who or 'somebody'}, by {approval.get('way', 'word')}, for the plan {approval.get('plan_sha256', '')}"


def _schedule(record: RunRecord) -> str:
    schedule = record.schedule
    if schedule is None:
        return ""
    due = "" if schedule.due is None else f", due {format_utc(schedule.due)}"
    attempt = f", attempt {schedule.attempt}" * (schedule.attempt > 1)
    return f"{schedule.name}{due}{attempt}" + (f"; {schedule.note}" * bool(schedule.note))


def _facts(record: RunRecord, digest: RunDigest) -> str:
    took = record.took_s
    rows = {
        "Record": record.id,
        "Goes on for": record.resumes,
        "Schedule": _schedule(record),
        "Cluster": record.cluster,
        "Notebook": record.notebook,
        "Run by": f"{record.actor.user} on {record.actor.host}" + (f" as {record.actor.aws}" * bool(record.actor.aws)),
        "Way": record.way.value,
        "Started": format_utc(record.started),
        "Ended": "not yet" if record.ended is None else format_utc(record.ended),
        "Took": "" if took is None else format_duration(took),
        "Plan": _plan(digest),
        "Approved": "; ".join(_approval(approval) for approval in digest.approvals),
        "Exit code": "" if record.exit is None else str(record.exit),
        "Versions": ", ".join(f"{name} {version}" for name, version in record.versions.items()),
    }
    facts = "".join(
        f'<tr><th scope="row">{name}</th><td>{escape(text)}</td></tr>' for name, text in rows.items() if text
    )
    values = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th>'
        f"<td><code>{escape(json.dumps(value, ensure_ascii=False))}</code></td></tr>"
        for name, value in record.parameters.items()
    )
    parameters = f"<h2>Parameters</h2><table>{values}</table>" if values else ""
    return f'<div class="scroll"><table>{facts}</table>{parameters}</div>'
