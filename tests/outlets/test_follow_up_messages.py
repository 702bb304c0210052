"""Outlets that can only be sent a correction or a withdrawal: webhook, command, ntfy, apprise."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from follow_ups import NOTE, corrected, earlier, withdrawn
from servers import FlakyServer, answer
from social_servers import VERSION, a_message

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.outlets import Outlet, open_outlet
from pressrelease.outlets.event import event_of
from pressrelease.release.delivery import Action, Receipt

FIRST = a_message(subhead="John Roe, 41", body="John Roe was arrested.")
NEXT = a_message(headline="Names of 14 released", subhead="John Poe, 41", body="John Poe was arrested.")
CORRECTION = corrected(FIRST, NEXT)
WITHDRAWAL = withdrawn(CORRECTION)
BEFORE = (earlier(FIRST, Receipt()),)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def opened(kind: str, folder: Path = Path(), **settings: Any) -> Outlet:
    config = OutletConfig("one", kind, timeout=timedelta(seconds=5), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), folder, lambda reference: reference.name)


def webhook(url: str = "http://127.0.0.1:1/") -> Outlet:
    return opened("webhook", url=url, secret=SecretReference(SecretSource.ENV, SECRET))


def rendered(outlet: Outlet, message: Any) -> Any:
    made = outlet.prepare_follow_up(message, key="2" * 32, recipient="", earlier=BEFORE)
    return json.loads(made.content)


def test_a_webhook_gets_which_version_replaces_which() -> None:
    event = rendered(webhook(), CORRECTION)
    assert (event["type"], event["timestamp"]) == ("press_release.corrected", "2018-09-25T18:00:00Z")
    data = event["data"]
    assert (data["n"], data["previous_version"], data["note"]) == (2, VERSION, NOTE)
    assert (data["headline"], data["lift"]) == ("Names of 14 released", "2018-09-25T18:00:00Z")
    assert "John Poe was arrested." in data["html"]
    assert "CORRECTION" not in data["text"], "the release as it is now"


def test_a_corrected_version_that_is_the_first_somewhere_is_published_there() -> None:
    event = event_of(corrected(FIRST, NEXT, action=Action.PUBLISH))
    assert event["type"] == "press_release.published"
    assert (event["data"]["n"], event["data"]["previous_version"]) == (2, VERSION)


@pytest.mark.parametrize("kind", ["webhook", "command"])
def test_a_withdrawal_has_nothing_of_the_text(kind: str) -> None:
    outlet = webhook() if kind == "webhook" else opened("command", argv=("true",))
    event = rendered(outlet, withdrawn(CORRECTION))
    assert (event["type"], event["timestamp"]) == ("press_release.retracted", "2018-09-27T20:00:00Z")
    data = event["data"]
    assert list(data)[:10] == "slug version headline subhead url lift html text kind follows".split()
    assert (data["slug"], data["n"], data["note"]) == ("names-released", 2, NOTE)
    assert (data["headline"], data["subhead"]) == ("Names of 14 released", "")
    assert data["text"].startswith("KILL\n")
    assert "Poe" not in json.dumps(event)


def test_a_correction_has_its_own_webhook_id_on_every_try() -> None:
    with FlakyServer(answer(503), answer(204)) as server:
        outlet = webhook(server.url)
        made = outlet.prepare_follow_up(CORRECTION, key="2" * 32, recipient="", earlier=BEFORE)
        with pytest.raises(Exception, match="503"):
            outlet.replace(made, key="2" * 32, recipient="", earlier=BEFORE)
        assert outlet.withdraw(made, key="2" * 32, recipient="", earlier=BEFORE) == Receipt(remote_id="2" * 32)
        outlet.close()
    assert {request.headers["webhook-id"] for request in server.requests} == {"2" * 32}
    assert len({request.body for request in server.requests}) == 1


def test_a_program_gets_the_action_and_no_file_of_a_withdrawn_release() -> None:
    command = opened("command", argv=("true",))
    with_file = a_message(attachments={"photo.jpg": b"picture"})
    first = json.loads(command.prepare(with_file, key="1" * 32, recipient="").content)
    assert (first["action"], first["key"], first["data"]["n"]) == ("publish", "1" * 32, 1)
    correction = rendered(command, corrected(FIRST, with_file))
    assert (correction["action"], correction["data"]["note"]) == ("correct", NOTE)
    assert len(correction["data"]["attachments"]) == 1
    assert correction["data"] == event_of(corrected(FIRST, with_file))["data"] | {
        "attachments": correction["data"]["attachments"]
    }
    withdrawal = rendered(command, withdrawn(with_file))
    assert (withdrawal["action"], withdrawal["data"]["attachments"]) == ("withdraw", [])


@pytest.mark.parametrize(
    ("kind", "settings", "title", "text"),
    [
        ("ntfy", {"url": "http://127.0.0.1:1", "topic": "press-releases"}, "title", "message"),
        ("apprise", {"url": "json://127.0.0.1:1/"}, "title", "body"),
    ],
)
def test_people_get_plain_words(kind: str, settings: dict[str, Any], title: str, text: str) -> None:
    outlet = opened(kind, **settings)
    shown = rendered(outlet, CORRECTION)
    assert shown[title] == "CORRECTION: Names of 14 released"
    assert NOTE in shown[text]
    assert CORRECTION.url in json.dumps(shown)
    # Nobody knows who reads it there: a withdrawal repeats no headline, and its link has the slug.
    shown = rendered(outlet, WITHDRAWAL)
    assert shown[title] == "KILL: Press release of Monday, Sept. 24, 2018, 9 a.m. PDT"
    assert shown[text] == (
        f"Withdrawn Thursday, Sept. 27, 2018. {NOTE} Do not use the release. Remove it wherever you published it. "
        "Notify everyone you gave it to."
    )
    for hidden in ("Names", "names-released", "Poe"):
        assert hidden not in json.dumps(shown)
