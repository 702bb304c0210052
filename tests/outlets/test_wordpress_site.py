"""The WordPress outlet against a real WordPress. Slow, since PHP, MariaDB and WordPress are started for it."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from follow_ups import NOTE, corrected, earlier, withdrawn
from office import found_office
from social_servers import a_message
from wordpress_site import WordPressSite, available, wordpress

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.release.delivery import Action, Certainty, DeliveryFailed, Receipt

pytestmark = pytest.mark.slow

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(scope="module")
def site() -> Iterator[WordPressSite]:
    available()
    with wordpress() as running:
        yield running


def outlet(site: WordPressSite, user: str = "press", *, timeout: float = 30, **settings: Any) -> Any:
    """The outlet as config.toml would open it."""
    config = OutletConfig(
        "site",
        "wordpress",
        timeout=timedelta(seconds=timeout),
        settings={
            "url": site.url,
            "username": user,
            "password": SecretReference(SecretSource.ENV, "unused"),
            "categories": (),
            "tags": (),
            **settings,
        },
    )
    password = settings.pop("given", None) or site.passwords.get(user, "none")
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: password)


def deliver(opened: Any, message: Message, key: str = "1" * 32) -> Receipt:
    receipt: Receipt = opened.send(opened.prepare(message, key=key, recipient=""), key=key, recipient="")
    return receipt


def refused(opened: Any, message: Message, key: str = "1" * 32) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(opened, message, key)
    return caught.value


def at(site: WordPressSite, slug: str) -> list[dict[str, Any]]:
    """Every post whose slug is this one, or this one with a number."""
    return [post for post in site.posts() if re.fullmatch(rf"{slug}(-[0-9]+)?", post["slug"])]


def test_one_post_with_all_that_belongs_to_it(site: WordPressSite) -> None:
    message = a_message(
        "all-of-it",
        headline="Fourteen & one arrested",
        subhead="A three-day operation",
        body="Fourteen people were arrested in\nthe operation.\n\n![](chart.png)\n\nSee [the sheet](sheet.pdf).",
        attachments={"chart.png": PNG, "sheet.pdf": PDF, "photo.png": PNG + b"\0"},
        alts={"chart.png": "Arrests by town", "photo.png": 'The "command" post'},
    )
    opened = outlet(site, categories=("crime & justice",), tags=("Courts", "R & D"))
    receipt = deliver(opened, message)
    [post] = at(site, "all-of-it")
    assert (post["status"], str(post["id"]), post["link"]) == ("publish", receipt.remote_id, receipt.url)
    assert unescape(post["title"]["rendered"]) == "Fourteen & one arrested"
    assert "A three-day operation" in post["excerpt"]["raw"]
    categories = site.call("GET", "categories", params={"post": post["id"]})
    assert [category["slug"] for category in categories] == ["crime-justice"]
    tags = site.call("GET", "tags", params={"post": post["id"]})
    assert sorted(tag["slug"] for tag in tags) == ["courts", "r-d"]
    media = {item["source_url"]: item for item in site.call("GET", "media", params={"per_page": 100})}
    page = site.page(post["link"])
    shown = re.findall(r'<img[^>]+src="([^"]+)"[^>]*alt="([^"]*)"', post["content"]["raw"])
    assert [alt for _, alt in shown] == ["Arrests by town", "The &quot;command&quot; post"]
    assert [media[address]["alt_text"] for address, _ in shown] == ["Arrests by town", 'The "command" post']
    [sheet] = set(re.findall(r'href="([^"]+\.pdf)"', page))
    assert sheet in media
    assert "arrested in the operation" in page
    assert "press@example.org" in page


def test_a_repeat_finds_the_first(site: WordPressSite) -> None:
    message = a_message("again", attachments={"chart.png": PNG + b"again"}, alts={"chart.png": "A chart"})
    receipts = {deliver(outlet(site), message) for _ in range(3)}
    assert len(receipts) == 1
    assert len(at(site, "again")) == 1
    media = site.call("GET", "media", params={"per_page": 100, "search": "chart"})
    assert len([item for item in media if item["slug"].startswith("pressrelease-")]) == len(media)


def test_a_lost_answer_is_found_out_by_looking(site: WordPressSite) -> None:
    message = a_message("lost-answer")
    deliver(outlet(site), a_message("warming-php-up"))
    with site.slow(after=4):
        failure = refused(outlet(site, timeout=2), message)
    assert failure.certainty is Certainty.UNSURE
    assert outlet(site).repeats.settle >= timedelta(seconds=30), "PHP may still be at it"
    receipt = deliver(outlet(site), message)
    [post] = at(site, "lost-answer")
    assert str(post["id"]) == receipt.remote_id


def test_repeats_that_cross_leave_one(site: WordPressSite) -> None:
    message = a_message("crossing")
    receipts: list[Receipt] = []
    with site.slow(before=1.5):
        senders = [threading.Thread(target=lambda: receipts.append(deliver(outlet(site), message))) for _ in range(2)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    [post] = at(site, "crossing")
    assert (post["slug"], post["status"]) == ("crossing", "publish")
    assert {receipt.remote_id for receipt in receipts} == {str(post["id"])}


def test_a_person_s_own_post_is_left_alone(site: WordPressSite) -> None:
    own = site.call("POST", "posts", json={"title": "Mine", "content": "Mine.", "slug": "taken", "status": "draft"})
    failure = refused(outlet(site), a_message("taken"))
    assert failure.certainty is Certainty.FOR_GOOD
    assert str(own["id"]) in failure.reason
    [post] = at(site, "taken")
    assert post["content"]["raw"] == "Mine."


@pytest.mark.parametrize(("slug", "status"), [("contact", "publish"), ("drafted", "draft"), ("held-back", "private")])
def test_a_page_that_owns_the_address_is_found_and_the_post_taken_back(
    site: WordPressSite, slug: str, status: str
) -> None:
    """Pages and posts have name spaces of their own: the post keeps its slug, and its address shows the page, or
    nothing where the page is not public."""
    page = site.call("POST", "pages", json={"title": "Mine", "content": "Mine.", "slug": slug, "status": status})
    failure = refused(outlet(site), a_message(slug))
    assert failure.certainty is Certainty.FOR_GOOD
    assert f"(number {page['id']}): the post was taken back" in failure.reason
    assert at(site, slug) == []
    if status == "publish":
        assert "Mine." in site.page(page["link"])


def test_a_page_below_another_is_in_nobody_s_way(site: WordPressSite) -> None:
    parent = site.call("POST", "pages", json={"title": "Above", "slug": "above", "status": "publish"})
    own = {"title": "Mine", "content": "Mine.", "slug": "below", "status": "publish", "parent": parent["id"]}
    site.call("POST", "pages", json=own)
    receipt = deliver(outlet(site), a_message("below"))
    assert receipt.url is not None
    assert "The District Attorney released the names today." in site.page(receipt.url)


def test_what_was_given_another_slug_is_taken_back(site: WordPressSite) -> None:
    """An author can't see an administrator's private post, and so can't know that its slug is taken."""
    own = site.call("POST", "posts", json={"title": "Mine", "content": "Mine.", "slug": "unseen", "status": "private"})
    failure = refused(outlet(site, "writer"), a_message("unseen"))
    assert failure.certainty is Certainty.FOR_GOOD
    assert "taken back" in failure.reason
    assert [post["id"] for post in at(site, "unseen")] == [own["id"]]


