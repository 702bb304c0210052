"""The WordPress outlet without a WordPress: its posts, and what becomes of answers at each step of a send.

The answers are those of WordPress 6.1; `test_wordpress_site.py` asks a real one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import FlakyServer, answer
from social_servers import Asked, SocialServer, Told, a_message, serving

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.outlets.answers import HttpAnswer
from pressrelease.outlets.wordpress.draft import draft_of, mark_in, media_slug, series_of, slug_at_wordpress
from pressrelease.outlets.wordpress.site import code_of, shown_in
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt

KEY = "0123456789abcdef" * 2
REFUSED_STATUS = {
    "code": "rest_invalid_param",
    "message": "Invalid parameter(s): status",
    "data": {
        "status": 400,
        "params": {"status": "Status is forbidden."},
        "details": {"status": {"code": "rest_forbidden_status", "message": "No.", "data": {"status": 401}}},
    },
}


class Scripted(SocialServer):
    """Says what it is told to, by method and kind of thing; everything else goes well."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, Told | str] = {}

    def trouble_for(self, asked: Asked) -> str | Told | None:
        return self.says.get(self.step(asked))

    def step(self, asked: Asked) -> str:
        """ "GET posts", "POST media"."""
        route = asked.query.get("rest_route", [asked.path])[0].removeprefix("/wp-json").removeprefix("/wp/v2/")
        return f"{asked.method} {route.split('/')[0]}"

    def answer(self, asked: Asked) -> Told:
        step = self.step(asked)
        if step == "GET posts":
            return Told(200, [])
        if step == "GET ":
            return Told(200, None, {"Link": f"<{self.url}/?p=7>; rel=shortlink"})
        if step == "POST posts":
            link = f"{self.url}/names-released/"
            return Told(201, {"id": 7, "slug": asked.json["slug"], "status": "publish", "link": link})
        if step == "POST media":
            return Told(201, {"id": 8, "source_url": f"{self.url}/wp-content/uploads/a.pdf"})
        if step == "DELETE posts":
            return Told(200, {"id": 7, "status": "trash"})
        return Told(200, [])

    @property
    def steps(self) -> list[str]:
        """What was asked, in order."""
        return [self.step(asked) for asked in self.asked]


@pytest.fixture
def server() -> Iterator[Scripted]:
    with serving(Scripted()) as running:
        yield running


def outlet(server: SocialServer, timeout: float = 5, **more: Any) -> Any:
    settings = {
        "url": server.url + "/",
        "username": "press",
        "password": SecretReference(SecretSource.ENV, "PASSWORD"),
        **more,
    }
    config = OutletConfig("site", "wordpress", timeout=timedelta(seconds=timeout), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: "s3cret")


def deliver(opened: Any, message: Message | None = None) -> Receipt:
    rendered = opened.prepare(message or a_message(attachments={"a.pdf": b"%PDF"}), key=KEY, recipient="")
    receipt: Receipt = opened.send(rendered, key=KEY, recipient="")
    return receipt


