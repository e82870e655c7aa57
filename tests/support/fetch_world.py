"""What `fleetkit-fetch` meets on a machine: a metadata service, a bucket behind TLS, and a curl that finds them."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import http.server
import ipaddress
import re
import ssl
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REGION = "us-west-2"
BUCKET = "fleetkit-demo-123456789012-us-west-2"
ACCESS_KEY, SECRET_KEY, SESSION_TOKEN = "ASIAEXAMPLE", "canary+of/a+secret/key", "canary//of+a/session+token=="
METADATA_TOKEN = "metadata-token"
_HOST = f"s3.{REGION}.amazonaws.com"

_ROLE = f"""{{
  "Code" : "Success",
  "AccessKeyId" : "{ACCESS_KEY}",
  "SecretAccessKey" : "{SECRET_KEY}",
  "Token" : "{SESSION_TOKEN}",
  "Expiration" : "2036-01-01T00:00:00Z"
}}"""


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for the bucket's host and its key; return both paths."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a bucket for tests")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(_HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "bucket.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "bucket.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "bucket.crt", folder / "bucket.key"


def signature_of(method: str, path: str, headers: Any) -> tuple[str, str]:
    """Return the signature that a request bears and the one that it ought to bear (AWS Signature Version 4)."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>\S+), ?"
        r"SignedHeaders=(?P<names>\S+), ?Signature=(?P<sum>\w+)",
        headers["Authorization"],
    )
    if found is None or found["key"] != ACCESS_KEY or "x-amz-security-token" not in found["names"].split(";"):
        return "", "a signature with the role's key, over the session token too"
    canonical = [method, path, ""]
    canonical += [f"{name}:{headers[name].strip()}" for name in found["names"].split(";")]
    canonical += ["", found["names"], headers["x-amz-content-sha256"]]
    text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], found["scope"]]
    text += [hashlib.sha256("\n".join(canonical).encode()).hexdigest()]
    key = f"AWS4{SECRET_KEY}".encode()
    for part in [*found["scope"].split("/"), "\n".join(text)]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return found["sum"], key.hex()


class FetchWorld:
    """Both services on 127.0.0.1, for the time of a ``with`` block.

    Attributes
    ----------
    objects
        The bucket: key → bytes.
    asked
        Every request to the bucket, as ``GET key``.
    role_is_late
        How many times the metadata service answers that there is no role yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.role_is_late = 0
        self._servers: list[http.server.ThreadingHTTPServer] = []

    def __enter__(self) -> FetchWorld:
        certificate, key = make_certificate(self.folder)
        metadata, bucket = self._serve(self._answer_metadata), self._serve(self._answer_bucket)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        bucket.socket = context.wrap_socket(bucket.socket, server_side=True)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self._write_curl(metadata.server_port, bucket.server_port, certificate)
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def arguments(self) -> str:
        """Every command line with which curl was started."""
        return (self.folder / "curl.log").read_text(encoding="utf-8")

    def put_manifest(self, *lines: str, end: str = "\n") -> None:
        """Put the manifest with these lines."""
        self.objects["roles/master/etcd1/manifest"] = ("\n".join(lines) + end).encode()

    def put_file(self, key: str, content: bytes, *, mode: str, owner: str, destination: Path) -> str:
        """Put an object and return its line for the manifest."""
        self.objects[key] = content
        return f"{hashlib.sha256(content).hexdigest()} {mode} {owner} {destination} {key}"

    def _write_curl(self, metadata_port: int, bucket_port: int, certificate: Path) -> None:
        program = self.folder / "bin" / "curl"
        program.parent.mkdir()
        program.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$*" >> {self.folder}/curl.log\n'
            f"exec /usr/bin/curl --connect-to 169.254.169.254:80:127.0.0.1:{metadata_port} "
            f'--connect-to {_HOST}:443:127.0.0.1:{bucket_port} --cacert {certificate} "$@"\n',
            encoding="utf-8",
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def _serve(self, answer: Callable[[str, str, Any, bytes], tuple[int, bytes]]) -> http.server.ThreadingHTTPServer:
        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content = answer(self.command, urlsplit(self.path).path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = handle_any  # noqa: N815 - the base class calls them so

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._servers.append(server)
        return server

    def _answer_metadata(self, method: str, path: str, headers: Any, _: bytes) -> tuple[int, bytes]:
        if (method, path) == ("PUT", "/latest/api/token"):
            return (200, METADATA_TOKEN.encode()) if headers["X-aws-ec2-metadata-token-ttl-seconds"] else (400, b"")
        if headers["X-aws-ec2-metadata-token"] != METADATA_TOKEN:
            return 401, b""
        if path == "/latest/meta-data/iam/security-credentials/":
            self.role_is_late -= 1
            return (200, b"demo-master") if self.role_is_late < 0 else (404, b"")
        if path == "/latest/meta-data/iam/security-credentials/demo-master":
            return 200, _ROLE.encode()
        return 404, b""

    def _answer_bucket(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        key = path.removeprefix(f"/{BUCKET}/")
        self.asked.append(f"{method} {key}")
        given, right = signature_of(method, path, headers)
        if given != right or headers["x-amz-security-token"] != SESSION_TOKEN:
            return 403, b"SignatureDoesNotMatch"
        if method == "PUT":
            self.objects[key] = body
            return 200, b""
        return (200, self.objects[key]) if key in self.objects else (403, b"AccessDenied")
