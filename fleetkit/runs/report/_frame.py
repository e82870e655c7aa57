"""The frame of a page that is one file: its head, its style, and what a browser may not do with it."""

from __future__ import annotations

from html import escape

from fleetkit.runs.report._style import STYLE

__all__ = ["frame_page"]

# No script, no frame, no form, no request: a browser that meets any refuses it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def frame_page(title: str, body: str, *, style: str = "") -> str:
    """Return a whole HTML document.

    Parameters
    ----------
    title
        Plain text.
    body
        Markup.
    style
        Rules beside those that all pages have.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )
