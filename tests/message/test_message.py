"""message: a release as text and as HTML. Whatever is in the text, nothing of it becomes markup that wasn't meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pressrelease.config import Office
from pressrelease.message import Message, compose, html_with_addresses
from pressrelease.message.enclosures import MEDIA_TYPES, original_name, safe_names
from pressrelease.message.localization import day_words, moment_words
from pressrelease.release import Attachment, Contact, Release, ReleaseKind
from pressrelease.release.text import forbidden_in

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
OFFICE = Office(
    "Placer County District Attorney",
    "America/Los_Angeles",
    url="https://www.example.org/da",
    contact=Contact("Press Office", "530-555-0100", "press@example.org"),
)


def _release(body: str = "Body.", **more: object) -> Release:
    return Release("a-slug", str(more.pop("headline", "A headline")), "immediate", body, **more)  # type: ignore[arg-type]


def _message(release: Release, *, url: str = "", office: Office = OFFICE) -> Message:
    contents = {attachment.path: attachment.path.encode() for attachment in release.attachments}
    return compose(release, version="v1", office=office, lift=LIFT, url=url, attachments=contents)


def _html(body: str, **more: object) -> str:
    return _message(_release(body, **more)).html


def _body_text(body: str, **more: object) -> str:
    """The text between the headline and the closing contact."""
    text = _message(_release(body, **more), office=Office("X", "UTC")).text
    return text.split("A headline\n\n", 1)[1].rsplit("\n\n###\n", 1)[0]


# -- any text ---------------------------------------------------------------------------------------------

#: What a release may hold: no control, no bidirectional mark, no surrogate.
texts = st.text(st.characters(codec="utf-8"), max_size=200).filter(lambda text: not forbidden_in(text))
#: Pieces that mean something to Markdown or to HTML, so that random texts are not only words.
pieces = st.sampled_from(
    [
        piece.strip("\n").replace("¶", "\n")
        for piece in """