def test_what_an_editorial_plugin_keeps_is_taken_back(site: WordPressSite) -> None:
    with site.reviewing():
        failure = refused(outlet(site), a_message("for-review"))
    assert failure.certainty is Certainty.FOR_GOOD
    assert "pending" in failure.reason
    assert at(site, "for-review") == []
    deliver(outlet(site), a_message("for-review"))
    assert [post["status"] for post in at(site, "for-review")] == ["publish"]


def test_what_somebody_unpublished_stays_so(site: WordPressSite) -> None:
    message = a_message("unpublished")
    receipt = deliver(outlet(site), message)
    site.call("POST", f"posts/{receipt.remote_id}", json={"status": "draft"})
    failure = refused(outlet(site), message)
    assert failure.certainty is Certainty.FOR_GOOD
    assert "draft" in failure.reason
    assert [post["status"] for post in at(site, "unpublished")] == ["draft"]


def test_a_corrected_version_takes_the_post_s_place(site: WordPressSite) -> None:
    first = deliver(outlet(site), a_message("corrected", body="Fourteen."), "1" * 32)
    second = deliver(outlet(site), a_message("corrected", body="Fifteen.", version="b" * 64), "2" * 32)
    assert first == second
    [post] = at(site, "corrected")
    assert "Fifteen." in post["content"]["raw"]
    assert "Fourteen." not in site.page(post["link"])


