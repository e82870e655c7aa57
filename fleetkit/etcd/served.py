"""The certificates that members show to whoever calls, whoever signed them and however long ago."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from fleetkit.core import Results
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call, make_context
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = ["read_served_certificates"]


def read_served_certificates(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> Results[str, bytes]:
    """Read the certificate that each member shows, without trusting it: nothing is asked over such a connection.

    Parameters
    ----------
    endpoints
        Whom to call; their names are the keys of the result.
    tls
        The caller's certificate. A member may show its own only to a caller that has one.
    limits
        Seconds for all together.

    Returns
    -------
    Results
        Endpoint's name to its certificate in DER, or to the `EtcdError` that says why there is none.

    Raises
    ------
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    context = make_context(tls)
    # One that was swapped, has expired or names somebody else is just what is to be seen.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def ask(endpoint: Endpoint, deadline: float) -> bytes:
        with Call(endpoint, context=context, deadline=deadline) as call:
            return call.certificate()

    return ask_each(endpoints, ask, limits=limits or EtcdLimits())