def refused(opened: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(opened)
    assert "names-released" not in caught.value.reason
    assert "s3cret" not in caught.value.reason
    return caught.value


# -- a post -----------------------------------------------------------------------------------------------


@given(body=st.text("abc <>&[]\n#*_`\"'-!():/https", max_size=200), key=st.integers(0, 2**128 - 1))
def test_a_post_is_known_by_its_mark_whatever_it_says(body: str, key: int) -> None:
    draft = draft_of(a_message(body=body), outlet="site", key=f"{key:032x}")
    content = str(draft.fields({})["content"])
    assert mark_in(content) == draft.mark
    assert content.count("<!--") == 1
    assert "[" not in content, "no shortcode can begin"


@given(body=st.text("abc <!->pres0123456789def", max_size=300))
def test_no_text_can_pass_itself_off_as_marked(body: str) -> None:
    forged = f"<!-- pressrelease {'0' * 32} {'1' * 32} -->"
    draft = draft_of(a_message(body=body + forged, headline=forged), outlet="site", key=KEY)
    assert mark_in(str(draft.fields({})["content"])) == draft.mark


def test_a_series_is_one_release_at_one_outlet() -> None:
    assert series_of("a", "site") == series_of("a", "site")
    assert len({series_of("a", "site"), series_of("b", "site"), series_of("a", "other")}) == 3


@pytest.mark.parametrize(("slug", "kept"), [("a", "a"), ("a-b", "a-b"), ("a--b", "a-b"), ("-a-", "a")])
def test_a_slug_as_wordpress_keeps_it(slug: str, kept: str) -> None:
    assert slug_at_wordpress(slug) == kept


def test_the_fields_say_publish_and_no_date() -> None:
    fields = draft_of(a_message(), outlet="site", key=KEY).fields({})
    assert fields["status"] == "publish"
    assert not [name for name in fields if "date" in name]


def test_enclosures_are_addressed_once_they_have_addresses() -> None:
    message = a_message(body="![](a.png)", attachments={"a.png": b"x", "b.pdf": b"y"}, alts={"a.png": "A & b"})
    draft = draft_of(message, outlet="site", key=KEY)
    content = str(
        draft.fields({"a.png": "https://x.example.org/1.png", "b.pdf": "https://x.example.org/2.pdf"})["content"]
    )
    assert re.findall(r'(?:src|href)="(https://x[^"]+)"', content) == [
        "https://x.example.org/1.png",
        "https://x.example.org/2.pdf",
    ]


def test_an_attachment_is_the_same_only_where_all_of_it_is() -> None:
    def slug(content: bytes, alt: str) -> str:
        [enclosure] = a_message(attachments={"a.png": content}, alts={"a.png": alt}).enclosures
        return media_slug(enclosure)

    assert slug(b"x", "y") == slug(b"x", "y")
    assert len({slug(b"x", "y"), slug(b"z", "y"), slug(b"x", "z")}) == 3


def test_the_reason_behind_a_refused_parameter_is_found() -> None:
    assert code_of(REFUSED_STATUS) == "rest_forbidden_status"
    assert code_of({"code": "rest_cannot_create", "data": {"status": 401}}) == "rest_cannot_create"
    assert code_of(["x"]) == code_of({}) == code_of({"data": []}) == ""


# -- a send -----------------------------------------------------------------------------------------------


def test_it_looks_before_and_after(server: Scripted) -> None:
    receipt = deliver(outlet(server))
    assert receipt == Receipt(url=f"{server.url}/names-released/", remote_id="7")
    assert server.steps == ["GET posts", "GET media", "POST media", "POST posts", "GET posts", "GET "]
    [posted] = [asked for asked in server.asked if server.step(asked) == "POST posts"]
    assert f"{server.url}/wp-content/uploads/a.pdf" in posted.json["content"]
    assert posted.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("step", ["GET posts", "GET media", "POST media"])
@pytest.mark.parametrize("trouble", ["lost", "unheard", Told(500, {}), Told(503, {}), Told(504, {})])
def test_before_the_post_nothing_has_been_sent(server: Scripted, step: str, trouble: Told | str) -> None:
    server.says[step] = trouble
    assert refused(outlet(server, timeout=1)).certainty is Certainty.NOT_SENT
    assert "POST posts" not in server.steps


@pytest.mark.parametrize(
    "trouble",
    ["lost", "hangs", "unheard", Told(500, {}), Told(502, {}), Told(201, "no JSON of a post"), Told(200, None)],
)
def test_from_the_post_on_it_is_unsure_until_php_has_given_up(server: Scripted, trouble: Told | str) -> None:
    server.says["POST posts"] = trouble
    opened = outlet(server, timeout=1)
    assert refused(opened).certainty is Certainty.UNSURE
    assert opened.repeats.settle >= timedelta(seconds=30)


def test_a_published_post_is_delivered_whatever_the_second_look_does(server: Scripted) -> None:
    opened = outlet(server)
    told = server.answer

    def answer(asked: Asked) -> Told:
        return Told(500, {}) if "POST posts" in server.steps and asked.method == "GET" else told(asked)

    server.answer = answer  # type: ignore[method-assign]
    assert deliver(opened).remote_id == "7"


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"id": 7, "slug": "names-released-2", "status": "publish", "link": ""}, "already has something"),
        ({"id": 7, "slug": "names-released", "status": "future", "link": ""}, "future"),
        ({"id": 7, "slug": "names-released", "status": "pending", "link": ""}, "pending"),
    ],
)
def test_what_came_back_wrong_is_taken_back(server: Scripted, posted: dict[str, Any], words: str) -> None:
    server.says["POST posts"] = Told(201, posted)
    failure = refused(outlet(server))
    assert failure.certainty is Certainty.FOR_GOOD
    assert words in failure.reason.replace("names-released", "")
    assert server.steps[-1] == "DELETE posts"


