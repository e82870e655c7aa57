"""The style sheet of an evidence archive's index page: readable in light and dark, on paper and on a narrow screen."""

from __future__ import annotations

__all__ = ["EVIDENCE_STYLE"]

EVIDENCE_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--page:#fff;--card:#f6f8fa;--line:#d0d7de;--link:#0550ae;
--good:#116329;--warn:#7d4e00;--bad:#a40e26}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b1;--page:#0d1117;--card:#161b22;--line:#30363d;
--link:#79c0ff;--good:#56d364;--warn:#e3b341;--bad:#ff938a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:88rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
header{border:1px solid var(--line);border-left:.5rem solid var(--good);border-radius:.4rem;padding:.5rem 1rem;
background:var(--card)}
header.care{border-left-color:var(--warn)}header.bad{border-left-color:var(--bad)}
h1{font-size:1.5rem;line-height:1.25;margin:.3em 0}h2{font-size:1.2rem;margin:2em 0 .4em}a{color:var(--link)}
header table{border-collapse:collapse;font-size:.92rem;width:100%}
header th{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0;white-space:nowrap;font-weight:600}
header td{padding:.15rem 0;overflow-wrap:anywhere}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.6rem 0}
.table table{border-collapse:collapse;line-height:1.45;font-size:.95em}
.table :is(th,td){border-bottom:1px solid var(--line);padding:.15em .9em .15em 0;text-align:left;vertical-align:top}
.badge{display:inline-block;padding:0 .5em;border:1px solid;border-radius:.7em;font-weight:600;white-space:nowrap}
.badge.good{color:var(--good)}.badge.care{color:var(--warn)}.badge.bad{color:var(--bad)}
.table{overflow-x:auto;max-width:100%}.table td,.table th{overflow-wrap:break-word}
.table td:last-child{min-width:9em}#runs~.table td:last-child{min-width:16em;max-width:40em;overflow-wrap:anywhere}
#keys~.table td{overflow-wrap:anywhere;min-width:14em}.once{white-space:nowrap}
.state{font-weight:600;margin:.4em 0}.good .state{color:var(--good)}.care .state{color:var(--warn)}
.bad .state{color:var(--bad)}
.forms,.soft{color:var(--soft);font-size:.9rem;margin:.3rem 0}
.lacks{border-left:.3rem solid var(--bad);background:var(--card);padding:.4rem .8rem .4rem 2rem;margin:.5rem 0}
pre{margin:.4rem 0;padding:.6rem;border-radius:.3rem;background:var(--card);font:.85rem/1.45 ui-monospace,monospace;
white-space:pre-wrap;overflow-wrap:anywhere}
code{overflow-wrap:anywhere}svg{max-width:100%;height:auto}
@page{size:landscape;margin:12mm}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--page:#fff;--card:#fff;--line:#999;--link:#000;
--good:#116329;--warn:#7d4e00;--bad:#a40e26}body{max-width:none;padding:0;font-size:9pt}
.table{overflow:visible}tr,svg,header{break-inside:avoid}h2{break-after:avoid}}
"""
