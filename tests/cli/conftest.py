"""Fixtures of the tests of the command."""

from support.runs_s3 import here, s3, s3_server

__all__ = ["here", "s3", "s3_server"]
