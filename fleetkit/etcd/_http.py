"""One connection to one member, under one deadline; every way it can fail gets its name."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import socket
import ssl
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from fleetkit.core import SettingsError
from fleetkit.etcd._answers import Answer, read_answer, read_index
from fleetkit.etcd._failures import CallError, name_failure
from fleetkit.etcd.endpoints import Endpoint, TlsFiles
from fleetkit.etcd.trouble import Trouble

__all__ = ["Call", "make_context"]

_FORM = "application/x-www-form-urlencoded"
_PIECE_BYTES = 256 * 1024


def make_context(tls: TlsFiles | None) -> ssl.SSLContext:
    """Make the TLS context for calling members; it checks their names.

    Raises
    ------
    SettingsError
        When a file is missing, is not what it should be, or does not fit the others.
    """
    files = tls or TlsFiles()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if files.ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(files.ca)
        if files.certificate is not None:
            # An empty passphrase: without it, OpenSSL would ask for one on the terminal and wait.
            context.load_cert_chain(files.certificate, files.key, password="")
    except FileNotFoundError as error:
        missing = next((path for path in (files.ca, files.certificate, files.key) if path and not path.exists()), None)
        raise SettingsError(f"the TLS file {missing} is not there") from error
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            "the TLS files cannot be used",
            seen=f"{getattr(error, 'reason', None) or error} (CA {files.ca}, certificate {files.certificate}, "
            f"key {files.key})",
            hint="they are PEM; the key belongs to the certificate and has no passphrase",
        ) from error
    return context


class Call:
    """One connection to a member, kept for as many requests as are asked in the block.

    Parameters
    ----------
    context
        TLS context; not used for an ``http`` endpoint.
    deadline
        Reading of `time.monotonic` after which nothing is waited for any more.
    """

    def __init__(self, endpoint: Endpoint, *, context: ssl.SSLContext | None, deadline: float) -> None:
        self._endpoint = endpoint
        self._context = context if endpoint.scheme == "https" else None
        self._deadline = deadline
        self._started = time.monotonic()
        self._http = http.client.HTTPConnection(endpoint.host)
        # A connection that the member closed must not be dialled anew behind our back, without TLS.
        self._http.auto_open = 0

    def __enter__(self) -> Call:
        raw = self._dial()
        try:
            self._http.sock = self._secure(raw)
        except BaseException:
            raw.close()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.close()

    @property
    def name(self) -> str:
        """Name of the member that is called."""
        return self._endpoint.name

    def ask(self, method: str, path: str, body: Any = None, *, form: Mapping[str, str] | None = None) -> Answer:
        """Send one request and read its answer.

        Parameters
        ----------
        body
            Sent as JSON, as the gateway takes it.
        form
            Sent as a form in its place, as the v2 API takes it.

        Raises
        ------
        CallError
            When no whole answer came in time.
        """
        try:
            with self._send(method, path, body, form) as response:
                return read_answer(response)
        except (OSError, http.client.HTTPException) as error:
            raise self._name_failure(error) from error

    def stream(self, path: str, body: Any, *, idle_s: float) -> Iterator[bytes]:
        """Call the gateway and hand on its answer piece by piece, however long the whole takes.

        Parameters
        ----------
        body
            Sent as JSON; of an iterator each document as it comes. The member answers once it has them all.
        idle_s
            Seconds that the next piece may take; the call's own deadline holds for the first one.

        Raises
        ------
        CallError
            When a piece did not come in time, the answer was cut off, or the member says no.
        """
        try:
            with self._send("POST", path, body) as response:
                if response.status != http.HTTPStatus.OK:
                    raise self.refused(read_answer(response))
                while piece := response.read1(_PIECE_BYTES):
                    yield piece
                    self.extend(idle_s)
                    self._limit()
        except http.client.IncompleteRead as error:
            raise self._fail(Trouble.DOWN, "its answer was cut off in the middle") from error
        except (OSError, http.client.HTTPException) as error:
            raise self._name_failure(error) from error

    def poll(self, path: str, *, idle_s: float) -> tuple[int, Answer | None]:
        """Ask the v2 store for what may come much later.

        Parameters
        ----------
        idle_s
            Seconds to wait for it; the call's own deadline holds for the answer's beginning.

        Returns
        -------
        tuple
            The store's index when it was asked, and the answer; None where nothing came in that time.

        Raises
        ------
        CallError
            When the connection ends before.
        """
        try:
            with self._send("GET", path) as response:
                index = read_index(response)
                self.extend(idle_s)
                self._limit()
                try:
                    return index, read_answer(response)
                except TimeoutError:
                    return index, None
        except http.client.IncompleteRead as error:
            raise self._fail(Trouble.DOWN, "its answer was cut off in the middle") from error
        except (OSError, http.client.HTTPException) as error:
            raise self._name_failure(error) from error

    def _send(
        self, method: str, path: str, body: Any = None, form: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        payload: bytes | Iterator[bytes] | None = None
        headers: dict[str, str] = {}
        if form is not None:
            payload, headers = urllib.parse.urlencode(form).encode(), {"Content-Type": _FORM}
        elif isinstance(body, Iterator):
            payload, headers = (json.dumps(one).encode() for one in body), {"Content-Type": "application/json"}
        elif body is not None:
            payload, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        self._limit()
        try:
            self._http.request(method, path, payload, headers)
        except (BrokenPipeError, ConnectionResetError):
            # The member hung up while we were writing; its reason may still be waiting to be read.
            self._http.sock.recv(1)
            raise
        self._limit()
        return self._http.getresponse()

    def extend(self, more_s: float) -> None:
        """Give what is asked next its own time."""
        self._deadline = time.monotonic() + more_s

    def certificate(self) -> bytes:
        """Return the certificate that the member showed, in DER.

        Raises
        ------
        CallError
            When it showed none.
        """
        der = self._http.sock.getpeercert(binary_form=True) if isinstance(self._http.sock, ssl.SSLSocket) else None
        if der is None:
            raise self._fail(Trouble.PLAIN_HTTP, "it shows no certificate, for it is called without TLS")
        return der

    def post(self, path: str, body: Any) -> Any:
        """Call the gateway and return its JSON; an answer other than 200 is an error."""
        answer = self.ask("POST", path, body)
        if answer.status != http.HTTPStatus.OK:
            raise self.refused(answer)
        return answer.body

    def refused(self, answer: Answer) -> CallError:
        """Return the error for an answer that says no."""
        said = answer.body.get("message") or answer.body.get("error") if isinstance(answer.body, dict) else answer.body
        transient = answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        return CallError(
            self._endpoint,
            Trouble.ODD_ANSWER,
            f"it answered {answer.status}: {str(said)[:200]}",
            transient=transient,
        )

    def _dial(self) -> socket.socket:
        endpoint = self._endpoint
        try:
            raw = socket.create_connection((endpoint.address, endpoint.port), timeout=self._left())
        except socket.gaierror as error:
            raise self._fail(Trouble.UNRESOLVED, f"its name {endpoint.address} does not resolve") from error
        except TimeoutError as error:
            raise self._fail(
                Trouble.UNREACHABLE,
                f"no connection to {endpoint.dialled} within {self._spent()}: the machine is off, "
                "or a rule on the way drops it",
            ) from error
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                raise self._fail(Trouble.DOWN, f"down: nothing listens on {endpoint.dialled}") from error
            # This computer's own network does not know where the address is: that says nothing of the member.
            trouble = Trouble.NO_ROUTE if error.errno == errno.ENETUNREACH else Trouble.UNREACHABLE
            raise self._fail(trouble, f"no way to {endpoint.dialled}: {error.strerror or error}") from error
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return raw

    def _secure(self, raw: socket.socket) -> socket.socket:
        if self._context is None:
            return raw
        try:
            raw.settimeout(self._left())
            return self._context.wrap_socket(raw, server_hostname=self._endpoint.host)
        except TimeoutError as error:
            raise self._fail(
                Trouble.SILENT,
                f"takes connections, but did not speak TLS within {self._spent()}: "
                "it is paused, overloaded, or cannot use its certificate",
            ) from error
        except OSError as error:
            raise self._name_failure(error) from error

    def _name_failure(self, error: Exception) -> CallError:
        return name_failure(self._endpoint, error, waited=self._spent())

    def _fail(self, trouble: Trouble, reason: str) -> CallError:
        transient = trouble in (Trouble.DOWN, Trouble.UNREACHABLE, Trouble.SILENT)
        return CallError(self._endpoint, trouble, reason, transient=transient)

    def _left(self) -> float:
        # Never 0, which would mean a socket that does not wait at all, and fails otherwise.
        return max(0.001, self._deadline - time.monotonic())

    def _limit(self) -> None:
        with contextlib.suppress(AttributeError):
            self._http.sock.settimeout(self._left())

    def _spent(self) -> str:
        return f"{time.monotonic() - self._started:.1f} s"
