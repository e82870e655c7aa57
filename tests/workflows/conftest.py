"""Fixtures of the tests of workflows."""

from support.runs_s3 import here, s3, s3_server

__all__ = ["here", "s3", "s3_server"]
