"""No debugging output of libraries while a secret passes through them: botocore logs whole bodies at that level."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

__all__ = ["no_debug_logs"]

_LIBRARIES = ("boto3", "botocore", "hvac", "requests", "s3transfer", "urllib3")


@contextlib.contextmanager
def no_debug_logs() -> Iterator[None]:
    """Drop what this thread logs below INFO through the libraries that carry secrets."""
    own_thread = threading.get_ident()

    def is_told(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO or record.thread != own_thread

    # A logger's filters do not hold for those below it, so each gets it; those that are made meanwhile are few and
    # belong to modules that are imported late, none of which logs a body.
    loggers = [
        logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.split(".")[0] in _LIBRARIES
    ]
    for logger in loggers:
        logger.addFilter(is_told)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_told)
