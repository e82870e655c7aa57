"""A stand-in before a real server, for what OpenBao has not: the login by AWS, after Vault's API documentation.

https://developer.hashicorp.com/vault/api-docs/auth/aws#login. It checks the signature by AWS's own recipe with the
secret key that it is told, hands out a token of the server behind it, and passes on all that is no such login.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from support.openbao import BaoServer

Answer = tuple[int, Mapping[str, str], bytes]
Handle = Callable[[str, str, Mapping[str, str], bytes], Answer]


@contextlib.contextmanager
def serve_tls(handle: Handle, *, certificate: Path, key: Path, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve on loopback until the end of the block, and give the address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = handle(self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 -- the names that the library looks for

        def log_message(self, *_words: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer((host, 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"https://{host}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class AwsLoginStub:
    """Answers ``auth/aws/login``.

    Parameters
    ----------
    server
        What all else is passed on to.
    token
        What a login is given.
    secret_keys
        Access key id to secret key of those whom AWS would know.
    server_id
        What ``X-Vault-AWS-IAM-Server-ID`` must say.
    """

    def __init__(self, server: BaoServer, *, token: str, secret_keys: Mapping[str, str], server_id: str) -> None:
        self._server, self._token, self._secret_keys, self._server_id = server, token, secret_keys, server_id
        self.regions: list[str] = []

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == "/v1/auth/aws/login":
            return self._log_in(json.loads(body))
        told = {name: value for name, value in headers.items() if name.lower().startswith("x-vault")}
        answer = requests.request(
            method,
            f"{self._server.address}{path}",
            headers=told,
            data=body,
            verify=str(self._server.ca_file),
            timeout=10,
        )
        return answer.status_code, {"Content-Type": answer.headers.get("Content-Type", "")}, answer.content

    def _log_in(self, given: Mapping[str, str]) -> Answer:
        refused = self._find_fault(given)
        said: dict[str, Any] = {"errors": [refused]} if refused else {"auth": {"client_token": self._token}}
        return (400 if refused else 200), {"Content-Type": "application/json"}, json.dumps(said).encode()

    def _find_fault(self, given: Mapping[str, str]) -> str:
        if given.get("role") != "deployers":
            return f"entry for role {given.get('role')} not found"
        method = given["iam_http_request_method"]
        url, body, told = (
            base64.b64decode(given[f"iam_request_{name}"], validate=True).decode()
            for name in ("url", "body", "headers")
        )
        headers = {name.lower(): ",".join(values) for name, values in json.loads(told).items()}
        if headers.get("x-vault-aws-iam-server-id") != self._server_id:
            return "error validating X-Vault-AWS-IAM-Server-ID header: expected another"
        if (method, body) != ("POST", "Action=GetCallerIdentity&Version=2011-06-15"):
            return "it is no request of GetCallerIdentity"
        return self._check_signature(url, body, headers)

    def _check_signature(self, url: str, body: str, headers: Mapping[str, str]) -> str:
        """Compute the signature anew: AWS General Reference, "Create a signed AWS API request"."""
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/sts/aws4_request, "
            r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
            headers["authorization"],
        )
        assert found, headers["authorization"]
        access_key, day, region, names, signature = found.groups()
        self.regions.append(region)
        if not {"host", "x-amz-date", "x-vault-aws-iam-server-id"} <= set(names.split(";")):
            return "the signature does not cover what it must"
        if url != f"https://{headers['host']}/":
            return f"{url} is not where the request is meant for"
        canonical = "\n".join(
            [
                *("POST", "/", "", *(f"{name}:{headers[name]}" for name in names.split(";")), "", names),
                hashlib.sha256(body.encode()).hexdigest(),
            ]
        )
        to_sign = "\n".join(
            [
                *("AWS4-HMAC-SHA256", headers["x-amz-date"], f"{day}/{region}/sts/aws4_request"),
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        key = f"AWS4{self._secret_keys.get(access_key, 'nobody')}".encode()
        for part in (day, region, "sts", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        good = hmac.digest(key, to_sign.encode(), "sha256").hex()
        return "" if hmac.compare_digest(good, signature) else "error making upstream request: SignatureDoesNotMatch"