def test_what_can_t_be_taken_back_is_named(server: Scripted) -> None:
    server.says["POST posts"] = Told(201, {"id": 7, "slug": "other", "status": "publish", "link": ""})
    server.says["DELETE posts"] = Told(403, {"code": "rest_cannot_delete", "data": {"status": 403}})
    failure = refused(outlet(server))
    assert failure.certainty is Certainty.FOR_GOOD
    assert "post number 7" in failure.reason


def test_a_site_without_a_trash_deletes(server: Scripted) -> None:
    server.says["POST posts"] = Told(201, {"id": 7, "slug": "other", "status": "publish", "link": ""})
    server.says["DELETE posts"] = Told(501, {"code": "rest_trash_not_supported", "data": {"status": 501}})
    assert "post number 7" in refused(outlet(server)).reason
    server.asked = [asked for asked in server.asked if asked.method == "DELETE"]
    assert [asked.query.get("force") for asked in server.asked] == [None, ["true"]]


@pytest.mark.parametrize(
    ("told", "certainty", "credentials"),
    [
        (Told(401, {"code": "incorrect_password", "data": {"status": 401}}), Certainty.FOR_GOOD, True),
        (Told(400, REFUSED_STATUS), Certainty.FOR_GOOD, True),
        (Told(429, {}), Certainty.NOT_SENT, False),
        (Told(404, "a page"), Certainty.FOR_GOOD, False),
        (Told(301, None, {"location": "https://www.example.org/"}), Certainty.FOR_GOOD, False),
        (Told(200, "a page"), Certainty.FOR_GOOD, False),
    ],
)
def test_what_the_first_look_can_say(server: Scripted, told: Told, certainty: Certainty, credentials: bool) -> None:
    server.says["GET posts"] = told
    failure = refused(outlet(server))
    assert (failure.certainty, failure.credentials) == (certainty, credentials)
    assert set(server.steps) == {"GET posts"}


# -- the address on record shows the release ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "<https://www.example.org/?p=9>; rel=shortlink",
        '<https://www.example.org/?page_id=9>; rel="shortlink"',
        '<https://www.example.org/wp-json/wp/v2/pages/9>; rel="alternate"; type="application/json"',
        '<https://www.example.org/index.php?rest_route=/wp/v2/media/9>; rel="alternate"; type="application/json"',
    ],
)
def test_an_address_that_shows_something_else_is_taken_back(server: Scripted, link: str) -> None:
    server.says["GET "] = Told(200, None, {"Link": link})
    failure = refused(outlet(server))
    assert failure.certainty is Certainty.FOR_GOOD
    assert "keeps the release's address for something else (number 9): the post was taken back" in failure.reason
    assert server.steps[-1] == "DELETE posts"