<script>alert(1)</script>
<img src=x onerror=alert(1)>
](javascript:alert(1))
[x
![x](//e.org/a.png)
![x](photo.jpg)
[s](photo.jpg)
<!-- /release -->
&lt;&#x6a;&#x202e;
¶¶
¶-\u0020
¶1.\u0020
¶>\u0020
¶#\u0020
`
```¶
|a|b|¶|-|-|¶|c|d|¶
**
_
<https://e.org/">
<mailto:a@b.c>
\\
" onx="
<style>*{}</style>
<svg/onload=alert(1)>
data:text/html,x
¶    code
###¶
""".strip("\n").split("\n")
    ]
)
bodies = st.lists(st.one_of(texts, pieces), max_size=12).map("".join)
_TAGS = set(
    "p h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong a img br hr table thead tbody tr th td span".split()
)
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}, "th": {"scope"}, "span": {"class"}}


class _Reader(HTMLParser):
    """Reads a fragment as a browser would, strictly: every tag allowed, closed, and in its place."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.headings: list[int] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS
        assert {name for name, _ in attrs} <= _ATTRIBUTES.get(tag, set())
        for name, value in attrs:
            if name == "href":
                assert value == "photo.jpg" or urlsplit(value or "").scheme in {"http", "https", "mailto", "tel"}
            if name == "src":
                assert value == "photo.jpg"
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in {"img", "br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@given(body=bodies, dateline=texts.map(lambda text: " ".join(text.split())))
@example(body="<script>alert(1)</script>", dateline="<b>")
@example(
    body="[a](javascript&colon;alert(1)) [b](JaVaScRiPt:x) [c](\x09javascript:x) [d](data:text/html,x)", dateline=""
)
@example(body="![x](https://evil.example/t.gif) ![x](//evil.example/t.gif) ![x](../photo.jpg)", dateline="")
@example(body='<https://e.org/"onmouseover=alert(1)>', dateline="")
@example(body="[x](https://e.org 'a\" onx=\"b')", dateline='" onx="')
def test_no_text_becomes_anything_but_harmless_markup(body: str, dateline: str) -> None:
    release = _release(body, dateline=dateline, attachments=(Attachment("photo.jpg", alt="<b>"),))
    message = _message(release)
    reader = _read(message.html)
    level = 1
    for heading in reader.headings:
        assert 2 <= heading <= level + 1
        level = heading
    assert message == _message(release)  # the same arguments, the same bytes
    assert message.text.endswith("\n###\n")
    assert forbidden_in(message.text + message.html + message.summary) is None


@given(words=st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9,;'-]{0,20}", fullmatch=True), min_size=1, max_size=80))
def test_plain_words_come_through_whole_and_in_order(words: list[str]) -> None:
    body = " ".join(["Lead", *words])
    text = _body_text(body)
    assert " ".join(text.split()) == body
    assert all(len(line) <= 72 for line in text.splitlines())
    assert " ".join(_read(_html(body)).words.split()) == body


# -- HTML -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("One.\n\nTwo.", '<p><span class="dateline">AUBURN, Calif.</span> – One.</p>\n<p>Two.</p>'),
        ("AUBURN, Calif. - One.", "<p>AUBURN, Calif. - One.</p>"),
        (
            "# Head\n\n- item\n\nLead.",
            '<h2>Head</h2>\n<ul>\n<li>item</li>\n</ul>\n<p><span class="dateline">AUBURN, Calif.</span> – Lead.</p>',
        ),
        ("- only a list", "<p>AUBURN, Calif.</p>\n<ul>\n<li>only a list</li>\n</ul>"),
        ("", "<p>AUBURN, Calif.</p>"),
    ],
)
def test_the_dateline_comes_before_the_lead(body: str, html: str) -> None:
    assert _html(body, dateline="AUBURN, Calif. –") == html


@pytest.mark.parametrize("mark", ["###", "# # #", "-30-", "– 30 –", "- 30 -", "  ###  \n\n"])
def test_the_authors_own_end_mark_is_not_a_heading_and_not_doubled(mark: str) -> None:
    message = _message(_release(f"Body.\n\n{mark}"))
    assert message.html == "<p>Body.</p>"
    assert message.text.count("###") == 1
    assert "30" not in message.text.replace("530-555-0100", "")


def test_headings_begin_below_the_headline_and_skip_none() -> None:
    html = _html("# A\n\n#### B\n\n## C\n\n###### D")
    assert re.findall(r"<(h\d)>", html) == ["h2", "h3", "h3", "h4"]


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("[a](https://e.org/?a=1&b=2)", '<a href="https://e.org/?a=1&amp;b=2">a</a>'),
        ("[a](mailto:x@e.org)", '<a href="mailto:x@e.org">a</a>'),
        ("[a](tel:+15305550100)", '<a href="tel:+15305550100">a</a>'),
        ("[a](/news)", '<a href="https://www.example.org/news">a</a>'),
        ("[a](my%20sheet.pdf)", '<a href="my-sheet.pdf">a</a>'),
        ("[a](//evil.org)", "a"),
        ("[a](/\\evil.org)", "a"),
        ("[a](other.html)", "a"),
        ("[a](#top)", "a"),
        ("[a](ftp://e.org)", "a"),
        ("[a](javascript:x)", "[a](javascript:x)"),
        ("![What it shows](photo.jpg)", '<img src="photo.jpg" alt="What it shows">'),
        ("![](photo.jpg)", '<img src="photo.jpg" alt="Their own words">'),
        ("x ![y](https://evil.org/p.gif) z", "x  z"),
        ("x ![y](nowhere.jpg) z", "x  z"),
        ("<b>x</b> & y", "&lt;b&gt;x&lt;/b&gt; &amp; y"),
    ],
)
def test_links_and_images(markdown: str, html: str) -> None:
    attachments = (Attachment("photo.jpg", alt="Their own words"), Attachment("my sheet.pdf"))
    assert _html(markdown, attachments=attachments) == f"<p>{html}</p>"


def test_tables_have_column_headings() -> None:
    html = _html("| Name | Age |\n|:--|--:|\n| A | 41 |")
    assert '<th scope="col">Name</th>' in html
    assert "<td>41</td>" in html
    assert "style" not in html


def test_addresses_are_put_into_tags_only() -> None:
    message = _message(
        _release(
            '![a](photo.jpg) [b](photo.jpg) `<img src="photo.jpg">` <img src="photo.jpg"',
            attachments=(Attachment("photo.jpg"),),
        )
    )
    html = html_with_addresses(message.html, lambda name: f"cid:{name}?a&b")
    assert '<img src="cid:photo.jpg?a&amp;b" alt="a">' in html
    assert '<a href="cid:photo.jpg?a&amp;b">' in html
    assert html.count("cid:") == 2


# -- plain text -------------------------------------------------------------------------------------------


def test_the_order_of_the_press() -> None:
    release = _release(
        "The lead.\n\nThe rest.",
        subhead="A subhead",
        dateline="AUBURN, Calif.",
        attachments=(Attachment("sheet.pdf", "Fact sheet"), Attachment("x/photo.jpg")),
    )
    assert _message(release, url="https://news.example.org/a-slug/").text == (
        "FOR IMMEDIATE RELEASE\nMonday, Sept. 24, 2018\nPlacer County District Attorney\n\n"
        "Media contact:\nPress Office\n530-555-0100\npress@example.org\n\n"
        "A headline\nA subhead\n\n"
        "AUBURN, Calif. – The lead.\n\nThe rest.\n\n"
        "Attachments:\n- Fact sheet: https://news.example.org/a-slug/sheet.pdf\n"
        "- https://news.example.org/a-slug/photo.jpg\n\n"
        "Media contact:\nPress Office\n530-555-0100\npress@example.org\n\n"
        "Online: https://news.example.org/a-slug/\n\n###\n"
    )


