"""The kinds of outlet and the keys of each: a row here is validation, sample and documentation at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pressrelease.config.keys import Key, OutletKind, Several, Wrong
from pressrelease.config.model import OutletConfig
from pressrelease.config.values import (
    address_or_secret,
    duration,
    flag,
    secret,
    text,
    web_address_or_empty,
)

#: RFC 9110, section 5.6.2.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Set by the webhook itself, or by HTTP.
_OWN_HEADERS = re.compile(r"webhook-.*|content-.*|host|connection|transfer-encoding|te|trailer|upgrade|expect", re.I)
#: Headers whose value lets somebody in.
_SECRET_HEADERS = re.compile(r".*(?:authorization|cookie|token|secret|password|signature|credential|key).*", re.I)


def public_folder(value: Any) -> str:
    """A folder for the public to see: never the workspace, its drafts or its private state."""
    path = text(value).replace("\\", "/")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise Wrong("should not climb with ..", 'Write a folder inside the workspace, like "newsroom", or a full path.')
    inside = not path.startswith("/") and not re.match(r"[A-Za-z]:", path)
    if not parts or (inside and parts[0].lower() in {"releases", ".pressrelease"}) or parts[-1] == ".pressrelease":
        raise Wrong("would publish the workspace's own files", 'Write a folder of its own, like "newsroom".')
    return path


def headers(value: Any) -> dict[str, Any]:
    """HTTP headers to add: texts, or references where the text is a secret. None that the webhook sets itself."""
    if not isinstance(value, dict):
        raise Wrong("should be a table of texts", 'Write { "X-Source" = "press office" }.')
    found: dict[str, Any] = {}
    wrongs: list[Wrong] = []
    for name, entry in value.items():
        try:
            found[name] = _header(name, entry)
        except Wrong as wrong:
            wrongs.append(Wrong(f"has an entry that {wrong.message}", wrong.hint, (name,)))
    if len({name.lower() for name in value}) < len(value):
        wrongs.append(Wrong("names one header twice", "Case makes no difference in a header's name."))
    if wrongs:
        raise Several(wrongs)
    return found


def _header(name: str, value: Any) -> Any:
    if not _HEADER_NAME.fullmatch(name):
        raise Wrong("is not named as a header can be", "Letters, digits and dashes only.")
    if _OWN_HEADERS.fullmatch(name):
        raise Wrong("the webhook or HTTP sets itself", "Delete it; webhook-*, content-* and host are not yours to set.")
    if isinstance(value, dict):
        return secret(value)
    if _SECRET_HEADERS.fullmatch(name):
        raise Wrong("is a secret written in plain", f'Write it like {name} = {{ env = "NAME" }}.')
    entry = text(value)
    if not all("\x20" <= character <= "\xff" for character in entry):
        raise Wrong("holds a character that no header can hold", "Use plain Latin letters.")
    return entry


#: At every outlet, whatever its kind.
COMMON_KEYS = (
    Key("enabled", flag, "false switches it off; a release that names it can't be scheduled then", default=True),
    Key(
        "timeout",
        duration(timedelta(seconds=1), timedelta(hours=1)),
        "the longest that one try may take, all in all",
        default=OutletConfig("", "").timeout,
    ),
)

OUTLET_KINDS = (
    OutletKind(
        "newsroom",
        "a public web site of plain files, made by this program",
        (
            Key("path", public_folder, "the web server's root, a folder of its own", default="newsroom"),
            Key(
                "url",
                web_address_or_empty,
                "where the public reads it; links and feeds need it",
                default="",
                sample='"https://news.example.org"',
            ),
        ),
        tells_people=False,
    ),
    OutletKind(
        "webhook",
        "another program, told as Standard Webhooks 1.0.0 says",
        (
            Key(
                "url",
                address_or_secret,
                "where to post; a reference where the address is itself a secret",
                required=True,
                sample='"https://hooks.example.org/press"',
            ),
            Key(
                "secret",
                secret,
                "the signing secret, whsec_… (24 to 64 random bytes in base64)",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_WEBHOOK_SECRET" }',
            ),
            Key(
                "headers",
                headers,
                "more headers; a secret one by reference",
                default={},
                sample='{ "X-Source" = "press office" }',
            ),
        ),
        tells_people=True,
    ),
)


def outlet_kind(name: str) -> OutletKind | None:
    """The kind of that name, or None."""
    return next((kind for kind in OUTLET_KINDS if kind.name == name), None)
