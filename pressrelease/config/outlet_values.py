"""Readers of the values that only outlets have: folders, headers, mail addresses, commands.

As in `values`, no message ever repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pressrelease.config.keys import Several, Wrong
from pressrelease.config.settings import SecretReference, SecretSource
from pressrelease.config.values import MOST_ENTRIES, is_loopback, list_of, secret, text, web_address
from pressrelease.release.text import forbidden_in

#: RFC 9110, section 5.6.2.
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
#: Set by the webhook itself, or by HTTP.
_OWN_HEADERS = r"(?i)webhook-.*|content-.*|host|connection|transfer-encoding|te|trailer|upgrade|expect"
#: Headers whose value is a login.
_GUARDED_HEADERS = r"(?i).*(?:authorization|cookie|token|secret|password|signature|credential|key).*"


def public_folder(value: Any) -> str:
    """Return a folder that the public may see: never the workspace, its drafts or its private state."""
    path = text(value).replace("\\", "/")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise Wrong("should not contain ..", 'Write a folder inside the workspace, like "newsroom", or a full path.')
    inside = not path.startswith("/") and not re.match(r"[A-Za-z]:", path)
    private = ".pressrelease" in {part.lower() for part in parts}
    if not parts or private or (inside and parts[0].lower() == "releases"):
        raise Wrong("would publish the workspace's own files", 'Give it its own folder, like "newsroom".')
    return path


def headers(value: Any) -> dict[str, Any]:
    """Return HTTP headers to add: text, or references to secrets. None that the webhook sets itself."""
    if not isinstance(value, dict):
        raise Wrong("should be a table of text values", 'Write { "X-Source" = "press office" }.')
    found: dict[str, Any] = {}
    wrongs: list[Wrong] = []
    for name, entry in value.items():
        try:
            found[name] = _header(name, entry)
        except Wrong as wrong:
            wrongs.append(Wrong(f"has an entry that {wrong.message}", wrong.hint, (name,)))
    if len({name.lower() for name in value}) < len(value):
        wrongs.append(
            Wrong("names the same header twice", "Capital and small letters make no difference in a header's name.")
        )
    if wrongs:
        raise Several(wrongs)
    return found


def _header(name: str, value: Any) -> Any:
    if not re.fullmatch(_HEADER_NAME, name):
        raise Wrong("is not a valid header name", "Letters, digits and dashes only.")
    if re.fullmatch(_OWN_HEADERS, name):
        raise Wrong("is set by the program itself", "Delete it. The program sets webhook-*, content-* and host itself.")
    if isinstance(value, dict):
        return secret(value)
    if re.fullmatch(_GUARDED_HEADERS, name):
        raise Wrong("is a secret; don't write it in this file", f'Write it like {name} = {{ env = "NAME" }}.')
    entry = text(value)
    if not all("\x20" <= character <= "\xff" for character in entry):
        raise Wrong("contains a character that a header can't have", "Use plain Latin letters.")
    return entry


_LIKE_AN_ADDRESS = 'Write it like "press@example.org".'

#: Enough to find a typing error; the outlet reads an address by the whole grammar.
_ADDRESS = r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W_](?:[\w-]*[^\W_])?"
_NAMED = r"[^<>@]*<([^<>]+)>"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?"
#: RFC 2919, section 2: dot-atoms; the last ones are a domain of the office.
_LIST_ID = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+"
_HANDLE = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: Keys whose value is a login.
_GUARDED_NAMES = r"(?i)(?:.*_)?(?:password|passphrase|secret|token|api_?key|private_key|credentials?)"


def mail_address(value: Any) -> str:
    """Return one plain address, without a name beside it."""
    address = text(value)
    if len(address.encode()) > 254 or not re.fullmatch(_ADDRESS, address):
        raise Wrong("is not an e-mail address", _LIKE_AN_ADDRESS)
    return address


def mail_address_or_empty(value: Any) -> str:
    """Return what `mail_sender` does; "" for none."""
    return "" if value == "" else mail_sender(value)


def mail_sender(value: Any) -> str:
    """Return an address, or a name and an address: "Press Office <press@example.org>"."""
    sender = text(value)
    named = re.fullmatch(_NAMED, sender)
    try:
        mail_address(named.group(1) if named else sender)
    except Wrong:
        raise Wrong(
            "is not an e-mail address", 'Write "press@example.org", or "Press Office <press@example.org>".'
        ) from None
    return sender


def recipients(value: Any) -> str | tuple[str, ...]:
    """Return a list of addresses, or the path of a CSV file of them."""
    if isinstance(value, str):
        path = text(value)
        if "@" in path and not path.lower().endswith(".csv"):
            raise Wrong("should be a list, or a CSV file", 'Write ["desk@example.org"], or "media.csv".')
        return path
    if isinstance(value, list) and len(value) > MOST_ENTRIES:
        raise Wrong(
            f"has more than {MOST_ENTRIES:,} entries",
            "Put them into a CSV file with an `email` column, and name it here.",
        )
    found: tuple[str, ...] = list_of(mail_address, '["desk@example.org"], or "media.csv"', unique=False, least=1)(value)
    return found


def mail_server(value: Any) -> str:
    """Return a host's name or IP address, without a port."""
    host = text(value)
    if not (re.fullmatch(_HOST, host) or (":" in host and _is_ip(host))) or len(host) > 253:
        raise Wrong(
            "is not a mail server's name", 'Write only the name, like "smtp.example.org". The port has its own key.'
        )
    return host


