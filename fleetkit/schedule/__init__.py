"""Runs that nobody watches: who is told how they ended."""

from fleetkit.schedule._delivering import Delivery
from fleetkit.schedule._post import Telling
from fleetkit.schedule.destinations import DestinationFacts, DestinationKind, list_destinations
from fleetkit.schedule.outbox import Outbox, WaitingNotice
from fleetkit.schedule.telling import (
    open_outbox,
    require_destinations,
    retry_notices,
    send_test_notice,
    tell_message,
    tell_outcome,
)

__all__ = [
    "Delivery",
    "DestinationFacts",
    "DestinationKind",
    "Outbox",
    "Telling",
    "WaitingNotice",
    "list_destinations",
    "open_outbox",
    "require_destinations",
    "retry_notices",
    "send_test_notice",
    "tell_message",
    "tell_outcome",
]