@pytest.mark.parametrize("user", ["press", "writer"])
def test_corrected_and_withdrawn_the_post_becomes_a_notice_and_keeps_late_versions_out(
    site: WordPressSite, user: str
) -> None:
    slug, opened = f"withdrawn-{user}", outlet(site, user)
    photo = {"roe.png": PNG + user.encode()}
    first = a_message(slug, headline="John Roe arrested", body="Roe, 41.", attachments=photo)
    second = corrected(first, a_message(slug, headline="A man arrested", body="A man, 41."))
    receipt = deliver(opened, first)
    [post] = at(site, slug)
    [address] = re.findall(r'src="([^"]+\.png)"', post["content"]["raw"])
    before = (earlier(first, receipt, key="1" * 32),)
    rendered = opened.prepare_follow_up(second, key="2" * 32, recipient="", earlier=before)
    assert {opened.replace(rendered, key="2" * 32, recipient="", earlier=before) for _ in range(2)} == {receipt}
    page = site.page(str(receipt.url))
    assert NOTE in page
    assert "Roe" not in page
    assert requests.get(address, timeout=30).status_code == 404, "the picture is gone too"
    rendered = opened.prepare_follow_up(withdrawn(second), key="3" * 32, recipient="", earlier=before)
    for _ in range(2):
        opened.withdraw(rendered, key="3" * 32, recipient="", earlier=before)
    page = site.page(str(receipt.url))
    assert "Press release withdrawn" in page
    assert "A man" not in page
    revisions = f"{site.url}/wp-json/wp/v2/posts/{receipt.remote_id}/revisions"
    assert requests.get(revisions, timeout=30).status_code == 401, "only editors can read the earlier texts"
    for late, key in ((first, "1" * 32), (replace(second, action=Action.PUBLISH), "2" * 32)):
        with pytest.raises(DeliveryFailed, match="withdrawn"):
            deliver(opened, late, key)
    assert site.page(str(receipt.url)) == page


def test_the_withdrawal_of_what_never_came_takes_the_slug_out_of_sight(site: WordPressSite) -> None:
    opened, message = outlet(site, "writer"), a_message("never-came")
    doubt = (earlier(message, None, key="1" * 32),)
    rendered = opened.prepare_follow_up(withdrawn(message), key="3" * 32, recipient="", earlier=doubt)
    for _ in range(2):
        opened.withdraw(rendered, key="3" * 32, recipient="", earlier=doubt)
    [post] = at(site, "never-came")
    assert post["status"] == "private"
    with pytest.raises(DeliveryFailed, match="withdrawn"):
        deliver(opened, message)
    assert len(at(site, "never-came")) == 1


def test_a_slug_with_dashes_that_wordpress_would_join(site: WordPressSite) -> None:
    receipts = [deliver(outlet(site), a_message("two--dashes")) for _ in range(2)]
    assert len(set(receipts)) == 1
    failure = refused(outlet(site), a_message("two-dashes"))
    assert failure.certainty is Certainty.FOR_GOOD, "another release of ours at the same slug is not overwritten"


@pytest.mark.parametrize("user", ["press", "writer"])
def test_nothing_in_a_release_runs(site: WordPressSite, user: str) -> None:
    message = a_message(
        f"hostile-{user}",
        headline='<script>alert(1)</script> [audio src="https://example.org/a.mp3"]',
        subhead="<img src=x onerror=alert(1)> [caption]x[/caption]",
        body="[gallery]\n\nhttps://www.youtube.com/watch?v=dQw4w9WgXcQ\n\n<script>alert(1)</script>\n\n"
        '```\n[gallery]\nhttps://example.org/\n```\n\n<!-- wp:rss {"feedURL":"https://example.org/"} /-->',
    )
    receipt = deliver(outlet(site, user), message)
    assert deliver(outlet(site, user), message) == receipt, "the mark was lost"
    [post] = at(site, f"hostile-{user}")
    shown = post["content"]["rendered"] + post["title"]["rendered"] + post["excerpt"]["rendered"]
    assert "<script" not in shown
    assert "<iframe" not in shown
    assert not re.search(r"<[^>]*onerror", shown)
    assert "<audio" not in shown
    assert "<a " not in shown, "a lone address was fetched and linked"
    assert not re.search(r"<!-- ?/?wp:", post["content"]["raw"])
    page = re.sub(r"&#0?91;", "[", site.page(str(receipt.url)))
    assert page.count("[gallery]") >= 2, "a shortcode ran instead of being shown"
    assert "[caption]x[/caption]" in page


