"""A browser of sorts for pages: it asks, keeps cookies, sends forms with their tokens, and reads what it is shown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask

__all__ = ["HOST", "Page", "Visitor"]

HOST = "127.0.0.1:3000"


@dataclass(slots=True, kw_only=True)
class Form:
    """A form as it would be sent: boxes that are not ticked are left out."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._inside = False
        self._area = self._select = ""
        self._button: dict[str, str] | None = None
        self._text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(action=told["action"], method=told["method"]))
            self._inside = True
        if not self._inside:
            return
        form, name = self.found[-1], told.get("name", "")
        if tag == "input" and (told.get("type") != "checkbox" or "checked" in told):
            form.fields[name] = told.get("value", "")
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option":
            self._text = ""
            if "selected" in told or self._select not in form.fields:
                form.fields[self._select] = told.get("value", "")
                self._area = self._select if "value" not in told else ""
        elif tag == "button":
            self._button, self._text = ({name: told["value"]} if name else {}), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag in ("textarea", "option") and self._area:
            text = self._text.removeprefix("\n") if tag == "textarea" else self._text
            self.found[-1].fields[self._area] = text.replace("\n", "\r\n")
            self._area = ""
        elif tag == "button" and self._button is not None:
            self.found[-1].buttons[" ".join(self._text.split())] = self._button
            self._button = None


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
    def main(self) -> str:
        """What the page is for, without what stands on every page."""
        return self.markup.partition("<main")[2]

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

    @property
    def forms(self) -> list[Form]:
        """Its forms."""
        return _Forms(self.markup).found

    def field(self, name: str) -> str:
        """Return what stands in a field of one of its forms, the last of those that have it."""
        return next(form.fields[name] for form in reversed(self.forms) if name in form.fields)


class Visitor:
    """Somebody who looks at the pages of an application that runs in this process."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.seen = Page(status=0, headers={}, markup="")

    def get(self, path: str, *, host: str = HOST) -> Page:
        """Open a page."""
        return self._keep(self.client.get(path, base_url=f"http://{host}"))

    def press(self, button: str, **fields: str) -> Page:
        """Fill in the form that has a button, press it, and follow where that leads."""
        form = next(one for one in self.seen.forms if button in one.buttons)
        assert form.method == "post"
        return self.post(form.action, **{**form.fields, **form.buttons[button], **fields})

    def post(self, path: str, **fields: str) -> Page:
        """Send a form with the token of the page that was seen last, and follow where that leads."""
        sent = {"csrf_token": self.seen.field("csrf_token"), **fields}
        return self._keep(self.client.post(path, data=sent, base_url=f"http://{HOST}", follow_redirects=True))

    def sign_in(self, token: str) -> Page:
        """Sign in for changes."""
        self.get("/sign-in")
        return self.press("Sign in", token=token)

    def send(self, path: str, *, method: str = "POST", host: str = HOST, **fields: str) -> Page:
        """Send fields as they are, from no page of ours."""
        return self._keep(self.client.open(path, method=method, data=fields, base_url=f"http://{host}"))

    def _keep(self, answer: Any) -> Page:
        self.seen = Page(status=answer.status_code, headers=answer.headers, markup=answer.get_data(as_text=True))
        answer.close()
        return self.seen
