"""Small servers that keep Mastodon's and Bluesky's documented rules, and a release to send to them.

Mastodon: https://docs.joinmastodon.org/methods/statuses/ (a bearer token with scopes; `Idempotency-Key` kept for an
hour, as PostStatusService does; 500 characters, of which every address counts 23; 429 with X-RateLimit-Reset).
Bluesky: the lexicons com.atproto.server.createSession, com.atproto.repo.putRecord, getRecord and deleteRecord, and
app.bsky.feed.post, as the reference server keeps them: the same record at the same key is done already; with
`swapRecord: null`, any other is InvalidSwap.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import socket
import struct
import threading
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from pressrelease.config import Office
from pressrelease.message import Message, compose
from pressrelease.release import Attachment, Contact, Release

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
VERSION = "a" * 64


def a_message(
    slug: str = "names-released",
    *,
    headline: str = "Names released in county-wide human trafficking operation",
    body: str = "The District Attorney released the names today.\n\nThey were arrested last week.",
    subhead: str = "",
    url: str = "https://news.example.org/names-released/",
    version: str = VERSION,
    lift: datetime = LIFT,
    attachments: Mapping[str, bytes] | None = None,
    alts: Mapping[str, str] | None = None,
    language: str = "en-US",
) -> Message:
    """A composed release."""
    contents = dict(attachments or {})
    release = Release(
        slug=slug,
        headline=headline,
        embargo="immediate",
        body=body,
        subhead=subhead,
        attachments=tuple(Attachment(path, title="", alt=(alts or {}).get(path, "")) for path in contents),
    )
    office = Office(
        "Office of the District Attorney",
        "America/Los_Angeles",
        url="https://da.example.org",
        contact=Contact("A. Clerk", "530-555-0100", "press@example.org"),
        language=language,
    )
    return compose(release, version=version, office=office, lift=lift, url=url, attachments=contents)


# -- what both servers are made of ------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Told:
    """One answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class SocialServer:
    """A server on loopback, with troubles that its next writes meet, in turn.

    "unheard" ends the connection before anything is done, "lost" after it is done and before the answer, "hangs"
    does it and never answers, "drips" does it and answers byte by byte without end; a Told is answered, and nothing
    done. `looks` are the answers that its next reads meet.
    """

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[Asked] = []
        self.troubles: deque[str | Told] = deque()
        self.looks: deque[Told] = deque()
        self.over = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        """Its clock, aware UTC."""
        return datetime.now(UTC)

    def trouble_for(self, asked: Asked) -> str | Told | None:
        """What a request meets."""
        if not self.is_write(asked):
            return self.looks.popleft() if self.looks else None
        return self.troubles.popleft() if self.troubles else None

    def is_write(self, asked: Asked) -> bool:
        """Whether a request is one that troubles are for."""
        raise NotImplementedError

    def answer(self, asked: Asked) -> Told:
        """Do what is asked."""
        raise NotImplementedError


Server = TypeVar("Server", bound=SocialServer)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server, up."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, parse_qs(parts.query), headers, body)
            with server.lock:
                server.asked.append(asked)
                trouble = server.trouble_for(asked)
                told = trouble if isinstance(trouble, Told) else None
                if told is None and trouble != "unheard":
                    told = server.answer(asked)
            if trouble == "hangs":
                server.over.wait(60)
            if trouble == "drips":
                self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
                while not server.over.wait(0.1):
                    self.wfile.write(b" ")
            if told is None or isinstance(trouble, str):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            text = json.dumps(told.body).encode()
            self.send_response_only(told.status)
            for name, value in {"date": format_datetime(server.now(), usegmt=True), **told.headers}.items():
                self.send_header(name, value)
            self.send_header("content-type", "application/json; charset=utf-8")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *args: object) -> None:
            """Connections are ended on purpose."""

    listening = Quiet(("127.0.0.1", 0), Handler)
    server.port = listening.server_address[1]
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.over.set()
        listening.shutdown()
        listening.server_close()


# -- Mastodon ---------------------------------------------------------------------------------------------