def test_text_is_shown_as_it_was_composed(site: WordPressSite) -> None:
    body = (
        "First line\nof two.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx\n\ny\n```\n\n> Said\n> twice."
    )
    deliver(outlet(site), a_message("shown", body=body))
    [post] = at(site, "shown")
    for text in ("raw", "rendered"):
        assert "<br" not in post["content"][text].partition("Media contact")[0]
        assert not re.search(r"<p>\s*(<!--.*?-->)?\s*</p>", post["content"][text])
        assert "x\n\ny" in post["content"][text]


@pytest.mark.parametrize(
    ("user", "settings", "credentials", "words"),
    [
        ("press", {"given": "wrong"}, True, "rejected the user name or app"),
        ("nobody", {}, True, "rejected the user name or app"),
        ("guest", {}, True, "permission to"),
        ("press", {"categories": ("No such",)}, False, "no category"),
        ("press", {"categories": (999999,)}, False, "no category"),
        ("press", {"tags": (999999,)}, False, "no tag"),
    ],
)
def test_refusals_say_what_to_fix(
    site: WordPressSite, user: str, settings: dict[str, Any], credentials: bool, words: str
) -> None:
    opened = outlet(site, user, **settings)
    failure = refused(opened, a_message("refused"))
    assert (failure.certainty, failure.credentials) == (Certainty.FOR_GOOD, credentials)
    assert words in failure.reason
    assert "refused" not in failure.reason.replace("refused:", ""), "a reason holds nothing of the release"
    with pytest.raises(DeliveryFailed):
        opened.probe()
    assert at(site, "refused") == []


def test_an_attachment_that_wordpress_does_not_take(site: WordPressSite) -> None:
    failure = refused(outlet(site), a_message("strange-file", attachments={"a.xyz": b"\0\1"}))
    assert (failure.certainty, failure.credentials) == (Certainty.FOR_GOOD, False)
    assert "attachment" in failure.reason
    assert at(site, "strange-file") == []


def test_a_probe_posts_nothing(site: WordPressSite) -> None:
    before = site.posts()
    opened = outlet(site, categories=("News",), tags=("never-made",))
    opened.warm()
    assert "nothing was posted" in opened.probe()
    assert site.posts() == before
    assert site.call("GET", "tags", params={"search": "never-made"}) == []


def test_a_site_with_plain_addresses() -> None:
    available()
    with wordpress(permalinks="") as plain:
        opened = outlet(plain, categories=("News",))
        assert "nothing was posted" in opened.probe()
        receipts = {deliver(opened, a_message("plain", attachments={"a.pdf": PDF})) for _ in range(2)}
        assert len(receipts) == 1
        [post] = at(plain, "plain")
        assert post["status"] == "publish"


def test_killed_between_request_and_record(site: WordPressSite, tmp_path: Path) -> None:
    """kill -9 once WordPress has the post and before its answer: still one post, found and recorded."""
    more = (
        f'[outlets.site]\ntype = "wordpress"\nurl = "{site.url}"\nusername = "press"\n'
        'password = { env = "WORDPRESS_PASSWORD" }\n[defaults]\noutlets = ["site"]\n'
    )
    office = found_office(tmp_path / "office", more=more, policy="[policy]\napprovals = 0\n")
    office.environment["WORDPRESS_PASSWORD"] = site.passwords["press"]
    office.write("killed")
    with site.slow(after=8):
        office.run("schedule", "killed", "--yes")
        sending = office.start("publish-due")
        end = time.monotonic() + 30
        while not at(site, "killed"):
            assert sending.poll() is None, sending.communicate()
            assert time.monotonic() < end
        sending.send_signal(signal.SIGKILL)
        sending.communicate()
    assert office.state("killed") != "published"
    office.run("publish-due", expect=(0, 75))
    end = time.monotonic() + 90
    while office.state("killed") != "published":
        assert time.monotonic() < end, office.json("status", "killed")
        time.sleep(1)
        office.run("publish-due", expect=(0, 75))
    [post] = at(site, "killed")
    [delivery] = office.json("status", "killed")["releases"][0]["deliveries"]
    assert (delivery["remote_id"], delivery["url"]) == (str(post["id"]), post["link"])
    assert delivery["attempts"] == 2
