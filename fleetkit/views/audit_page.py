"""An audit as a page that opens anywhere: one file, no script, no request."""

from __future__ import annotations

from html import escape

from fleetkit.checks import ResultState, Severity
from fleetkit.views.audit import draw_audit
from fleetkit.views.audit_parts import (
    audit_changes_html,
    audit_evidence_html,
    audit_findings_html,
    audit_waivers_html,
)
from fleetkit.views.audit_trend import draw_audit_trend
from fleetkit.views.audited import AuditChanges, AuditTold

__all__ = ["render_audit_page"]

# No script, no frame, no form, no request: a browser that meets any refuses it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--page:#fff;--card:#f6f8fa;--line:#8c959f;--link:#0550ae;
--good:#116329;--warn:#7d4e00;--bad:#a40e26}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b1;--page:#0d1117;--card:#161b22;--line:#6e7681;
--link:#79c0ff;--good:#56d364;--warn:#e3b341;--bad:#ff938a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:72rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header{border:1px solid var(--line);border-left:.5rem solid var(--soft);border-radius:.4rem;padding:.2rem 1rem;
background:var(--card)}
header.done{border-left-color:var(--good)}header.findings{border-left-color:var(--warn)}
header.failed{border-left-color:var(--bad)}
h1,h2,h3{line-height:1.25;margin:1.4em 0 .4em}h1{margin-top:.6em}a{color:var(--link)}
.check{border-top:1px solid var(--line);margin-top:1rem}.check h3{margin-top:.8em}
.table{overflow-x:auto;overflow-wrap:normal}.table pre{overflow-wrap:anywhere}.pictures{display:flex;
flex-wrap:wrap;gap:1rem;margin-top:1rem}
.pictures>*{flex:1 1 24rem;min-width:0}
svg{max-width:100%;height:auto;border-radius:.3rem}summary{cursor:pointer;color:var(--link)}
pre{margin:.2rem 0;padding:.4rem;background:var(--card);font:.85rem/1.4 ui-monospace,monospace;max-width:32rem}
footer{margin-top:2rem;color:var(--soft);font-size:.9rem}
@page{margin:15mm}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--page:#fff;--card:#fff;--line:#999;--link:#000;
--good:#116329;--warn:#7d4e00;--bad:#a40e26}body{max-width:none;padding:0;font-size:10pt}
details::details-content{content-visibility:visible;display:block}.table{overflow:visible}
h1,h2,h3{break-after:avoid}tr,svg,header{break-inside:avoid}}
"""

_ENDINGS = {
    "done": "All is as demanded, or waived.",
    "findings": "Something is not as demanded.",
    "failed": "Nobody could tell of something: that is no pass.",
}


def render_audit_page(audit: AuditTold, changes: AuditChanges | None = None) -> str:
    """Return an audit as one HTML document.

    Parameters
    ----------
    changes
        What has changed since earlier audits; None where nobody looked for any.
    """
    title = f"Audit of {audit.cluster}"
    parts = [
        _header(audit, title),
        _pictures(audit, changes),
        "" if changes is None else f"<h2>Since the last audit</h2>{_scroll(audit_changes_html(changes))}",
        f"<h2>To be looked at</h2>{_scroll(audit_findings_html(audit.results, audit.waivers))}",
        f"<h2>Waived</h2>{_scroll(audit_waivers_html(audit.results))}",
        f"<h2>Evidence</h2>{_evidence(audit)}",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n{''.join(parts)}\n</body>\n</html>\n"
    )


def _header(audit: AuditTold, title: str) -> str:
    where = f" in {audit.region}" if audit.region else ""
    least = audit.fail_on
    counting = f"; what weighs less than {least} does not count for the outcome" if least is not Severity.LOW else ""
    return (
        f'<header class="{escape(audit.outcome)}"><h1>{escape(title)}</h1>'
        f"<p><strong>{escape(_ENDINGS.get(audit.outcome, audit.outcome))}</strong> {escape(audit.summary)}.</p>"
        f"<p>{escape(f'{audit.cluster}{where} at {audit.at}{counting}; {audit.cost}')}.</p></header>\n"
    )


def _pictures(audit: AuditTold, changes: AuditChanges | None) -> str:
    drawn = [draw_audit(audit.results)]
    if changes is not None and len(changes.points) > 1:
        drawn.append(draw_audit_trend(changes.points))
    return f'<div class="pictures">{"".join(f"<div>{one}</div>" for one in drawn)}</div>\n'


def _evidence(audit: AuditTold) -> str:
    passed = sum(one.state is ResultState.PASSED for one in audit.results)
    words = f"All {len(audit.results)} results, of which {passed} passed, with the facts that each was read from"
    return f"<details><summary>{words}</summary>{_scroll(audit_evidence_html(audit.results))}</details>"


def _scroll(markup: str) -> str:
    return f'<div class="table" tabindex="0">{markup}</div>\n'
