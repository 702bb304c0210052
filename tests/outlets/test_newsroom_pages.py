"""The newsroom's pages and feed: for everybody, and whatever stands in a text."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from needed import needs_program
from newsrooms import EARLIER, LIFT, OFFICE, URL, message_of, open_newsroom_in, send

from pressrelease.outlets.newsroom.frame import NewsroomSite
from pressrelease.outlets.newsroom.lists import list_pages
from pressrelease.outlets.newsroom.pages import record_of, release_page
from pressrelease.outlets.newsroom.record import PageRecord, record_in, record_tag
from pressrelease.outlets.newsroom.style import STYLE
from pressrelease.release import Attachment, Contact, ReleaseKind
from pressrelease.release.text import forbidden_in

# -- pages ------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """A page as a browser has it, strictly."""

    VOID = frozenset({"meta", "link", "br", "hr", "img"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: dict[str, str] = {}
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.words[tag] = self.words.get(tag, "") + data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _parsed(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def _check(html: str, *, language: str = "en-US") -> _Page:
    """What every page must be for everybody who reads it (WCAG 2.1), and must not do."""
    page = _parsed(html)
    assert html.startswith("<!doctype html>\n")
    assert page.all("html")[0]["lang"] == language
    assert page.words["title"].strip()
    assert page.headings.count(1) == 1
    level = 0
    for heading in page.headings:
        assert heading <= level + 1
        level = heading
    assert [len(page.all(tag)) for tag in ("main", "title", "h1")] == [1, 1, 1]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    body = [(tag, attributes) for tag, attributes in page.tags if tag in {"a", "body"}]
    assert body[1] == ("a", {"class": "skip", "href": "#main"})
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert tag not in {"iframe", "form", "object", "embed", "base", "video"}
        for name in ("aria-labelledby",):
            assert attributes.get(name, ids[0] if ids else "") in ids
        if tag == "script":
            assert attributes == {"type": "application/ld+json"}
        if tag == "img":
            assert re.fullmatch(r"[A-Za-z0-9_-]+\.[a-z0-9]+", attributes["src"])
            assert "alt" in attributes
        if tag == "link":
            assert attributes["rel"] in {"canonical", "alternate"}
        if tag == "a":
            assert re.match(r"https?://|mailto:|tel:|#main$|\.\./|\./|[a-zA-Z0-9_-]+[./]", attributes["href"])
    assert all(attributes["href"].strip() for attributes in page.all("a"))
    return page


def test_a_release_page_for_everybody(tmp_path: Path) -> None:
    message = message_of(
        body="Lead.\n\n![Evidence](photo.jpg)\n\n## Part\n\n| A | B |\n|-|-|\n| 1 | 2 |\n\n###",
        subhead="Sub",
        dateline="AUBURN, Calif.",
        keywords=("crime", "court"),
        attachments=(Attachment("photo.jpg"), Attachment("map.png", "Map", "A map"), Attachment("sheet.pdf", "Sheet")),
    )
    outlet = open_newsroom_in(tmp_path)
    send(outlet, message)
    html = (tmp_path / "newsroom" / "a-slug" / "index.html").read_text()
    page = _check(html)
    assert [image["alt"] for image in page.all("img")] == ["Evidence", "A map"]
    words = html.split("<body>")[1]
    order = ["FOR IMMEDIATE RELEASE", "530-555-0100", "<h1>", "Sub", "AUBURN, Calif.", "Lead.", "530-555-0100", "###"]
    at = -1
    for part in order:
        at = words.index(part, at + 1)
    assert "Monday, Sept. 24, 2018, 9 a.m. PDT" in page.words["time"]
    assert page.all("time")[0]["datetime"] == "2018-09-24T09:00:00-07:00"
    properties = {meta["property"]: meta["content"] for meta in page.all("meta") if "property" in meta}
    assert properties["og:type"] == "article"
    assert properties["og:url"] == f"{URL}/a-slug/"
    assert properties["og:image"] == f"{URL}/a-slug/photo.jpg"
    assert properties["article:published_time"] == "2018-09-24T09:00:00-07:00"
    data = json.loads(page.words["script"])
    assert data["@type"] == "NewsArticle"
    assert (data["headline"], data["datePublished"]) == ("Headline of a-slug", "2018-09-24T09:00:00-07:00")
    assert data["publisher"]["name"] == OFFICE.name
    assert {
        "rel": "alternate",
        "type": "application/atom+xml",
        "title": OFFICE.name,
        "href": "../feed.atom",
    } in page.all("link")
    assert "PDF" in page.words["section"]


def test_the_list_for_everybody(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    for slug, lift, kind in (
        ("old", datetime(2018, 1, 1, 7, 59, tzinfo=UTC), ReleaseKind.STATEMENT),
        ("new", LIFT, ReleaseKind.RELEASE),
        ("mid", EARLIER, ReleaseKind.ADVISORY),
    ):
        send(outlet, message_of(slug, lift=lift, kind=kind, subhead=f"Summary of {slug}"))
    html = (tmp_path / "newsroom" / "index.html").read_text()
    page = _check(html)
    assert re.findall(r'<h3><a href="([a-z]+)/">', html) == ["new", "mid", "old"]
    # The last minute of 2017 in California.
    assert re.findall(r'class="year">(\d+)<', html) == ["2018", "2017"]
    assert "Summary of mid" in page.words["p"]
    assert "Media advisory" in page.words["p"]


def test_what_the_first_list_can_not_hold_is_in_its_year() -> None:
    days = [datetime(2015, 12, 20, 12, tzinfo=UTC) + timedelta(days=number) for number in reversed(range(400))]
    site = NewsroomSite(OFFICE, URL)
    records = [PageRecord(f"r{day:%Y%m%d}", "v", f"On {day:%x}", "release", day, day, f"tag:{day:%s}") for day in days]
    pages = list_pages(records, site)
    assert list(pages) == ["index.html", "2016.html", "2015.html"]
    links = {name: re.findall(r'<h3><a href="(r\d+)/"', page) for name, page in pages.items()}
    assert links["index.html"] == [record.slug for record in records[:200]]
    assert set(links["2016.html"] + links["2015.html"] + links["index.html"]) == {record.slug for record in records}
    assert '<a href="2015.html">2015</a>' in pages["index.html"]
    for page in pages.values():
        _check(page)
    assert list(list_pages(records[:200], site)) == ["index.html"]


def test_a_list_of_nothing() -> None:
    assert "Nothing has been released yet." in _check(list_pages([], NewsroomSite(OFFICE))["index.html"]).words["p"]


texts = st.text(st.characters(codec="utf-8"), max_size=80).filter(lambda text: not forbidden_in(text))
hostile = st.sampled_from(
    """
