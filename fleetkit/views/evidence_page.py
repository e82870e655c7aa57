"""The index page of an evidence archive: what it holds, what it lacks, and how to prove it; one file, no request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from fleetkit.core import format_utc
from fleetkit.views.evidence_style import EVIDENCE_STYLE
from fleetkit.views.evidence_tables import EvidenceTable
from fleetkit.views.markup import Tone

__all__ = ["EvidencePage"]

# No script, no frame, no form, no request: a browser that meets any refuses it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TONES = {
    "closed": Tone.GOOD,
    "done": Tone.GOOD,
    "holds": Tone.GOOD,
    "open": Tone.CARE,
    "findings": Tone.CARE,
    "refused": Tone.CARE,
    "unknown": Tone.CARE,
    "not yet": Tone.CARE,
    "expired": Tone.CARE,
    "broken": Tone.BAD,
    "failed": Tone.BAD,
    "interrupted": Tone.BAD,
    "abandoned": Tone.BAD,
}
_TIMES = ("audit", "expires", "first met", "first seen", "given", "last met", "last seen", "started", "used")
_ONCE = ("took",)
_WITHOUT = {"runs": ("notebook", "lines", "signed"), "approvals": ("key",)}
"""Columns for which a page has no room; the other forms of the table have them."""

_PROOF = """fleetkit evidence verify ARCHIVE.zip --key KEY"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePage:
    """What the page shows.

    Attributes
    ----------
    cluster, since, until
        Of which cluster and time it is.
    made_at, made_by, public_key
        When and by whom the archive was made, and whose signature it bears.
    tone
        How it stands as a whole.
    headline
        The same in a sentence.
    lacks, remarks
        What is missing, and what else is to be known.
    runs, audits, findings, approvals, waivers, keys
        The tables.
    reports
        Records that have a report, to its path in the archive.
    picture
        The findings over time, as SVG.
    """

    cluster: str
    since: dt.datetime
    until: dt.datetime
    made_at: dt.datetime
    made_by: str
    public_key: str
    tone: Tone
    headline: str
    lacks: Sequence[str]
    remarks: Sequence[str]
    runs: EvidenceTable
    audits: EvidenceTable
    findings: EvidenceTable
    approvals: EvidenceTable
    waivers: EvidenceTable
    keys: EvidenceTable
    reports: Mapping[str, str]
    picture: str

    def render(self) -> str:
        """Return the page."""
        title = escape(f"Evidence of {self.cluster}, {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}")
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
            f'<link rel="icon" href="data:,">\n<title>{title}</title>\n<style>{EVIDENCE_STYLE}</style>\n</head>\n'
            f"<body>\n{self._header(title)}\n<main>\n{''.join(self._sections())}</main>\n</body>\n</html>\n"
        )

    def _header(self, title: str) -> str:
        facts = {
            "Cluster": self.cluster,
            "Runs begun": f"from {format_utc(self.since)} to {format_utc(self.until)}",
            "Made": f"{format_utc(self.made_at)} by {self.made_by}",
            "Signed by": self.public_key,
            "Times": "in UTC, by the clocks of the computers that wrote them",
        }
        rows = "".join(f'<tr><th scope="row">{name}</th><td>{escape(text)}</td></tr>' for name, text in facts.items())
        links = "".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading in _HEADINGS.items())
        return (
            f'<header class="{self.tone.name.lower()}">\n<h1>{title}</h1>\n'
            f'<p class="state">{self.tone.sign} {escape(self.headline)}</p>\n<table>{rows}</table>\n'
            f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n</header>'
        )

    def _sections(self) -> Sequence[str]:
        return (
            self._section("amiss", _list(map(escape, self.lacks), of="lacks"), self._amiss(), self._told()),
            self._section(
                "runs", _table(self.runs, {"record": self._record, **_badges(self.runs, "outcome", "proof")})
            ),
            self._section(
                "findings", self.picture, _table(self.audits, {"record": self._record}), _GOING, self._lives()
            ),
            self._section("approvals", _table(self.approvals, {"record": self._record, "plan": _shortened})),
            self._section("waivers", _table(self.waivers, _badges(self.waivers, "now"))),
            self._section("keys", _table(self.keys, {})),
            self._section("proof", _HOW.format(command=_PROOF)),
        )

    def _section(self, name: str, *parts: str) -> str:
        head = f'<h2 id="{name}">{_HEADINGS[name]}</h2>'
        return f'<section aria-labelledby="{name}">\n{head}\n{"".join(parts)}\n</section>\n'

    def _amiss(self) -> str:
        """Tell which records are to be looked at: in a table of hundreds they would not be seen."""
        record, proof = (self.runs.columns.index(name) for name in ("record", "proof"))
        amiss = [(row[proof], row[record]) for row in self.runs.rows if row[proof] != "closed"]
        if not (amiss or self.lacks):
            return "<p>Nothing that is known of.</p>"
        return _list((f"{_badge(state)} {self._record(name)}" for state, name in sorted(amiss)), of="plain")

    def _told(self) -> str:
        return _list(map(escape, self.remarks), of="soft")

    def _lives(self) -> str:
        return _table(self.findings, _badges(self.findings, "ended"))

    def _record(self, cell: str) -> str:
        report = self.reports.get(cell)
        return escape(cell) if report is None else f'<a href="{escape(report)}">{escape(cell)}</a>'


