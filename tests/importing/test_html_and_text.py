"""Web pages, Markdown, and text pasted one paragraph a line."""

from __future__ import annotations

import re
from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.importing import read_foreign
from pressrelease.importing.html import html_to_markdown
from pressrelease.message.html import markdown


def rendered(text: str) -> list[str]:
    return re.findall(r"\w+", unescape(re.sub(r"<[^>]*>", " ", markdown().render(text))))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One <b>two</b> <i>three</i></p>", "One **two** *three*"),
        ("<p>a <b> bold </b>b</p>", "a  **bold** b"),
        ("<p>See <a href='https://e.org/a b'>it</a></p>", "See [it](<https://e.org/a%20b>)"),
        ("<p><a href='javascript:x'>it</a></p>", "it"),
        ("<p>1993) a # b</p>", "1993\\) a # b"),
        ("<p># no heading</p>", "\\# no heading"),
        ("<p>[NAMES] * a_b AT&amp;T</p>", "\\[NAMES\\] \\* a_b AT&T"),
        ("<h2>Head</h2><p>x<br>y</p>", "## Head\n\nx\\\ny"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol start=5><li>a<li>b</ol>", "5. a\n6. b"),
        ("<blockquote><p>q</p><p>r</p></blockquote>", "> q\n>\n> r"),
        (
            "<table><tr><th>Name<th>Age<tr><td>A|B<td>17</table>",
            "| Name | Age |\n| --- | --- |\n| A\\|B | 17 |",
        ),
        (
            "<table><tr><td rowspan=2>a<td>b<tr><td>c</table>",
            "| a | b |\n| --- | --- |\n|  | c |",
        ),
        ("<table><tr><td>a<td><table><tr><td>x<td>y</table></table>", None),
    ],
)
def test_html_becomes_markdown(html: str, expected: str | None) -> None:
    found = html_to_markdown(html).markdown
    if expected is not None:
        assert found == expected
    assert rendered(found) == re.findall(r"\w+", unescape(re.sub(r"<[^>]*>", " ", html)))


def test_what_a_page_hides_or_runs_is_left_out_and_reported() -> None:
    page = html_to_markdown(
        "<nav>Menu</nav><main><p>Text</p><p style='display: none'>SECRET</p><script>x()</script><form>f</form>"
        "<img src='https://e.org/x.png' alt='A map'></main>"
    )
    assert page.markdown == "Text"
    assert [(one.kind, one.text) for one in page.seen] == [("hidden", "SECRET"), ("dropped", ""), ("dropped", "A map")]


@given(
    st.recursive(
        st.text("ab1 *_#[]()|&~`\\-+.=é", min_size=1, max_size=12).map(escape),
        lambda inner: st.builds(
            lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
            st.sampled_from(["p", "b", "i", "li", "ul", "ol", "div", "h2", "td", "tr", "table", "a", "blockquote"]),
            st.lists(inner, min_size=1, max_size=4),
        ),
        max_leaves=12,
    )
)
def test_no_page_loses_or_turns_a_word(html: str) -> None:
    """Letters that are on the page are in the text, and nothing in a text becomes a mark."""
    letters = re.sub(r"[^ab1é]", "", unescape(re.sub(r"<[^>]*>", "", html)))
    shown = re.sub(r"[^ab1é]", "", unescape(re.sub(r"<[^>]*>", "", markdown().render(html_to_markdown(html).markdown))))
    assert set(shown) <= set(letters)


PASTED = """\
FOR IMMEDIATE RELEASE
Contact: Lee Poe, 530-555-0144
Names released in county-wide operation
AUBURN, Calif. – The office released the names of those who were arrested in the operation that it had announced.
The cases are under review, and every defendant is presumed innocent until proven guilty in a court of law.
-30-
"""


def test_text_pasted_one_paragraph_a_line_is_set_apart() -> None:
    found = read_foreign(PASTED.encode(), "release.txt")
    assert (found.headline, found.embargo, found.dateline) == (
        "Names released in county-wide operation",
        "immediate",
        "AUBURN, Calif.",
    )
    assert found.body.count("\n\n") == 1
    assert [one.kind for one in found.seen] == ["changed", "dropped"]


def test_wrapped_text_stays_as_it_is() -> None:
    text = "A headline\n\nThis paragraph was wrapped by an editor at some\ncolumn and goes on. It ends\nhere.\n"
    assert read_foreign(text.encode(), "release.txt").body == text.split("\n\n")[1].strip()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_the_encodings_that_editors_write(encoding: str) -> None:
    found = read_foreign("Café opens\n\nThe “café” opens today.".encode(encoding), "release.txt")
    assert (found.headline, found.body) == ("Café opens", "The “café” opens today.")


def test_markdown_with_front_matter_is_taken_as_it_is() -> None:
    text = "---\nheadline: A headline\n---\n\nText.\n"
    assert read_foreign(text.encode(), "x.md").body == text
