"""Two corrections of a release at every kind of place, and its kill: what each shows, and what each reader is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from mail_server import MailServer, mail_server
from office import HereOffice, Receiver, found_office, receiving
from social_servers import BlueskyServer, MastodonServer, cid, serving
from wordpress_posts import WordPressPosts

FIRST, SECOND, THIRD = "The accused is John Roe.", "The accused is John Row.", "The accused is Jon Rowe."
NOTES = ("It misspelled a last name. It is Row.", "It misspelled a name. It is Jon Rowe.")
WITHDRAWN = "It named the wrong person."
READERS = ("jane@example.org", "joe@example.org", "late@example.org")


@dataclass
class Places:
    """An office with six kinds of outlet, and what is at each of them."""

    office: HereOffice
    mail: MailServer
    receiver: Receiver
    social: MastodonServer
    sky: BlueskyServer
    site: WordPressPosts

    @property
    def page(self) -> str:
        return (self.office.folder / "newsroom" / "names" / "index.html").read_text(encoding="utf-8")

    @property
    def feed(self) -> str:
        return (self.office.folder / "newsroom" / "feed.atom").read_text(encoding="utf-8")

    @property
    def status(self) -> dict[str, Any]:
        """The only status there is."""
        (one,) = self.social.statuses.values()
        return one

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(arrival.body) for arrival in self.receiver.got]

    def letters(self, reader: str) -> list[EmailMessage]:
        return [letter.message for letter in self.mail.got if letter.recipients == (reader,)]

    def write(self, body: str, **keys: str) -> None:
        self.office.write("names", outlets="[newsroom, media, mail, social, sky, site]", body=body, **keys)

    def correct(self, body: str, note: str, **keys: str) -> dict[str, str]:
        """Correct it, and return what each recipient was sent: the actions of the newest version that arrived."""
        self.write(body, **keys)
        self.office.run("correct", "names", "--note", note)
        before = self.page
        self.office.run("publish-due", expect=(0, 10, 75))
        assert self.page == before  # nothing leaves before it is approved
        self.office.run("approve", "names", "--as", "da")
        self.office.run("publish-due", expect=(0, 10, 75))
        return self.actions()

    def actions(self) -> dict[str, str]:
        """By outlet, or by the mail's reader: the action of what was delivered last."""
        found = self.office.json("status", "names")["releases"][0]["deliveries"]
        return {one["recipient"] or one["outlet"]: one["action"] for one in found if one["state"] == "delivered"}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """The six, up, with a release that is out; one reader's mail server has put it off."""
    with ExitStack() as up:
        mail, receiver = up.enter_context(mail_server()), up.enter_context(receiving())
        social, sky = up.enter_context(serving(MastodonServer())), up.enter_context(serving(BlueskyServer()))
        site = up.enter_context(serving(WordPressPosts()))
        for name, value in {"TOKEN": social.token, "APP_PASSWORD": sky.password, "SITE_PASSWORD": "s3cret"}.items():
            monkeypatch.setenv(name, value)
        folder = tmp_path / "office"
        found_office(
            folder,
            receiver,
            more='[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nsecurity = "none"\nfrom = "press@da.example"\n'
            f"port = {mail.port}\nrecipients = {json.dumps(READERS)}\n"
            f'[outlets.social]\ntype = "mastodon"\nurl = "{social.url}"\ntoken = {{ env = "TOKEN" }}\n'
            f'[outlets.sky]\ntype = "bluesky"\nurl = "{sky.url}"\nhandle = "{sky.handle}"\n'
            'password = { env = "APP_PASSWORD" }\n'
            f'[outlets.site]\ntype = "wordpress"\nurl = "{site.url}"\nusername = "press"\n'
            'password = { env = "SITE_PASSWORD" }\n',
            policy="[policy]\napprovals = 1\n",
        )
        made = Places(HereOffice(folder), mail, receiver, social, sky, site)
        mail.refused["late@example.org"] = "451 4.3.0 Try again later"
        made.write(FIRST)
        made.office.run("schedule", "names", "--yes")
        made.office.run("approve", "names", "--as", "da")
        made.office.run("publish-due", expect=(0, 10, 75))
        yield made