@pytest.mark.parametrize(
    "page", ["lost", Told(404), Told(403, "log in"), Told(200, "a page that says nothing"), Told(301)]
)
@pytest.mark.parametrize("owned", [True, False])
def test_an_address_that_says_nothing_is_held_against_the_pages(
    server: Scripted, page: Told | str, owned: bool
) -> None:
    server.says["GET "] = page
    if owned:
        server.says["GET pages"] = Told(200, [{"id": 9, "link": f"{server.url}/names-released"}])
        assert "(number 9)" in refused(outlet(server)).reason
    else:
        server.says["GET pages"] = Told(
            200, [{"id": 9, "status": "publish", "link": f"{server.url}/about/names-released/", "parent": 5}]
        )
        assert deliver(outlet(server)).remote_id == "7"


@pytest.mark.parametrize(("status", "parent", "taken"), [("draft", 0, True), ("private", 0, True), ("draft", 5, False)])
def test_a_page_that_is_not_published_keeps_the_address_too(
    server: Scripted, status: str, parent: int, taken: bool
) -> None:
    server.says["GET "] = Told(404)
    page = {"id": 9, "slug": "names-released", "status": status, "link": f"{server.url}/?page_id=9", "parent": parent}
    server.says["GET pages"] = Told(200, [page])
    if taken:
        assert "(number 9)" in refused(outlet(server)).reason
    else:
        assert deliver(outlet(server)).remote_id == "7"


def test_an_earlier_version_is_not_taken_back_for_its_address(server: Scripted) -> None:
    mark = draft_of(a_message(), outlet="site", key=KEY).mark
    post = {"id": 7, "slug": "names-released", "status": "publish", "link": f"{server.url}/names-released/"}
    for key in (mark.key, "f" * 32):
        content = {"raw": f"<!-- pressrelease {mark.series} {key} -->"}
        server.says["GET posts"] = Told(200, [{**post, "content": content}])
        server.says["GET "] = Told(200, None, {"Link": "<https://www.example.org/?p=9>; rel=shortlink"})
        assert "check post number 7" in refused(outlet(server)).reason
    assert "DELETE posts" not in server.steps


@pytest.mark.parametrize(
    ("html", "number"),
    [
        ("<link rel='shortlink' href='https://www.example.org/?p=12' />", 12),
        ('<link rel="alternate" type="application/json" href="https://www.example.org/wp-json/wp/v2/pages/12" />', 12),
        ('<body class="page-template page page-id-12 wp-embed-responsive">', 12),
        ('<body class="single single-post postid-12">', 12),
        ("<p>postid-12 and /wp/v2/posts/12 in a text</p>", None),
    ],
)
def test_what_a_theme_says_it_shows(html: str, number: int | None) -> None:
    shown = shown_in(HttpAnswer(200, {}, html.encode()))
    assert (shown and shown.id) == number


@pytest.mark.parametrize("noise", ["<b>Notice</b>: Undefined index in /srv/a.php on line 3\n[]", "[]<!-- cached -->"])
def test_json_with_a_notice_around_it_is_not_now(noise: str) -> None:
    with FlakyServer(answer(200, noise.encode(), {"content-type": "application/json"})) as server:
        failure = refused(outlet(server))  # type: ignore[arg-type]
    assert failure.certainty is Certainty.NOT_SENT
    assert "answers with more than JSON" in failure.reason


def test_a_proof_is_the_post(server: Scripted) -> None:
    message = a_message()
    opened = outlet(server)
    shown = json.loads(opened.prepare(message, key=KEY, recipient="").content)
    deliver(opened, message)
    [posted] = [asked for asked in server.asked if server.step(asked) == "POST posts"]
    assert posted.json == shown


def test_nothing_of_a_release_is_asked_ahead(server: Scripted) -> None:
    opened = outlet(server, categories=(), tags=("news",))
    opened.warm()
    assert all("names-released" not in str(asked) for asked in server.asked)
    assert all(asked.method == "GET" for asked in server.asked)
