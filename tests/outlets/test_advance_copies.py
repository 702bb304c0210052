"""An advance copy says first that it is embargoed, and until when; no public outlet takes one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from follow_ups import NOTE, corrected, withdrawn
from social_servers import a_message

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.config.outlet_keys import OUTLET_KINDS
from pressrelease.errors import NotPermitted
from pressrelease.message import Message
from pressrelease.message.embargoed import under_embargo
from pressrelease.outlets import Outlet, open_outlet
from pressrelease.outlets.event import event_of
from pressrelease.outlets.guarded import guarded
from pressrelease.release.delivery import Action

SECRET = SecretReference(SecretSource.ENV, "SECRET")
SETTINGS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "newsroom": {},
        "email": {"host": "127.0.0.1", "security": "none", "from": "press@da.example", "recipients": ("a@b.example",)},
        "webhook": {"url": "http://127.0.0.1:1/", "secret": SECRET},
        "wordpress": {"url": "http://127.0.0.1:1", "username": "press", "password": SECRET},
        "mastodon": {"url": "http://127.0.0.1:1", "token": SECRET},
        "bluesky": {"url": "http://127.0.0.1:1", "handle": "da.example", "password": SECRET},
        "ntfy": {"url": "http://127.0.0.1:1", "topic": "press-releases"},
        "apprise": {"url": "json://127.0.0.1:1/"},
        "command": {"argv": ("true",)},
    }
)
RELEASED = a_message(subhead="Fourteen people", attachments={"sheet.pdf": b"%PDF"})
COPY = replace(RELEASED, action=Action.ADVANCE, noted_at=RELEASED.lift - timedelta(hours=48))
LINE = "EMBARGOED UNTIL Monday, Sept. 24, 2018, 9 a.m. PDT"


def opened(kind: str) -> Outlet:
    config = OutletConfig("one", kind, timeout=timedelta(seconds=5), settings=SETTINGS[kind])
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: "whsec_" + "QUJD" * 10)


def rendered(kind: str, message: Message) -> bytes:
    return opened(kind).prepare(message, key="1" * 32, recipient="a@b.example").content


def test_the_embargo_comes_before_everything_else() -> None:
    made = under_embargo(COPY)
    assert made.release.headline == f"{LINE}: {RELEASED.release.headline}"
    first, note, disclosure, line = [part.replace("\n", " ") for part in made.text.split("\n\n")[:4]]
    assert (first, line.startswith(LINE)) == (LINE, True)
    assert note == "Advance copy. Do not publish, broadcast, post or pass it on before then."
    assert disclosure.startswith("Under public records law, giving you this copy may open it")
    assert "FOR IMMEDIATE RELEASE" not in made.text
    assert "news.example.org" not in made.text + made.html, "the page isn't there yet"
    assert "sheet.pdf" in made.text
    assert made.html.startswith(f"<p>{note}</p>")
    assert under_embargo(RELEASED) is RELEASED
    assert under_embargo(replace(COPY, url="")).text.startswith(LINE)


def test_a_mail_has_it_in_the_subject_and_the_headers() -> None:
    mail: Any = BytesParser(policy=SMTP).parsebytes(
        opened("email").prepare(COPY, key="1" * 32, recipient="a@b.example").content
    )
    assert mail["Subject"] == f"{LINE}: {RELEASED.release.headline}"
    assert mail["Embargoed-Until"] == "Mon, 24 Sep 2018 09:00:00 -0700"
    assert mail["Date"] == "Sat, 22 Sep 2018 09:00:00 -0700"
    html = mail.get_body(("html",)).get_content()
    assert html.index(LINE) < html.index("Advance copy.") < html.index("released the names")
    assert "news.example.org" not in html
    plain: Any = BytesParser(policy=SMTP).parsebytes(rendered("email", RELEASED))
    assert plain["Embargoed-Until"] is None


@pytest.mark.parametrize("kind", ["webhook", "command"])
def test_a_program_has_it_as_an_event_of_its_own(kind: str) -> None:
    event = json.loads(rendered(kind, COPY))
    assert (event["type"], event["timestamp"]) == ("press_release.embargoed", "2018-09-22T16:00:00Z")
    data = event["data"]
    assert (data["embargoed_until"], data["lift"], data["url"]) == (
        "2018-09-24T16:00:00Z",
        "2018-09-24T16:00:00Z",
        None,
    )
    assert data["headline"] == RELEASED.release.headline
    assert data["text"].startswith(LINE)
    if kind == "command":
        assert (event["action"], len(data["attachments"])) == ("advance", 1)
    assert "embargoed_until" not in json.loads(rendered(kind, RELEASED))["data"]


def test_a_correction_ahead_of_the_lift_is_under_embargo_too() -> None:
    changed = corrected(COPY, RELEASED, at=RELEASED.lift - timedelta(hours=3))
    correction = replace(changed, embargoed_until=RELEASED.lift)
    outlet = opened("email")
    out = outlet.prepare_follow_up(changed, key="2" * 32, recipient="a@b.example", earlier=())
    assert b"EMBARGOED" not in out.content
    made = outlet.prepare_follow_up(correction, key="2" * 32, recipient="a@b.example", earlier=())
    mail: Any = BytesParser(policy=SMTP).parsebytes(made.content)
    assert mail["Subject"] == f"{LINE}: CORRECTION: {RELEASED.release.headline}"
    assert mail["Embargoed-Until"] == "Mon, 24 Sep 2018 09:00:00 -0700"
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith(LINE)
    assert NOTE in " ".join(text.split())
    assert "IMMEDIATE" not in text
    event = event_of(correction)
    assert (event["type"], event["data"]["url"]) == ("press_release.corrected", None)
    assert event["data"]["embargoed_until"] == "2018-09-24T16:00:00Z"
    assert event["data"]["text"].startswith(LINE)
    with pytest.raises(NotPermitted):
        opened("newsroom").prepare_follow_up(correction, key="2" * 32, recipient="", earlier=())
    # A withdrawal has no text that could be embargoed.
    gone = replace(withdrawn(correction), embargoed_until=RELEASED.lift)
    assert event_of(gone)["data"]["text"].startswith("KILL\n")


@pytest.mark.parametrize("kind", OUTLET_KINDS, ids=lambda kind: kind.name)
def test_only_what_writes_the_embargo_on_it_takes_one(kind: Any) -> None:
    if kind.advance:
        assert b"EMBARGOED UNTIL Monday, Sept. 24, 2018" in b" ".join(rendered(kind.name, COPY).split())
        return
    with pytest.raises(NotPermitted, match="advance copy"):
        rendered(kind.name, COPY)


def test_a_kind_of_another_package_takes_none() -> None:
    class Board:
        def prepare(self, message: Any, *, key: str, recipient: str, earlier: Any = ()) -> Any:
            raise AssertionError

        prepare_follow_up = prepare

    board = guarded("hall", "board", Board)
    with pytest.raises(NotPermitted):
        board.prepare(COPY, key="1" * 32, recipient="")
    correction = replace(corrected(COPY, RELEASED), embargoed_until=RELEASED.lift)
    with pytest.raises(NotPermitted):
        board.prepare_follow_up(correction, key="1" * 32, recipient="", earlier=())
