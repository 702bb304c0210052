"""A time stamp authority on loopback, made of `openssl ts`: real requests, real stamps (RFC 3161)."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from needed import needs_program

_CONFIG = """
[ca]
basicConstraints = critical,CA:true
[tsa_leaf]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[req]
distinguished_name = name
[name]
[tsa]
serial = {folder}/serial
signer_cert = {folder}/tsa.crt
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


@dataclass
class TimestampService:
    """What answers: `port`, the authority's certificate, how many stamps were asked for, and how it answers."""

    folder: Path
    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    status: int = 200
    answer: bytes | None = None

    @property
    def authority(self) -> Path:
        return self.folder / "ca.crt"

    def stamp(self, query: bytes) -> bytes:
        (self.folder / "q").write_bytes(query)
        _openssl(self.folder, "ts -reply -config ts.cnf -section tsa -queryfile q -out r")
        return (self.folder / "r").read_bytes()


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path) -> TimestampService:
    """An authority and its leaf, both made here."""
    needs_program("openssl", "openssl")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    _openssl(
        folder, f"req -x509 -config ts.cnf -extensions ca {curve} -keyout ca.key -out ca.crt -subj /CN=CA -days 30"
    )
    _openssl(folder, f"req -new -config ts.cnf {curve} -keyout tsa.key -out tsa.csr -subj /CN=TSA")
    _openssl(
        folder,
        "x509 -req -in tsa.csr -CA ca.crt -CAkey ca.key -set_serial 2 -days 30 -extfile ts.cnf -extensions tsa_leaf"
        " -out tsa.crt",
    )
    return TimestampService(folder)


@contextmanager
def timestamp_service(folder: Path) -> Iterator[TimestampService]:
    """The service, up on a port of its own."""
    service = make_authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            assert self.headers["content-type"] == "application/timestamp-query"
            service.asked.append(query)
            content = service.stamp(query) if service.answer is None else service.answer
            self.send_response(service.status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
