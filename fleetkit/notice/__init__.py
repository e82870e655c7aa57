"""Telling somebody: a message, and the destinations that it is sent to.

The only room that knows apprise, which knows Slack, Teams, mail, webhooks and some hundred services more.
It knows nothing of runs, of cluster files, and of where a URL was kept: it is handed what it needs when it sends.
"""

from fleetkit.notice.destinations import (
    CallDestination,
    CommandDestination,
    Destination,
    HandOver,
    NoticeLimits,
    UrlDestination,
)
from fleetkit.notice.message import Message, Severity
from fleetkit.notice.sending import Sent, send_notice

__all__ = [
    "CallDestination",
    "CommandDestination",
    "Destination",
    "HandOver",
    "Message",
    "NoticeLimits",
    "Sent",
    "Severity",
    "UrlDestination",
    "send_notice",
]
