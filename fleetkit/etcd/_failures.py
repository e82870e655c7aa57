"""Which trouble an exception of sockets, TLS or HTTP stands for, and how that is told to a person."""

from __future__ import annotations

import http.client
import ssl

from fleetkit.core import EtcdError
from fleetkit.etcd.endpoints import Endpoint
from fleetkit.etcd.trouble import Trouble

__all__ = ["CallError", "name_failure"]

# OpenSSL's verification codes, x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64

_TLS_ALERT_RECORD = "\x15\x03"
"""How a TLS server's objection begins, as an HTTP client reads it."""

_CLIENT_ALERTS = ("BAD_CERTIFICATE", "CERTIFICATE_REQUIRED", "UNKNOWN_CA", "CERTIFICATE_EXPIRED")
"""Parts of OpenSSL's names for the alerts with which servers refuse a client's certificate; etcd sends the first."""

_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
"""What OpenSSL says when the other side's answer is no TLS at all; differs between its versions."""


class CallError(EtcdError):
    """A call to one member failed; carries which trouble it is, so that health can judge it."""

    def __init__(self, endpoint: Endpoint, trouble: Trouble, reason: str, *, transient: bool = False) -> None:
        self.trouble = trouble
        self.reason = reason
        super().__init__(f"etcd member {endpoint.name} could not be asked", seen=reason, transient=transient)


def name_failure(endpoint: Endpoint, error: Exception, *, waited: str) -> CallError:
    """Return the error for an exception of a connection that was open.

    Parameters
    ----------
    waited
        How long was waited so far, for the message of a time-out.
    """
    trouble, reason = _name(endpoint, error, waited)
    transient = trouble in (Trouble.DOWN, Trouble.UNREACHABLE, Trouble.SILENT)
    return CallError(endpoint, trouble, reason, transient=transient)


def _name(endpoint: Endpoint, error: Exception, waited: str) -> tuple[Trouble, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _name_verification(endpoint, error)
    if endpoint.scheme == "http" and isinstance(error, ConnectionError):
        # etcd's TLS port hangs up without a word on whoever does not speak TLS.
        return (
            Trouble.TLS_REQUIRED,
            "it closed the connection instead of answering plain HTTP; if it speaks TLS, write https://",
        )
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
        return Trouble.DOWN, "down: the connection was closed before an answer"
    if isinstance(error, ssl.SSLError):
        return _name_tls_failure(error)
    if isinstance(error, TimeoutError):
        return Trouble.SILENT, f"no answer within {waited}: it is paused or overloaded"
    if isinstance(error, http.client.BadStatusLine) and _TLS_ALERT_RECORD in str(error):
        return Trouble.TLS_REQUIRED, "it speaks TLS, and was asked over plain HTTP: write https://"
    if isinstance(error, http.client.HTTPException):
        return Trouble.ODD_ANSWER, f"its answer is not HTTP: {type(error).__name__}: {error}"
    return Trouble.UNREACHABLE, f"the connection broke: {error}"


def _name_verification(endpoint: Endpoint, error: ssl.SSLCertVerificationError) -> tuple[Trouble, str]:
    if error.verify_code == _EXPIRED:
        return Trouble.SERVER_CERTIFICATE_EXPIRED, "its server certificate has expired"
    if error.verify_code == _NOT_YET_VALID:
        return Trouble.SERVER_CERTIFICATE_EXPIRED, "its server certificate is not valid yet, or our clock is behind"
    if error.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
        return (
            Trouble.NAME_MISMATCH,
            f"its server certificate does not name {endpoint.host}: another machine answers there, "
            "or the certificate is of another member",
        )
    return (
        Trouble.SERVER_UNTRUSTED,
        f"its server certificate was not signed by a CA that we trust: {error.verify_message}",
    )


def _name_tls_failure(error: ssl.SSLError) -> tuple[Trouble, str]:
    reason = error.reason or str(error)
    if any(alert in reason for alert in _CLIENT_ALERTS):
        return Trouble.CLIENT_REFUSED, "the member refused our client certificate"
    if reason in _NOT_TLS:
        return Trouble.PLAIN_HTTP, "it does not speak TLS: its client URL is http://, or another service answers"
    return Trouble.ODD_ANSWER, f"TLS failed: {reason}"
