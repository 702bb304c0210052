"""One release at every kind of place, and its kill: what is public afterwards, and what those who have it are sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mail_server import mail_server
from office import HereOffice, found_office, receiving
from social_servers import BlueskyServer, MastodonServer, serving
from wordpress_posts import WordPressPosts

NOTE = "It named the wrong person."


def test_nothing_of_a_killed_release_stays_public_and_everybody_is_sent_its_withdrawal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        mail_server() as mail,
        receiving() as receiver,
        serving(MastodonServer()) as social,
        serving(BlueskyServer()) as sky,
        serving(WordPressPosts()) as site,
    ):
        secrets = {"TOKEN": social.token, "APP_PASSWORD": sky.password, "SITE_PASSWORD": "s3cret"}
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        folder = tmp_path / "office"
        found_office(
            folder,
            receiver,
            more='[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nsecurity = "none"\nfrom = "press@da.example"\n'
            f'port = {mail.port}\nrecipients = ["jane@example.org", "joe@example.org"]\n'
            f'[outlets.social]\ntype = "mastodon"\nurl = "{social.url}"\ntoken = {{ env = "TOKEN" }}\n'
            f'[outlets.sky]\ntype = "bluesky"\nurl = "{sky.url}"\nhandle = "{sky.handle}"\n'
            'password = { env = "APP_PASSWORD" }\n'
            f'[outlets.site]\ntype = "wordpress"\nurl = "{site.url}"\nusername = "press"\n'
            'password = { env = "SITE_PASSWORD" }\n',
            policy="[policy]\napprovals = 0\n",
        )
        office = HereOffice(folder)
        office.write("names", outlets="[newsroom, media, mail, social, sky, site]")
        office.run("schedule", "names", "--yes")
        office.run("publish-due")
        assert office.state("names") == "published"
        office.run("kill", "names", "--why", "Wrong name.", "--note", NOTE, "--confirm", "names")
        for _ in range(2):
            office.run("publish-due")
        found = office.json("status", "names")["releases"][0]
        assert found["state"] == "killed"
        withdrawn = [one for one in found["deliveries"] if one["action"] == "withdraw"]
        assert [one["state"] for one in withdrawn] == ["delivered"] * 7
        page = (folder / "newsroom" / "names" / "index.html").read_text(encoding="utf-8")
        feed = (folder / "newsroom" / "feed.atom").read_text(encoding="utf-8")
        public = [page, feed, (folder / "newsroom" / "index.html").read_text(encoding="utf-8")]
        public += [json.dumps(social.statuses), json.dumps(sky.records), json.dumps(site.public)]
        assert not [text for text in public if "Headline of names" in text]
        assert all(NOTE in text for text in (page, feed, json.dumps(sky.records), json.dumps(site.public)))
        assert social.statuses == {}
        events = [json.loads(arrival.body) for arrival in receiver.got]
        assert [one["type"] for one in events] == ["press_release.published", "press_release.retracted"]
        assert len({arrival.id for arrival in receiver.got}) == 2
        subjects = sorted(letter.message["Subject"] for letter in mail.got)
        assert subjects == ["Headline of names"] * 2 + ["KILL: Headline of names"] * 2
        first = {letter.recipients: letter.message["Message-ID"] for letter in mail.got[:2]}
        for letter in mail.got[2:]:
            assert letter.message["In-Reply-To"] == first[letter.recipients]
            assert NOTE in letter.content.decode()
        office.run("journal", "--verify")