def test_the_releases_own_contact_comes_before_the_offices() -> None:
    own = _message(_release(contact=Contact(name="Own ServiceContext")))
    assert own.contact == Contact(name="Own ServiceContext")
    assert "530-555-0100" not in own.text
    assert _message(_release(contact=Contact())).contact == OFFICE.contact


def test_the_editors_note_is_in_neither() -> None:
    message = _message(_release(editor_note="canary"))
    assert "canary" not in message.text + message.html + message.summary


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a [b](https://e.org/x) c", "a b (https://e.org/x) c"),
        ("<https://e.org/x>", "https://e.org/x"),
        ("[https://e.org/x](https://e.org/x)", "https://e.org/x"),
        ("[x@e.org](mailto:x@e.org)", "x@e.org"),
        ("[call us](tel:+1-530-555-0100)", "call us (+1-530-555-0100)"),
        ("[530-555-0100](tel:+15305550100)", "530-555-0100"),
        ("**bold** and *it* and `code`", "bold and it and code"),
        ("one  \ntwo\nthree", "one\ntwo three"),
        ("- a\n- b\n  1. c\n  2. d", "- a\n- b\n  1. c\n  2. d"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("9. a\n10. b", "9. a\n10. b"),
        ("> quoted\n> on", "    quoted on"),
        ("    code  x", "    code  x"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("## Heading\n\nText", "Heading\n\nText"),
        ("| Name | Age |\n|--|--|\n| Al | 4 |", "Name | Age\n-----+----\nAl   | 4"),
        ("a&nbsp;b &amp; c", "a\u00a0b & c"),
    ],
)
def test_markdown_as_text(markdown: str, text: str) -> None:
    assert _body_text(markdown) == text


def test_an_image_as_text_is_its_description() -> None:
    message = _message(_release("![A table](photo.jpg)", attachments=(Attachment("photo.jpg"),)))
    assert "\n\n[Image: A table]\n\n" in message.text


def test_entities_bring_no_hidden_character() -> None:
    message = _message(
        _release("a&#x202e;b&#8203;c &#x2028;`d` ![&#x202e;x](photo.jpg)", attachments=(Attachment("photo.jpg"),))
    )
    assert forbidden_in(message.html) is None
    assert message.html.startswith("<p>ab\u200bc")


def test_a_wide_table_becomes_lines() -> None:
    wide = "word " * 20
    text = _body_text(f"| Name | What |\n|--|--|\n| Al | {wide}|\n| Bo | {wide}|")
    assert text.startswith("Name: Al\nWhat: word word")
    assert "\n\nName: Bo\n" in text


def test_a_long_address_is_not_broken_and_hyphens_are_kept() -> None:
    address = "https://e.org/" + "long-part-" * 12
    text = _body_text(f"Some words that fill the line up to here and-then-some-hyphens <{address}> after")
    assert address in text
    assert "and-then-some-hyphens" in text


def test_the_summary_is_the_subhead_or_the_lead() -> None:
    assert _message(_release("Lead.", subhead="Sub")).summary == "Sub"
    body = "# H\n\n![x](photo.jpg)\n\nThe [lead](https://e.org)  \nis *this*.\n\nMore."
    assert (
        _message(_release(body, dateline="AUBURN", attachments=(Attachment("photo.jpg"),))).summary
        == "The lead is this."
    )
    long = _message(_release("word " * 200)).summary
    assert len(long) <= 301
    assert long.endswith("word…")
    assert _message(_release("")).summary == ""


def test_the_seed_release_comes_through_whole() -> None:
    seed = Path(__file__).parents[1] / "examples" / "county-wide-human-trafficking-operation.txt"
    body = seed.read_text(encoding="utf-8").split("\n\n", 1)[1]
    text = _body_text(body)
    assert " ".join(text.split()) == " ".join(body.split())


# -- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2018, 9, 24, 16, 0, tzinfo=UTC), "Monday, Sept. 24, 2018, 9 a.m. PDT"),
        (datetime(2018, 12, 24, 17, 5, tzinfo=UTC), "Monday, Dec. 24, 2018, 9:05 a.m. PST"),
        (datetime(2018, 6, 1, 19, 0, tzinfo=UTC), "Friday, June 1, 2018, noon PDT"),
        (datetime(2018, 6, 1, 7, 0, tzinfo=UTC), "Friday, June 1, 2018, 12:00 a.m. PDT"),
        (datetime(2018, 6, 1, 7, 1, tzinfo=UTC), "Friday, June 1, 2018, 12:01 a.m. PDT"),
        (datetime(2018, 6, 2, 0, 30, tzinfo=UTC), "Friday, June 1, 2018, 5:30 p.m. PDT"),
    ],
)
def test_moments_as_the_press_writes_them(moment: datetime, words: str) -> None:
    assert moment_words(moment, "America/Los_Angeles", "en-US") == words


