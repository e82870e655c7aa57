"""Fixtures of the tests of runs."""

from support.lab_browser import chromium

__all__ = ["chromium"]