@dataclass
class MastodonServer(SocialServer):
    """One account's server. `moved_on` stands in for time that passes there."""

    token: str = "mastodon-token"
    scopes: str = "write:statuses read:accounts read:statuses"
    software: str = "mastodon"
    marks_up: bool = True
    longest: int = 500
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    moved_on: timedelta = timedelta(0)
    made: int = 0
    edits: bool = True
    revisions: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def is_write(self, asked: Asked) -> bool:
        return asked.method in {"POST", "PUT"} or (asked.method == "DELETE" and not asked.path.endswith("/0"))

    def answer(self, asked: Asked) -> Told:
        if asked.path in {"/api/v2/instance", "/api/v1/instance"}:
            return self._instance(int(asked.path[6]))
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return Told(401, {"error": "The access token is invalid"})
        needed = "read:accounts" if asked.method == "GET" else "write:statuses"
        needed = "read:statuses" if asked.method == "GET" and "/statuses" in asked.path else needed
        if needed not in self.scopes.split():
            return Told(403, {"error": "This action is outside the authorized scopes"})
        if asked.path == "/api/v1/accounts/verify_credentials":
            return Told(200, {"id": "1", "acct": "office"})
        if asked.path == "/api/v1/accounts/1/statuses":
            return self._posts(asked.query)
        if asked.method == "POST" and asked.path == "/api/v1/statuses":
            return self._post(asked)
        name = asked.path.rpartition("/")[2]
        if asked.method in {"GET", "PUT"} and asked.path.startswith("/api/v1/statuses/"):
            return self._one(asked, self.statuses.get(name))
        if asked.method == "DELETE":
            gone = self.statuses.pop(asked.path.rpartition("/")[2], None)
            return Told(200, gone) if gone else Told(404, {"error": "Record not found"})
        return Told(404, {"error": "Record not found"})

    def _one(self, asked: Asked, status: dict[str, Any] | None) -> Told:
        """UpdateStatusService: the whole new text; the same again makes no new revision."""
        if status is None:
            return Told(404, {"error": "Record not found"})
        if asked.method == "GET":
            return Told(200, status)
        if not self.edits:
            return Told(404, {"error": "not here"})
        text = asked.json["status"]
        if counted_by_mastodon(text) > self.longest:
            return Told(422, {"error": f"Validation failed: Text character limit of {self.longest} exceeded"})
        if status.get("text") != text:
            status |= {"text": text, "content": as_shown(text) if self.marks_up else text, "edited": True}
            self.revisions += 1
        return Told(200, status)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved_on

    @property
    def keeps_keys(self) -> bool:
        """GoToSocial and snac ignore `Idempotency-Key`."""
        return self.software.startswith("mastodon")

    def _instance(self, api: int) -> Told:
        """As each says it: Mastodon 4 has both, Mastodon 3 and snac only the first, GoToSocial both."""
        limits = {"max_characters": self.longest, "characters_reserved_per_url": 23}
        told = {"configuration": {"statuses": limits}}
        sources = {
            "mastodon": ("4.3.1", "https://github.com/mastodon/mastodon"),
            "gotosocial": ("0.20.0+git-abcdef", "https://codeberg.org/superseriousbusiness/gotosocial"),
            "fork": ("4.4.0+fork", "https://github.com/somebody/mastodon"),
        }
        if self.software in sources:
            version, source = sources[self.software]
            return Told(200, told | {"version": version} | ({"source_url": source} if api == 2 else {}))
        versions = {"mastodon 3": "3.5.3", "snac": "4.0.0 (not true; really snac/2.38)"}
        if api == 1 and self.software in versions:
            return Told(200, told | {"version": versions[self.software]})
        return Told(404, {"error": "Record not found"})

    def _posts(self, query: dict[str, list[str]]) -> Told:
        newest_first = sorted(self.statuses.values(), key=lambda status: -int(status["id"]))
        before = int(query["max_id"][0]) if "max_id" in query else None
        chosen = [status for status in newest_first if before is None or int(status["id"]) < before]
        return Told(200, chosen[: int(query["limit"][0])])

    def say(self, text: str, *, at: datetime | None = None) -> str:
        """A post that somebody made by hand; its id."""
        self.made += 1
        name = str(109000000000000000 + self.made)
        made = (at or self.now()).isoformat().replace("+00:00", "Z")
        self.statuses[name] = {"id": name, "url": f"{self.url}/@office/{name}", "created_at": made, "content": text}
        return name

    def _post(self, asked: Asked) -> Told:
        now = self.now()
        key = asked.headers.get("idempotency-key", "")
        known = self.keys.get(key)
        if self.keeps_keys and key and known and now - known[1] < timedelta(hours=1):
            # PostStatusService finds the post by the id that it kept; of one that was deleted that is a 404.
            found = self.statuses.get(known[0])
            return Told(200, found) if found else Told(404, {"error": "Record not found"})
        given = asked.json
        text = given.get("status") if isinstance(given, dict) else None
        if not isinstance(text, str) or not text.strip():
            return Told(422, {"error": "Validation failed: Text can't be blank"})
        if counted_by_mastodon(text) > self.longest:
            return Told(422, {"error": f"Validation failed: Text character limit of {self.longest} exceeded"})
        name = self.say(as_shown(text) if self.marks_up else text)
        status = self.statuses[name]
        status |= {"text": text, "visibility": given.get("visibility"), "language": given.get("language")}
        if key:
            self.keys[key] = (name, now)
        return Told(200, status)


def as_shown(text: str) -> str:
    """A post's `content` as Mastodon has it: paragraphs, and of a link only its host and the first letters shown."""

    def link(found: re.Match[str]) -> str:
        scheme, rest = found[0].split("//", 1)
        parts = f'<span class="invisible">{scheme}//</span><span class="ellipsis">{rest[:30]}</span>'
        return f'<a href="{found[0]}" rel="nofollow">{parts}<span class="invisible">{rest[30:]}</span></a>'

    marked = re.sub(r"https?://[^\s<]+", link, html.escape(text, quote=False))
    return "".join(f"<p>{part}</p>" for part in marked.replace("\n\n", "\0").split("\0"))