def test_an_office_that_speaks_spanish() -> None:
    assert day_words(LIFT, "America/Los_Angeles", "es-MX") == "lunes, 24 de septiembre de 2018"
    assert moment_words(LIFT, "America/Sao_Paulo", "es").endswith(", 13:00 UTC-03")
    message = _message(_release(), office=Office("Oficina", "America/Los_Angeles", language="es-MX"))
    assert message.text.startswith("PARA PUBLICACIÓN INMEDIATA\nlunes, 24 de septiembre de 2018\nOficina\n")


@pytest.mark.parametrize("kind", list(ReleaseKind))
def test_every_kind_has_its_line(kind: ReleaseKind) -> None:
    assert "IMMEDIATE RELEASE" in _message(_release(kind=kind)).text.splitlines()[0]


# -- enclosures -------------------------------------------------------------------------------------------

paths = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), unique=True, max_size=8)


@given(paths=paths)
@example(paths=["a.jpg", "x/a.jpg", "A.JPG", "a-2.jpg", "y/a.jpg"])
@example(paths=["index.html", ".htaccess", "x.php", "x.php.pdf", "con.pdf", "..", "feed.atom", "a\r\nb.pdf", 'a".pdf'])
def test_enclosure_names_are_safe_and_unique(paths: list[str]) -> None:
    names = safe_names(paths)
    assert list(names) == paths
    assert len({name.lower() for name in names.values()}) == len(paths)
    for name in names.values():
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.[a-z0-9]+", name)
        assert len(name) <= 100
        assert name.rpartition(".")[2] in {*MEDIA_TYPES, "bin"}


@given(paths=paths)
@example(
    paths=["Скан приговора.pdf", "x.php", "a/b\u202etxt.pdf", "..pdf", "con.pdf", "a\r\nb.pdf", "ü" * 200 + ".pdf"]
)
def test_an_original_name_can_stand_on_any_disk_and_ends_as_the_safe_one(paths: list[str]) -> None:
    for path, safe in safe_names(paths).items():
        name = original_name(path, safe)
        assert name.isprintable()
        assert not set(name) & set('/\\:*?"<>|')
        assert name.rpartition(".")[2] == safe.rpartition(".")[2]
        assert len(name) <= 100
        assert not name.startswith(".")


def test_a_link_to_an_attachment_says_its_own_name() -> None:
    message = _message(_release(attachments=(Attachment("Скан приговора.pdf"), Attachment("b.pdf", title="A title"))))
    assert [enclosure.words for enclosure in message.enclosures] == ["Скан приговора.pdf", "A title"]
    assert "- Скан приговора.pdf: " in message.text


@pytest.mark.parametrize(
    ("path", "name", "media_type"),
    [
        ("sheet.pdf", "sheet.pdf", "application/pdf"),
        ("lists/Names of 2018.PDF", "Names-of-2018.pdf", "application/pdf"),
        ("Café é.jpg", "Cafe-e.jpg", "image/jpeg"),
        ("page.html", "page-html.bin", "application/octet-stream"),
        ("drawing.svg", "drawing-svg.bin", "application/octet-stream"),
        ("x.php.pdf", "x-php.pdf", "application/pdf"),
        ("日本.pdf", "attachment.pdf", "application/pdf"),
        ("Übersicht Größe.png", "Ubersicht-Grosse.png", "image/png"),
        ("Åse Ørsted ÆŁ.pdf", "Ase-Orsted-AEL.pdf", "application/pdf"),
        ("noending", "noending.bin", "application/octet-stream"),
    ],
)
def test_enclosures_keep_their_bytes_under_a_safe_name(path: str, name: str, media_type: str) -> None:
    [enclosure] = _message(_release(attachments=(Attachment(path, "T", "A"),))).enclosures
    assert (enclosure.name, enclosure.media_type, enclosure.content) == (name, media_type, path.encode())
    assert (enclosure.title, enclosure.alt, enclosure.shown) == ("T", "A", False)


def test_an_image_in_the_body_is_marked_as_shown() -> None:
    message = _message(
        _release("![x](b.jpg)", attachments=(Attachment("a.jpg"), Attachment("b.jpg"), Attachment("c.pdf")))
    )
    assert [enclosure.shown for enclosure in message.enclosures] == [False, True, False]
