"""The report's style sheet: readable in light and dark, on paper and on a narrow screen."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--page:#fff;--card:#f6f8fa;--line:#d0d7de;--link:#0550ae;
--good:#116329;--warn:#7d4e00;--bad:#a40e26;--bad-card:#fff0f0;--keyword:#a40e26;--string:#0a3069;--name:#6639ba}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b1;--page:#0d1117;--card:#161b22;--line:#30363d;
--link:#79c0ff;--good:#56d364;--warn:#e3b341;--bad:#ff938a;--bad-card:#2d1214;--keyword:#ff938a;--string:#a5d6ff;
--name:#d2a8ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:70rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header{border:1px solid var(--line);border-left:.5rem solid var(--soft);border-radius:.4rem;padding:.5rem 1rem;
background:var(--card)}
header.done{border-left-color:var(--good)}header.findings,header.running,header.refused{border-left-color:var(--warn)}
header.failed,header.interrupted,header.abandoned{border-left-color:var(--bad)}
.outcome{font-size:1.2rem}.outcome span{font-weight:700;text-transform:uppercase;letter-spacing:.04em}
.done .outcome span{color:var(--good)}.findings .outcome span,.running .outcome span,.refused .outcome span{
color:var(--warn)}.failed .outcome span,.interrupted .outcome span,.abandoned .outcome span{color:var(--bad)}
h1,h2,h3{line-height:1.25;margin:1.4em 0 .4em}a{color:var(--link)}
.remark,summary,.not-run{color:var(--soft)}summary{cursor:pointer;font-size:.9rem}
.anchor-link{display:none}
.step{margin:.5rem 0 1.2rem}
pre,.result,.scroll,.table{overflow-x:auto;max-width:100%}
.table{overflow-wrap:normal;background:linear-gradient(to right,var(--page) 30%,transparent) left/3rem 100% no-repeat
local,linear-gradient(to left,var(--page) 30%,transparent) right/3rem 100% no-repeat local,linear-gradient(to right,
var(--line),transparent) left/.7rem 100% no-repeat scroll,linear-gradient(to left,var(--line),transparent)
right/.7rem 100% no-repeat scroll}
.widget,.widget>div{min-width:0;max-width:100%}
pre{margin:.4rem 0;padding:.6rem;border-radius:.3rem;background:var(--card);font:.85rem/1.45 ui-monospace,monospace;
white-space:pre-wrap}
.stream,.error details pre{white-space:pre}.stderr{border-left:.2rem solid var(--warn)}
.error{border-left:.3rem solid var(--bad);background:var(--bad-card);padding:.2rem .8rem;margin:.5rem 0}
.error pre{background:none;padding:.2rem 0}
table{border-collapse:collapse;margin:.4rem 0;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{border-bottom:1px solid var(--line);padding:.25rem .7rem;text-align:left;vertical-align:top}
.table table:has(tr>:nth-child(10)){font-size:.82rem}
.table table:has(tr>:nth-child(10)) :is(th,td){padding:.2rem .45rem}
@media screen{.table table:has(tr>:nth-child(10)) td:last-child{min-width:12rem}}
header td,header th{overflow-wrap:anywhere}header th{white-space:nowrap}thead th{border-bottom:2px solid var(--line)}
img,svg{max-width:100%;height:auto}.result img{background:#fff;border-radius:.3rem}
progress{vertical-align:middle;width:16rem;max-width:60%;accent-color:var(--link)}progress.success{
accent-color:var(--good)}progress.danger{accent-color:var(--bad)}progress.warning{accent-color:var(--warn)}
.widget.row{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:center}
.widget.column{display:flex;flex-direction:column;gap:.3rem}
.pressable{border:1px solid var(--line);border-radius:.3rem;padding:.1rem .6rem;color:var(--soft)}
.code .k,.code .kn,.code .kc,.code .ow{color:var(--keyword)}.code .s1,.code .s2,.code .sd{color:var(--string)}
.code .nf,.code .nc,.code .fm{color:var(--name)}.code .c1{color:var(--soft)}
.ansi-red-fg,.ansi-red-intense-fg{color:var(--bad)}.ansi-green-fg,.ansi-green-intense-fg{color:var(--good)}
.ansi-yellow-fg,.ansi-yellow-intense-fg{color:var(--warn)}.ansi-blue-fg,.ansi-blue-intense-fg,.ansi-cyan-fg{
color:var(--link)}.ansi-magenta-fg{color:var(--name)}.ansi-bold{font-weight:700}
nav ol{list-style:none;margin:.3rem 0;padding:0}nav strong{color:var(--bad)}
nav .level-2{padding-left:1.2rem}nav .level-3{padding-left:2.4rem}
@page{margin:15mm}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--page:#fff;--card:#fff;--line:#999;--link:#000;
--good:#116329;--warn:#7d4e00;--bad:#a40e26;--bad-card:#fff;--keyword:#a40e26;--string:#0a3069;--name:#6639ba}
body{max-width:none;padding:0;font-size:10pt}header{print-color-adjust:exact}
details::details-content{content-visibility:visible;display:block}summary{list-style:none}
pre,.stream,.error details pre{white-space:pre-wrap}pre,.result,.scroll{overflow:visible}
.table{overflow:visible!important;background:none}
.result :is(div,span,table,td,th)[style]{max-height:none!important;overflow:visible!important;
white-space:normal!important}
.result span[style*="inline-block"]{white-space:nowrap!important;overflow-wrap:normal}
.result pre[style]{max-height:none!important;overflow:visible!important;white-space:pre-wrap!important}
.table table{max-width:100%;overflow-wrap:anywhere}
.table :is(th,td){padding:.15rem .5em .15rem 0!important;min-width:6em}
.table table:has(tr>:nth-child(6)){font-size:8pt!important}
.table table:has(tr>:nth-child(10)){font-size:6.5pt!important}
.table table:has(tr>:nth-child(14)) :is(th,td){min-width:0;padding-right:.15em!important}
h1,h2,h3,summary{break-after:avoid}tr,img,svg,header,nav{break-inside:avoid}
nav a{text-decoration:none}}
"""