_HEADINGS = {
    "amiss": "What is missing, broken or open",
    "runs": "Runs",
    "findings": "Findings over time",
    "approvals": "Approvals",
    "waivers": "Waivers",
    "keys": "Keys",
    "proof": "How to prove it",
}
_GOING = '<p class="soft">Each finding from the audit that told it first to the one that told its end:</p>'
_HOW = """<p>What this page says is its maker's word, until the archive is proven. That takes the archive and the
maker's public key, and neither network nor account nor any other file. Take the key from its owner, and not from
here: whoever makes another archive writes another key into it. Give the key of everybody who ran or
approved something.</p>
<pre>{command}</pre>
<p>It checks the signature of the archive, that every file is there and as it was packed, that nothing was added,
each line and signature of every record's journal, and each signed approval. It exits 0 when all of that holds, 3 when
something is missing or was left open, as this page tells, and 1 when anything was changed.</p>
<p>A record is proven alone, too: unpack the archive, and <code>fleetkit runs verify records/RECORD --key KEY</code>.
Without fleetkit, <code>openssl</code> and <code>sha256sum</code> prove the signature of <code>manifest.json</code> and
the files that it names.</p>"""


def _list(lines: Iterable[str], *, of: str) -> str:
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f'<ul class="{of}">{items}</ul>' if items else ""


def _table(table: EvidenceTable, marked: Mapping[str, Callable[[str], str]]) -> str:
    if not table.rows:
        return f"<p>No {escape(table.label)}.</p>"
    plain = {**dict.fromkeys(_TIMES, _time), **dict.fromkeys(_ONCE, _unbroken)}
    return table.to_html(marked={**plain, **marked}, without=_WITHOUT.get(table.name, ()))


def _time(text: str) -> str:
    return _unbroken(text.replace("T", " ").removesuffix("Z"))


def _unbroken(text: str) -> str:
    return f'<span class="once">{escape(text)}</span>'


def _shortened(text: str) -> str:
    return f'<code class="once">{escape(text[:12])}</code>'


def _badges(table: EvidenceTable, *columns: str) -> dict[str, Callable[[str], str]]:
    return {column: _badge for column in columns if column in table.columns}


def _badge(word: str) -> str:
    tone = _TONES.get(word.partition(",")[0])
    if tone is None:
        return escape(word)
    return f'<span class="badge {tone.name.lower()}">{tone.sign} {escape(word)}</span>'