def counted_by_mastodon(text: str) -> int:
    """StatusLengthValidator: user-perceived characters, every address with its scheme as 23."""
    addresses = r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+[^\s]*"
    return graphemes(re.sub(addresses, "x" * 23, text, flags=re.IGNORECASE))


# -- Bluesky ----------------------------------------------------------------------------------------------


@dataclass
class BlueskyServer(SocialServer):
    """One account's server."""

    handle: str = "office.example.org"
    password: str = "app-pass-word-here"
    did: str = "did:plc:abcdefghijklmnopqrstuvwx"
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    sessions: int = 0
    commits: int = 0
    swap_first: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def is_write(self, asked: Asked) -> bool:
        return asked.path.endswith("Record") and asked.method == "POST"

    def answer(self, asked: Asked) -> Told:
        method = asked.path.removeprefix("/xrpc/com.atproto.")
        given = asked.json if asked.method == "POST" else None
        if method == "server.createSession":
            return self._log_in(given)
        if method == "repo.getRecord":
            return self._get(asked.query)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Told(400, {"error": "ExpiredToken", "message": "Token has expired"})
        if given.get("repo") != self.did or given.get("collection") != "app.bsky.feed.post":
            return Told(400, {"error": "InvalidRequest", "message": "not yours"})
        if method == "repo.putRecord":
            return self._put(given)
        if method == "repo.deleteRecord":
            if self.records.pop(given["rkey"], None) is None:
                return Told(200, {})  # absent: fine, and no commit
            self.commits += 1
            return Told(200, {"commit": {"cid": cid(self.commits), "rev": str(self.commits)}})
        return Told(501, {"error": "MethodNotImplemented"})

    def _log_in(self, given: Any) -> Told:
        if (given.get("identifier"), given.get("password")) != (self.handle, self.password):
            return Told(401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"})
        self.sessions += 1
        token = f"token-{self.sessions}"
        self.tokens.add(token)
        return Told(200, {"did": self.did, "handle": self.handle, "accessJwt": token, "refreshJwt": "unused"})

    def _get(self, query: dict[str, list[str]]) -> Told:
        record = self.records.get(query["rkey"][0])
        if query["repo"][0] != self.did or record is None:
            return Told(400, {"error": "RecordNotFound", "message": "Could not locate record"})
        return Told(200, {"uri": self._uri(query["rkey"][0]), "cid": cid(record), "value": record})

    def _put(self, given: dict[str, Any]) -> Told:
        key, record = given["rkey"], given["record"]
        if wrong := wrong_with_post(key, record):
            return Told(400, {"error": "InvalidRequest", "message": wrong})
        current = self.records.get(key)
        same = current is not None and cid(current) == cid(record)
        swap = "swapRecord" in given and current is not None and given["swapRecord"] != cid(current)
        if swap and (self.swap_first or not same):
            return Told(400, {"error": "InvalidSwap", "message": "Record was at another"})
        told: dict[str, Any] = {"uri": self._uri(key), "cid": cid(record), "validationStatus": "valid"}
        if not same:
            self.records[key] = record
            self.commits += 1
            told["commit"] = {"cid": cid(record), "rev": str(self.commits)}
        return Told(200, told)

    def _uri(self, key: str) -> str:
        return f"at://{self.did}/app.bsky.feed.post/{key}"


def cid(record: Any) -> str:
    """A name that two records share only where they are the same."""
    return "bafy" + hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def wrong_with_post(key: str, record: Any) -> str:
    """What the lexicons app.bsky.feed.post and app.bsky.richtext.facet, and the syntax of a TID, find wrong."""
    if not re.fullmatch(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", key):
        return "Invalid record key"
    text = record.get("text")
    if record.get("$type") != "app.bsky.feed.post" or not isinstance(text, str):
        return "Record/$type"
    if len(text.encode()) > 3000 or graphemes(text) > 300:
        return "Record/text must not be longer than 300 graphemes"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", record.get("createdAt", "")):
        return "Record/createdAt must be an valid atproto datetime"
    if not 1 <= len(record.get("langs", ["en"])) <= 3:
        return "Record/langs"
    for ref in record.get("reply", {}).values():
        if not ref.get("uri", "").startswith("at://") or not ref.get("cid", "").startswith("bafy"):
            return "Record/reply must have a strong reference"
    for facet in record.get("facets", ()):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if not 0 <= start < end <= len(text.encode()):
            return "Record/facets"
    return ""


def graphemes(text: str) -> int:
    """User-perceived characters: a plain reading of UAX #29 for marks, joiners and emoji, enough for these tests."""
    count = 0
    joined = False
    before = ""
    for sign in text:
        hangs = unicodedata.category(sign) in {"Mn", "Me", "Mc"} or sign in "\u200c\u200d\ufe0f"
        hangs = hangs or "\U0001f3fb" <= sign <= "\U0001f3ff"
        begins = not before or unicodedata.category(before) in {"Cc", "Zl", "Zp"}
        if begins or not (hangs or joined):
            count += 1
        joined = sign == "\u200d" and not begins
        before = sign
    return count