def test_two_corrections_and_the_kill_reach_everyone_as_what_they_are_there(places: Places) -> None:
    everyone = {"newsroom", "media", "social", "sky", "site", *READERS}
    jane, joe, late = READERS
    mail, social, sky = places.mail, places.social, places.sky
    assert places.actions() == dict.fromkeys(everyone - {late}, "publish")
    post = places.status["url"]

    assert places.correct(SECOND, NOTES[0]) == dict.fromkeys(everyone - {late}, "correct")
    shows_only_the_newest(places, SECOND, NOTES[:1])
    assert late not in mail.counts

    mail.refused.clear()  # who had nothing yet has only the second correction, as a release
    sent = places.correct(THIRD, NOTES[1])
    assert sent == dict.fromkeys(everyone, "correct") | {late: "publish"}
    assert places.office.state("names") == "published"
    shows_only_the_newest(places, THIRD, NOTES)
    assert (places.status["url"], places.status["edited"], social.revisions) == (post, True, 2)
    assert len(places.site.posts) == 1
    replies_name_the_post_and_the_reply_before(sky)
    events = places.events
    assert [one["type"].partition(".")[2] for one in events] == ["published", "corrected", "corrected"]
    data = [one["data"] for one in events]
    assert [(one["n"], one["note"]) for one in data] == [(1, None), (2, NOTES[0]), (3, NOTES[1])]
    assert [one["previous_version"] for one in data] == [None, data[0]["version"], data[1]["version"]]
    for reader in (jane, joe):
        first, second, third = places.letters(reader)
        assert (first["In-Reply-To"], first["Subject"]) == (None, "Headline of names")
        for letter, text, note in ((second, SECOND, NOTES[0]), (third, THIRD, NOTES[1])):
            assert (letter["Subject"], letter["In-Reply-To"]) == ("CORRECTION: Headline of names", first["Message-ID"])
            assert_says(letter, text, note, never=FIRST)
        assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    (only,) = places.letters(late)
    assert (only["Subject"], only["In-Reply-To"]) == ("Headline of names", None)
    assert_says(only, THIRD, never=SECOND)

    places.office.run("kill", "names", "--why", "Wrong.", "--note", WITHDRAWN, "--confirm", "names")
    assert places.actions() == dict.fromkeys(everyone, "withdraw")
    sent_before = dict(mail.counts)
    for _ in range(2):
        places.office.run("publish-due")
    assert dict(mail.counts) == sent_before == {jane: 4, joe: 4, late: 2}
    for text in (places.page, places.feed, json.dumps(places.site.public), json.dumps(sky.records)):
        assert WITHDRAWN in text
        assert not [said for said in ("The accused", "Headline of names", *NOTES) if said in text]
    assert social.statuses == {}
    assert places.events[3:] == [places.events[-1]]
    assert (places.events[-1]["type"], places.events[-1]["data"]["n"]) == ("press_release.retracted", 3)
    for reader in READERS:
        first, *_, last = places.letters(reader)
        assert (last["Subject"], last["In-Reply-To"]) == ("KILL: Headline of names", first["Message-ID"])
        assert_says(last, WITHDRAWN, never="The accused")
    assert len({arrival.id for arrival in places.receiver.got}) == 4
    places.office.run("journal", "--verify")


def shows_only_the_newest(places: Places, text: str, notes: tuple[str, ...]) -> None:
    """Assert that each place that can be changed shows the newest text with its note, and nothing of an older one."""
    (status, post) = places.status["text"], places.site.public["names"]
    for shown in (places.page, places.feed, status, post):
        assert text in shown
        assert re.search(rf"Correction, \w+, [\w.]+ \d+, \d{{4}}: {re.escape(notes[-1])}", shown)
        assert not [older for older in (FIRST, SECOND, THIRD) if older != text and older in shown]
    for shown in (places.page, places.feed):
        assert all(note in shown for note in notes)


def replies_name_the_post_and_the_reply_before(sky: BlueskyServer) -> None:
    """Assert that two posts reply, one to the first post and one to the reply, and that the first is as it was."""
    posts = list(sky.records.values())
    assert [FIRST in post["text"] for post in posts] == [True, False, False]
    names = [{"uri": f"at://{sky.did}/app.bsky.feed.post/{key}", "cid": cid(post)} for key, post in sky.records.items()]
    assert [post.get("reply") for post in posts] == [
        None,
        {"root": names[0], "parent": names[0]},
        {"root": names[0], "parent": names[1]},
    ]
    assert all(note in post["text"] for post, note in zip(posts[1:], NOTES, strict=True))


def assert_says(letter: EmailMessage, *texts: str, never: str) -> None:
    """Assert that both forms of a letter have the texts, and neither has `never`."""
    for form in ("plain", "html"):
        part = letter.get_body((form,))
        assert part is not None
        said = " ".join(part.get_content().split())
        assert all(text in said for text in texts)
        assert never not in said
