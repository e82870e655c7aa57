"""Rebuilding markup that came out of a cell from elements that can neither run, load nor cover anything."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

__all__ = ["FAILED_ANCHOR", "PART_ANCHOR", "sanitize_html"]

FAILED_ANCHOR = "failed"
"""Id of the failed cell in the page, which no output may take for itself."""

PART_ANCHOR = "part-"
"""What the ids of headings in the page begin with; no output may take one of them either."""

_TAG_NAMES = (
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 "
    "hr i img ins kbd label li mark meter ol p pre progress q s samp small span strong sub summary sup table tbody td "
    "tfoot th thead time tr tt u ul var "
    "svg g path rect circle ellipse line polyline polygon text tspan title desc defs lineargradient radialgradient "
    "stop clippath marker pattern use"
)
_ATTRIBUTE_NAMES = (
    "align alt aria-describedby aria-hidden aria-label aria-labelledby class colspan datetime dir headers height high "
    "href lang low max min open optimum role rowspan scope span src start style title valign value width "
    "cx cy d dx dy fill fill-opacity fill-rule font-family font-size font-weight gradienttransform gradientunits id "
    "marker-end marker-start marker-mid markerheight markerwidth offset opacity orient pathlength points "
    "preserveaspectratio r refx refy rx ry stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset "
    "stroke-linecap stroke-linejoin stroke-opacity stroke-width text-anchor transform viewbox x x1 x2 xmlns y y1 y2 "
    "clip-path dominant-baseline patterntransform patternunits xlink:href xmlns:xlink"
)
_DROPPED_NAMES = (
    "script style iframe object embed template noscript head select textarea foreignobject math audio video"
)
# HTML's parser lowers every name, and SVG's names mind their case.
_SVG_NAMES = (
    "linearGradient radialGradient clipPath viewBox preserveAspectRatio gradientTransform gradientUnits "
    "markerHeight markerWidth pathLength patternTransform patternUnits refX refY"
)
_TAGS = frozenset(_TAG_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_DROPPED_WHOLE = frozenset(_DROPPED_NAMES.split())
_SVG_CASE = {name.lower(): name for name in _SVG_NAMES.split()}
_VOID = frozenset({"br", "col", "hr", "img"})
_HARMLESS_LINK = re.compile(r"(?i)(https?://|mailto:|#)")
_HARMLESS_PICTURE = re.compile(r"(?i)data:image/(png|jpeg|gif|webp|svg\+xml)[;,]")
_LOADS = re.compile(r"(?i)url\s*\(\s*(?![\"']?#)|image-set|@import|expression\s*\(|\\")
_COVERS = re.compile(r"(?i)^\s*(position|z-index|pointer-events|content|behavior|-moz-binding)\s*:")


class _Rebuilder(HTMLParser):
    """Collects the harmless part of what it is fed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WHOLE or self._dropping:
            if tag in _DROPPED_WHOLE:
                self._dropping.append(tag)
            return
        if tag not in _TAGS:
            return
        self.parts.append(f"<{_SVG_CASE.get(tag, tag)}{_attributes(tag, attrs)}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WHOLE:
            return
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag == self._dropping[-1]:
                self._dropping.pop()
            return
        if tag in self._open:
            # What was left open inside is closed with it, so that no output can leave its own box.
            while True:
                closed = self._open.pop()
                self.parts.append(f"</{_SVG_CASE.get(closed, closed)}>")
                if closed == tag:
                    return

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.parts.append(escape(data, quote=False))

    def finish(self) -> str:
        self.close()
        self.parts.extend(f"</{_SVG_CASE.get(tag, tag)}>" for tag in reversed(self._open))
        return "".join(self.parts)


def _attributes(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    kept = []
    for name, value in attrs:
        text = _harmless_style(value or "") if name == "style" else value or ""
        if _is_harmless(tag, name, text):
            kept.append(f' {_SVG_CASE.get(name, name)}="{escape(text)}"')
    if tag == "a":
        kept.append(' rel="noreferrer noopener"')
    return "".join(kept)


def _is_harmless(tag: str, name: str, text: str) -> bool:
    if name in ("href", "xlink:href") and tag == "use":
        # What is drawn again stands in the same picture: any other address would be asked for.
        return text.startswith("#")
    if name == "href":
        return tag == "a" and bool(_HARMLESS_LINK.match(text))
    if name == "xlink:href":
        return False
    if name == "src":
        return tag == "img" and bool(_HARMLESS_PICTURE.match(text))
    if name == "id" and (text == FAILED_ANCHOR or text.startswith(PART_ANCHOR)):
        return False
    return name in _ATTRIBUTES and not ("(" in text and _LOADS.search(text))


def _harmless_style(text: str) -> str:
    parts = [part for part in text.split(";") if part.strip()]
    return ";".join(part for part in parts if not _LOADS.search(part) and not _COVERS.match(part))


def sanitize_html(markup: str) -> str:
    """Return the harmless part of ``markup``, well nested.

    Scripts, styles, frames, forms and event handlers go; links stay, for they ask for nothing until clicked;
    pictures stay where they are in the markup itself.
    """
    rebuilder = _Rebuilder()
    rebuilder.feed(markup)
    return rebuilder.finish()
