"""How the browser of keys shows its tree and a value."""

from __future__ import annotations

from html import escape

from fleetkit.etcd import StoredKey, show_content
from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.views import BranchState, KeyBrowser, TreeRow, tell_key

__all__ = ["gone_html", "search_html", "show_rows", "value_html"]

_SIGNS = {BranchState.OPEN: "▾ ", BranchState.CLOSED: "▸ ", BranchState.KEY: "  ", BranchState.MORE: "  "}
_BLANK = "\u00a0"
"""A blank that a list of choices does not drop at the beginning of a line."""

_MOST_SHOWN = 20_000


def show_rows(browser: KeyBrowser) -> tuple[list[TreeRow], list[str]]:
    """Return the rows of the tree, or of what was found, and what each says."""
    if browser.sought:
        hits = [TreeRow(state=BranchState.KEY, path=one.key, depth=0, label=one.name, key=one) for one in browser.hits]
        return hits, [one.label for one in hits]
    rows = browser.rows()
    return rows, [(2 * row.depth * " " + _SIGNS[row.state]).replace(" ", _BLANK) + row.label for row in rows]


def gone_html(key: StoredKey) -> str:
    """Return that a key is gone, as markup."""
    badge = _parts.badge_html("gone", Tone.CARE)
    return f'<div role="status">{badge} {escape(key.name)} is not there any more</div>'


def value_html(key: StoredKey) -> str:
    """Return a key with all that is known of it, as markup."""
    facts = "" if key.is_dir and not key.revision else escape(tell_key(key))
    head = f'<div role="status"><strong>{escape(key.name)}</strong><br>{facts}</div>'
    if key.content is None:
        return _parts.box_html(head)
    text = show_content(key.content)
    rest = f"\n… and {len(text) - _MOST_SHOWN} characters more: fleetkit kv get" if len(text) > _MOST_SHOWN else ""
    style = "white-space:pre-wrap;overflow-wrap:anywhere;max-height:24em;overflow:auto;margin:.3em 0"
    return _parts.box_html(f'{head}<pre tabindex="0" style="{style}">{escape(text[:_MOST_SHOWN] + rest)}</pre>')


def search_html(browser: KeyBrowser) -> str:
    """Return what a search has found, as markup."""
    count = len(browser.hits)
    found = f"{count} {'key has' if count == 1 else 'keys have'} “{escape(browser.sought)}” in the name"
    more = "" if browser.hits_are_whole else ", and more do"
    return f'<div role="status">{found}{more}; empty the field for the tree</div>'
