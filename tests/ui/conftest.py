"""Fixtures of the tests of notebooks."""

from support.lab_browser import chromium, jupyter_lab

__all__ = ["chromium", "jupyter_lab"]
