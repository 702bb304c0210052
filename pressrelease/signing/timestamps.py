"""Time stamps of RFC 3161: a service elsewhere signs that it saw a hash at a moment. Needs rfc3161-client.

The service learns a SHA-256 and nothing else. Whether a stamp counts is decided by the certificates of the authorities
that the office trusts.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from pressrelease.errors import NotPermitted

MEDIA_TYPE = "application/timestamp-query"

#: How far a stamp's own time may be from that of the checkpoint.
APART = timedelta(hours=1)

#: The largest file of certificates, in bytes.
LARGEST = 1 << 20


class StampRequest(NamedTuple):
    """What the service is sent, and the number that its answer must repeat."""

    content: bytes
    nonce: int


def stamp_request(data: bytes) -> StampRequest:
    """Return the request for a stamp of `data`. Raises NotPermitted without rfc3161-client."""
    client = _client()
    asked = (
        client.TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(client.HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    return StampRequest(asked.as_bytes(), asked.nonce)


def why_refused(answer: bytes, data: bytes, request: StampRequest, authorities: Path | None) -> str:
    """Return why a service's answer is no stamp of `data`, in words; "" if it is one.

    Without `authorities` it is only checked that it is a stamp of this request; who signed it stays open.
    """
    client = _client()
    try:
        response = client.decode_timestamp_response(answer)
        if response.status not in {0, 1}:
            return "the service refused"
        if response.tst_info.nonce != request.nonce:
            return "the answer belongs to another request"
    except ValueError:
        return "the answer is not a time stamp"
    return why_not_stamped(base64.b64encode(answer).decode(), data, authorities, None) if authorities else ""


def why_not_stamped(stamp: str, data: bytes, authorities: Path, at: datetime | None) -> str:
    """Return why a stamp (base64) does not show that `data` was there at `at`, in words; "" if it does."""
    client = _client()
    from cryptography import x509

    try:
        with authorities.open("rb") as stream:
            roots = x509.load_pem_x509_certificates(stream.read(LARGEST))
    except OSError:
        return f"{authorities.name} can't be read"
    except ValueError:
        return f"{authorities.name} contains no certificate"
    try:
        response = client.decode_timestamp_response(base64.b64decode(stamp, validate=True))
        builder = client.VerifierBuilder(roots=list(roots))
        builder.build().verify_message(response, data)
        stamped: datetime = response.tst_info.gen_time
    except client.VerificationError:
        return "it is not a stamp of this text by an authority that is trusted"
    except (ValueError, binascii.Error):
        return "it is not a time stamp"
    if at is not None and abs(stamped - at) > APART:
        return "it was stamped at another time"
    return ""


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise NotPermitted(
            "Time stamps need rfc3161-client, which is not installed.",
            hint="pip install 'pressrelease[timestamp]', or take `timestamp` out of [journal] in config.toml.",
            code="not_installed",
        ) from None
    return rfc3161_client