def _is_ip(host: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def list_id(value: Any) -> str:
    """Return a mailing list's name (RFC 2919), without brackets; "" for none."""
    if value == "":
        return ""
    name = text(value)
    if not re.fullmatch(_LIST_ID, name) or len(name) > 255:
        raise Wrong("is not a list's name", 'Write words with dots between them and no brackets: "media.example.org".')
    return name


def unsubscribe(value: Any) -> str:
    """Return where a recipient leaves the list: an https address or a mailto; "" for none."""
    if value == "":
        return ""
    address = text(value)
    if address.lower().startswith("mailto:"):
        mailbox = address[len("mailto:") :].partition("?")[0]
        if not re.fullmatch(_ADDRESS, mailbox) or any(sign in address for sign in " <>,"):
            raise Wrong("is not an e-mail address", 'Write it like "mailto:unsubscribe@example.org".')
        return address
    return web_address(address)


def term(value: Any) -> str | int:
    """Return a category or tag of WordPress: its name, or its number."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise Wrong("should be a number from 1 up, or a name", 'Write it like 12 or "Press releases".')
        return value
    return text(value)


def handle(value: Any) -> str:
    """Return an account's name at Bluesky: a domain."""
    name = text(value)
    if len(name) > 253 or not re.fullmatch(_HANDLE, name):
        raise Wrong("is not a handle", 'Write it in small letters and without the @, like "example.bsky.social".')
    return name


def ntfy_topic(value: Any) -> str | SecretReference:
    """Return a topic's name at ntfy, or a reference to one: everyone who knows it can read it."""
    if isinstance(value, dict):
        return secret(value)
    topic = text(value)
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", topic):
        raise Wrong("is not a topic's name", 'Use up to 64 letters, digits, - and _, like "placer-da-releases".')
    return topic


def apprise_address(value: Any) -> str | SecretReference:
    """Return an address of Apprise: a reference, because it contains tokens, unless the service is on this machine."""
    if isinstance(value, dict):
        return secret(value)
    address = text(value)
    found = re.fullmatch(r"[a-z0-9+.-]+://(\[[0-9a-fA-F:]+\]|[^/?#@:\s\[\]]+)(?::[0-9]+)?(?:/[^?#@]*)?", address)
    if found is None or not is_loopback(found.group(1).strip("[]")):
        raise Wrong(
            "is a secret; don't write it in this file",
            'This address contains a password or token. Write { env = "NAME" }.',
        )
    return address


def arguments(value: Any) -> tuple[str, ...]:
    """Return a program and its arguments, unchanged: no shell reads them."""
    example = '["/usr/local/bin/publish", "--quiet"]'
    if isinstance(value, str):
        raise Wrong("should be a list: the program, then each argument", f"Write it like {example}.")
    found: tuple[str, ...] = list_of(_argument, example, unique=False, least=1)(value)
    if not found[0].strip():
        raise Wrong("names no program", f"Write it like {example}.", (0,))
    return found


def _argument(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong("should be text", 'Put it in double quotes: "…". The environment, not argv, is for secrets.')
    if forbidden_in(value) or "\n" in value:
        raise Wrong("contains a line break or an invisible character", "Type it again on one line.")
    return value


def variables(value: Any) -> dict[str, Any]:
    """Return environment variables for a program: text, or references to secrets."""
    example = 'Write { LEVEL = "info", TOKEN = { env = "PRESSRELEASE_TOKEN" } }.'
    if not isinstance(value, dict):
        raise Wrong("should be a table of text values", example)
    found: dict[str, Any] = {}
    wrongs: list[Wrong] = []
    for name, entry in value.items():
        try:
            found[name] = _variable(name, entry)
        except Wrong as wrong:
            wrongs.append(Wrong(f"has an entry that {wrong.message}", wrong.hint, (name,)))
    if wrongs:
        raise Several(wrongs)
    return found


def _variable(name: str, value: Any) -> Any:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise Wrong("is not a valid variable name", "Letters, digits and underscores only.")
    if name == "PRESSRELEASE_KEY":
        raise Wrong("is set by the outlet itself", "Delete it.")
    if isinstance(value, dict):
        return secret(value)
    if re.fullmatch(_GUARDED_NAMES, name):
        raise Wrong(
            "is a secret; don't write it in this file",
            'Write { env = "NAME" }, { file = "path" } or { keyring = "a/b" }.',
        )
    return _argument(value)


def mail_rules(values: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield which keys of an email outlet don't go together."""
    if values["security"] == "none" and not is_loopback(values["host"]):
        yield Wrong(
            "would send mail and password unencrypted",
            'Write "starttls" or "tls"; "none" is for a mail server on this machine only.',
            ("security",),
        )
    if bool(values["username"]) != bool(values["password"]):
        given, missing = ("username", "password") if values["username"] else ("password", "username")
        yield Wrong(f"needs a {missing} too", f"Write both, or delete {given}.", (given,))


def foreign_settings(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a kind from another package as given, with references to secrets read. Raises Several."""
    found: dict[str, Any] = {}
    wrongs: list[Wrong] = []
    for name, value in table.items():
        try:
            found[name] = _foreign(name, value)
        except Wrong as wrong:
            wrongs.append(Wrong(wrong.message, wrong.hint, (name,)))
    if wrongs:
        raise Several(wrongs)
    return found


def _foreign(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in {source.value for source in SecretSource}:
            return secret(value)
        return {key: _foreign(key, entry) for key, entry in value.items()}
    if isinstance(value, list):
        return tuple(_foreign(name, entry) for entry in value)
    if isinstance(value, str) and value and re.fullmatch(_GUARDED_NAMES, name):
        raise Wrong(
            "is a secret; don't write it in this file",
            'Write { env = "NAME" }, { file = "path" } or { keyring = "a/b" }.',
        )
    return value
