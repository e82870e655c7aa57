"""What can be the matter with a member, and how that is told to a person."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetkit.core import format_utc

__all__ = ["LocalFacts", "Trouble", "explain_refusal", "explain_silence"]


class Trouble(enum.StrEnum):
    """Why a member is not healthy."""

    DOWN = "down"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    NO_QUORUM = "no quorum"
    NO_ROUTE = "no route"
    ALARM = "alarm"
    SERVER_CERTIFICATE_EXPIRED = "server certificate expired"
    SERVER_UNTRUSTED = "server untrusted"
    NAME_MISMATCH = "name mismatch"
    CLIENT_REFUSED = "client certificate refused"
    PLAIN_HTTP = "plain http"
    TLS_REQUIRED = "tls required"
    UNRESOLVED = "unresolved"
    ODD_ANSWER = "odd answer"

    @property
    def is_ours(self) -> bool:
        """Whether the trouble lies on the caller's side, so that it says nothing of the member."""
        return self in _OURS


_OURS = frozenset(
    {
        Trouble.CLIENT_REFUSED,
        Trouble.NAME_MISMATCH,
        Trouble.NO_ROUTE,
        Trouble.PLAIN_HTTP,
        Trouble.SERVER_UNTRUSTED,
        Trouble.TLS_REQUIRED,
        Trouble.UNRESOLVED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFacts:
    """What is known of certificates from local files, handed in by who could read them.

    A member that refuses a client certificate says the same of an expired, a foreign and a missing one,
    and a member whose own certificate has expired may say nothing at all: only these facts tell them apart.

    Attributes
    ----------
    client_given
        Whether a client certificate is presented.
    client_not_before, client_not_after
        Its validity, where it was read.
    client_trusted
        Whether the CA that we trust signed it; None where that was not looked at.
    server_not_after
        End of validity of each member's server certificate as we have it, by the endpoint's name.
    now
        The moment against which they are compared; needed where any date is given.
    """

    client_given: bool = True
    client_not_before: dt.datetime | None = None
    client_not_after: dt.datetime | None = None
    client_trusted: bool | None = None
    server_not_after: Mapping[str, dt.datetime] = field(default_factory=dict)
    now: dt.datetime | None = None


def explain_refusal(facts: LocalFacts | None) -> str:
    """Say why a member refused our client certificate, as far as local files tell."""
    if facts is None:
        return "the member refused our client certificate; it has expired, is of another CA, or is missing"
    if not facts.client_given:
        return "the member asks for a client certificate, and none was given"
    if facts.now is not None and facts.client_not_after is not None and facts.now > facts.client_not_after:
        when = format_utc(facts.client_not_after)
        return f"our own client certificate expired on {when}: fleetkit certificates rotate"
    if facts.now is not None and facts.client_not_before is not None and facts.now < facts.client_not_before:
        return f"our own client certificate is not valid before {format_utc(facts.client_not_before)}"
    if facts.client_trusted is False:
        return "our own client certificate was signed by another CA than the cluster's"
    return (
        "the member refused our client certificate, which is valid and signed by the CA that we trust: "
        "the member trusts another CA, or its clock is wrong"
    )


def explain_silence(name: str, facts: LocalFacts | None) -> str | None:
    """Say why a member that takes connections does not speak TLS, where local files tell."""
    expired = None if facts is None else facts.server_not_after.get(name)
    if facts is None or facts.now is None or expired is None or facts.now <= expired:
        return None
    when = format_utc(expired)
    return f"its server certificate expired on {when}, and etcd does not serve with one: fleetkit certificates rotate"