</script><script>alert(1)</script>
"><img src=x onerror=alert(1)>
<!-- /release -->
<!-- related -->
' onx='
&quot;
</title>
]]>
\\u003c
<meta name="pressrelease" content="">
javascript:x
""".strip().split("\n")
)
lines = st.one_of(texts, hostile).map(lambda text: " ".join(text.split()))


@given(headline=lines, subhead=lines, body=st.one_of(texts, hostile), name=lines, phone=lines, email=lines, title=lines)
@example(*["</script><script>alert(1)</script>"] * 7)
@example(*["<!-- /release --><!-- /related -->"] * 7)
def test_no_text_becomes_markup(
    headline: str, subhead: str, body: str, name: str, phone: str, email: str, title: str
) -> None:
    message = message_of(
        headline=headline,
        subhead=subhead,
        body=body,
        dateline=name,
        contact=Contact(name, phone, email),
        keywords=(title,),
        attachments=(Attachment("a.pdf", title, title), Attachment("b.png", title, title)),
    )
    site = NewsroomSite(OFFICE, URL)
    record = record_of(message, site)
    html = release_page(message, site, record)
    page = _parsed(html)
    ours = "html head meta title link script style body a header div nav main article p time br h1 span section figure"
    theirs = "h2 h3 h4 h5 h6 ul ol li img figcaption footer strong em code pre blockquote hr table thead tbody tr th td"
    assert {tag for tag, _ in page.tags} <= set(f"{ours} {theirs}".split())
    assert " ".join(page.words.get("h1", "").split()) == " ".join(headline.split())
    assert json.loads(page.words["script"])["headline"] == headline
    assert record_in(html) == record
    assert html.count("<script") == 1
    assert html.count("<!--") == 4
    for _, attributes in page.tags:
        assert not [attribute for attribute in attributes if attribute.startswith("on")]
    _parsed(list_pages([record], site)["index.html"])


@given(
    headline=texts,
    summary=texts,
    moment=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),
    names=st.lists(lines, max_size=3),
)
def test_a_pages_record_comes_back(headline: str, summary: str, moment: datetime, names: list[str]) -> None:
    record = PageRecord("a", "v", headline, "release", moment, moment, "tag:x", summary, "b", tuple(names))
    assert record_in(f"<head>{record_tag(record)}</head>") == record


@given(text=st.text(max_size=200))
def test_no_foreign_page_is_a_fault(text: str) -> None:
    assert record_in(text) is None
    assert record_in(f'<meta name="pressrelease" content="{text}">') is None


def test_colors_can_be_distinguished() -> None:
    colours = dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", STYLE))

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        dark, bright = sorted((light(one), light(other)))
        return (bright + 0.05) / (dark + 0.05)

    for ink in ("ink", "muted", "link"):
        for paper in ("#ffffff", colours["wash"]):
            assert contrast(colours[ink], paper) >= 4.5
    assert contrast("#ffffff", colours["mast"]) >= 4.5
    assert contrast("#b35900", "#ffffff") >= 3  # the focus ring
    assert "url(" not in STYLE
    assert "@import" not in STYLE


# -- the feed ---------------------------------------------------------------------------------------------

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize("url", [URL, ""])
def test_the_feed_is_atom(tmp_path: Path, url: str) -> None:
    outlet = open_newsroom_in(tmp_path, url=url)
    body = 'Lead & <b>. ![x](photo.jpg)\n\n]]> "quoted"'
    send(
        outlet,
        message_of("first", lift=EARLIER, body=body, headline="A & B <c>", attachments=(Attachment("photo.jpg"),)),
    )
    send(outlet, message_of("second", follows="first"))
    send(outlet, message_of("first", lift=LIFT + timedelta(hours=1), version="v2", body=body, headline="A & B <c>"))
    feed = ElementTree.fromstring((tmp_path / "newsroom" / "feed.atom").read_bytes())
    assert feed.tag == f"{ATOM}feed"
    for required in ("id", "title", "updated", "author"):
        assert len(feed.findall(f"{ATOM}{required}")) == 1
    assert feed.findtext(f"{ATOM}updated") == "2018-09-24T17:00:00Z"
    links = {link.attrib["rel"]: link.attrib["href"] for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "self": f"{url}/feed.atom" if url else "feed.atom",
        "alternate": f"{url}/" if url else "index.html",
    }
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Headline of second", "A & B <c>"]
    ids = [str(entry.findtext(f"{ATOM}id")) for entry in entries]
    assert len(set(ids)) == 2
    host = "news.example.org" if url else "www.example.org"
    assert ids == [f"tag:{host},2018-09-24:second", f"tag:{host},2018-09-19:first"]
    first = entries[1]
    assert first.findtext(f"{ATOM}published") == "2018-09-19T17:30:00Z"
    assert first.findtext(f"{ATOM}updated") == "2018-09-24T17:00:00Z"
    [link] = first.findall(f"{ATOM}link")
    assert link.attrib["href"] == (f"{URL}/first/" if url else "first/index.html")
    content = first.find(f"{ATOM}content")
    assert content is not None
    assert content.attrib["type"] == "html"
    assert "<p>Lead &amp; &lt;b&gt;." in str(content.text)
    assert "related" not in str(content.text)
    assert unquote(content.attrib["{http://www.w3.org/XML/1998/namespace}base"]) == link.attrib["href"]


@given(headline=lines, subhead=lines, body=texts)
def test_the_feed_holds_any_text(headline: str, subhead: str, body: str) -> None:
    from pressrelease.formats.atom import FeedEntry, FeedHead, atom_feed

    entry = FeedEntry("tag:x", headline, "https://e.org/?a=1&b=2", LIFT, LIFT, subhead, body)
    head = FeedHead("tag:y", headline, subhead, "en-US", "https://e.org/", "https://e.org/feed.atom")
    feed = ElementTree.fromstring(atom_feed(head, [entry], updated=LIFT))
    found = feed.find(f"{ATOM}entry")
    assert found is not None
    assert found.findtext(f"{ATOM}title") == headline
    assert (found.findtext(f"{ATOM}content") or "") == body


# -- in a browser -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_real_browser_fetches_nothing_else_and_fits_a_small_screen(tmp_path: Path) -> None:
    needs_program("chromium", "chromium")
    outlet = open_newsroom_in(tmp_path, url="")
    long = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
    body = (
        f"Lead {long} <https://e.org/{'x' * 200}>.\n\n| A | B | C |\n|-|-|-|\n| {long} | b | c |\n\n    {'code ' * 60}"
    )
    send(outlet, message_of("first", lift=EARLIER, body=body, headline=f"A headline with {long}"))
    send(outlet, message_of("names", follows="first", body=body, dateline="AUBURN"))
    root = tmp_path / "newsroom"
    for name in ("index.html", "first/index.html", "names/index.html"):
        page = root / name
        # The browser itself says how wide the page came out: a frame of 320 px, measured from outside.
        frame = tmp_path / "frame.html"
        frame.write_text(
            f'<iframe id="f" src="{page.as_uri()}" style="width:320px;height:600px;border:0"></iframe><script>'
            "f.onload=()=>{const d=f.contentDocument.documentElement;"
            "document.title=d.scrollWidth+' '+f.contentWindow.performance.getEntriesByType('resource').length}"
            "</script>"
        )
        options = ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--virtual-time-budget=3000"]
        shown = subprocess.run(
            ["chromium", "--headless", *options, f"--user-data-dir={tmp_path}/profile", "--dump-dom", frame.as_uri()],
            capture_output=True,
            text=True,
            timeout=90,
            check=True,
        ).stdout
        found = re.search(r"<title>(\d+) (\d+)</title>", shown)
        assert found is not None, shown[:500]
        assert int(found[1]) <= 320, name
        assert int(found[2]) == 0, name
