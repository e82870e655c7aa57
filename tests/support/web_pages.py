"""A browser of sorts for pages: it asks, keeps cookies, sends forms with their tokens, and reads what it is shown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from flask import Flask

__all__ = ["HOST", "Page", "Visitor"]

HOST = "127.0.0.1:3000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was answered."""

    status: int
    headers: Any
    markup: str

    @property
    def text(self) -> str:
        """The words without markup, with single blanks."""
        shown = re.sub(r"<(title|style)>.*?</\1>", " ", self.markup, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", shown)).split())

    @property
    def links(self) -> dict[str, str]:
        """What each link says, to where it leads."""
        found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', self.markup, re.DOTALL)
        return {" ".join(re.sub(r"<[^>]*>", " ", said).split()): html.unescape(where) for where, said in found}

    @property
    def rows(self) -> list[list[str]]:
        """The cells of each row of its tables."""
        rows = re.findall(r"<tr>(.*?)</tr>", self.markup, re.DOTALL)
        cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
        return [[" ".join(html.unescape(re.sub(r"<[^>]*>", " ", one)).split()) for one in row] for row in cells]

    def field(self, name: str) -> str:
        """Return what stands in a field of a form, as a browser would send it back."""
        found = re.search(rf'<input [^>]*?name="{name}"[^>]*?value="([^"]*)"', self.markup)
        if found is not None:
            return html.unescape(found[1])
        area = re.search(rf'<textarea [^>]*?name="{name}"[^>]*>\n?(.*?)</textarea>', self.markup, re.DOTALL)
        assert area is not None, f"no field {name} in {self.markup}"
        return html.unescape(area[1]).replace("\n", "\r\n")


class Visitor:
    """Somebody who looks at the pages of an application that runs in this process."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.seen = Page(status=0, headers={}, markup="")

    def get(self, path: str, *, host: str = HOST) -> Page:
        """Open a page."""
        return self._keep(self.client.get(path, base_url=f"http://{host}"))

    def post(self, path: str, **fields: Any) -> Page:
        """Send a form with the token of the page that was seen last, and follow where that leads."""
        sent = {"csrf_token": self.seen.field("csrf_token"), **fields}
        return self._keep(self.client.post(path, data=sent, base_url=f"http://{HOST}", follow_redirects=True))

    def send(self, path: str, *, method: str = "POST", host: str = HOST, **fields: Any) -> Page:
        """Send fields as they are, from no page of ours."""
        return self._keep(self.client.open(path, method=method, data=fields, base_url=f"http://{host}"))

    def _keep(self, answer: Any) -> Page:
        self.seen = Page(status=answer.status_code, headers=answer.headers, markup=answer.get_data(as_text=True))
        answer.close()
        return self.seen
