"""The webhook outlet against Standard Webhooks 1.0.0 and a server that misbehaves."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needed import needs_module
from servers import Behaviour, FlakyServer, answer, hang_after_request, redirect, reset_after_request, unused_port

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.errors import ConfigRefused
from pressrelease.message import compose
from pressrelease.outlets import Outlet, RenderedMessage, open_outlet
from pressrelease.outlets.webhook import read_secret, signature
from pressrelease.release import Attachment, Release, ReleaseKind
from pressrelease.release.delivery import Certainty, DeliveryFailed, delivery_key
from pressrelease.when import rfc3339

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
OFFICE = Office("Placer County District Attorney", "America/Los_Angeles")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
KEY = delivery_key("a-slug", "v1", "media", "")


def _reference(name: str) -> SecretReference:
    return SecretReference(SecretSource.ENV, name)


def _open(url: str, *, secret: str = SECRET, timeout: float = 5, **settings: object) -> Outlet:
    values = {"SECRET": secret, "URL": url, "TOKEN": "canary-token"}
    config = OutletConfig(
        "media",
        "webhook",
        timeout=timedelta(seconds=timeout),
        settings={"url": url, "secret": _reference("SECRET"), **settings},
    )
    return open_outlet(config, OFFICE, Path(), lambda reference: values[reference.name])


def _rendered(outlet: Outlet, *, url: str = "", **more: object) -> RenderedMessage:
    release = Release("a-slug", "A headline", "immediate", "Lead – “quoted”. ![x](photo.jpg)", **more)  # type: ignore[arg-type]
    contents = {attachment.path: b"x" for attachment in release.attachments}
    message = compose(release, version="v1", office=OFFICE, lift=LIFT, url=url, attachments=contents)
    return outlet.prepare(message, key=KEY, recipient="")


# -- signing ----------------------------------------------------------------------------------------------


def test_the_standards_own_vector() -> None:
    keys = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    moment = datetime.fromtimestamp(1614265330, UTC)
    signed = signature(keys, id="msg_p5jXN8AQM9LWM0D4loKWxJek", moment=moment, body=b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(
    key=st.binary(min_size=24, max_size=64),
    body=st.text(max_size=50).filter(lambda text: text.isprintable()),
    hours=st.integers(-12, 12),
)
def test_the_standards_own_library_agrees_in_every_zone(key: bytes, body: str, hours: int) -> None:
    standardwebhooks = needs_module("standardwebhooks")
    from datetime import timezone

    secret = "whsec_" + base64.b64encode(key).decode()
    moment = datetime.now(timezone(timedelta(hours=hours)))
    content = json.dumps({"x": body}).encode()
    headers = {
        "webhook-id": KEY,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature(read_secret(secret), id=KEY, moment=moment, body=content),
    }
    assert standardwebhooks.Webhook(secret).verify(content, headers) == {"x": body}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(content + b" ", headers)


def test_two_keys_while_one_takes_the_others_place() -> None:
    other = "whsec_" + base64.b64encode(b"o" * 32).decode()
    both = signature(read_secret(f"{SECRET} {other}"), id=KEY, moment=LIFT, body=b"x")
    one, two = (signature(read_secret(secret), id=KEY, moment=LIFT, body=b"x") for secret in (SECRET, other))
    assert both == f"{one} {two}"


@pytest.mark.parametrize(
    "secret",
    ["canary", "whsec_canary!", "whsec_" + base64.b64encode(b"canary").decode(), "whsec_" + "QUFB" * 40, "whsec_"],
)
def test_a_secret_that_is_none_is_refused_without_being_said(secret: str) -> None:
    with pytest.raises(ConfigRefused) as caught:
        _open("http://127.0.0.1:1/", secret=secret)
    words = str(caught.value) + caught.value.hint
    assert "outlets.media.secret" in words
    assert secret.removeprefix("whsec_") not in words or secret == "whsec_"


# -- the body ---------------------------------------------------------------------------------------------


def test_the_body_is_the_contracts() -> None:
    outlet = _open("http://127.0.0.1:1/")
    rendered = _rendered(
        outlet,
        url="https://news.example.org/a-slug/",
        subhead="Sub",
        follows="first",
        kind=ReleaseKind.ADVISORY,
        attachments=(Attachment("photo.jpg"),),
    )
    event = json.loads(rendered.content)
    assert list(event) == ["type", "timestamp", "data"]
    assert (event["type"], event["timestamp"]) == ("press_release.published", "2018-09-24T16:00:00Z")
    data = event["data"]
    text, html = data.pop("text"), data.pop("html")
    assert data == {
        "slug": "a-slug",
        "version": "v1",
        "headline": "A headline",
        "subhead": "Sub",
        "url": "https://news.example.org/a-slug/",
        "lift": rfc3339(LIFT),
        "kind": "advisory",
        "follows": "first",
        "n": 1,
        "previous_version": None,
        "note": None,
    }
    assert text.startswith("MEDIA ADVISORY")
    assert html == '<p>Lead – “quoted”. <img src="https://news.example.org/a-slug/photo.jpg" alt="x"></p>'
    assert rendered.media_type == "application/json"


def test_what_is_missing_is_null() -> None:
    data = json.loads(_rendered(_open("http://127.0.0.1:1/")).content)["data"]
    assert (data["url"], data["follows"], data["subhead"]) == (None, None, "")


# -- sending ----------------------------------------------------------------------------------------------


def test_every_try_has_the_same_id_and_bytes_and_its_own_time() -> None:
    standardwebhooks = needs_module("standardwebhooks")
    with FlakyServer(reset_after_request, answer(500), answer(204)) as server:
        outlet = _open(server.url + "/press?x=1")
        for pause in (1.01, 0):
            with pytest.raises(DeliveryFailed) as caught:
                outlet.send(_rendered(outlet), key=KEY, recipient="")
            assert caught.value.certainty is Certainty.UNSURE
            time.sleep(pause)
        assert outlet.send(_rendered(outlet), key=KEY, recipient="").remote_id == KEY
        outlet.close()
    assert len(server.requests) == 3
    assert {request.headers["webhook-id"] for request in server.requests} == {KEY}
    assert len({request.body for request in server.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in server.requests}) > 1
    for request in server.requests:
        assert (request.method, request.target) == ("POST", "/press?x=1")
        assert request.headers["content-type"] == "application/json"
        assert standardwebhooks.Webhook(SECRET).verify(request.body, dict(request.headers))


def test_it_can_tell_a_repeat_for_ever() -> None:
    outlet = _open("http://127.0.0.1:1/")
    assert outlet.repeats.still_told(LIFT, LIFT + timedelta(days=9999))
    assert outlet.recipients() == ("",)


@pytest.mark.parametrize(
    ("behaviour", "certainty"),
    [
        (answer(410), Certainty.FOR_GOOD),
        (answer(401), Certainty.FOR_GOOD),
        (redirect("http://127.0.0.1:1/"), Certainty.FOR_GOOD),
        (answer(429, headers={"Retry-After": "9"}), Certainty.NOT_SENT),
        (answer(502), Certainty.UNSURE),
        (hang_after_request, Certainty.UNSURE),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_its_answers_mean(behaviour: Behaviour, certainty: Certainty) -> None:
    with FlakyServer(behaviour) as server:
        outlet = _open(server.url + "/T0/canary", timeout=0.5)
        with pytest.raises(DeliveryFailed) as caught:
            outlet.send(_rendered(outlet), key=KEY, recipient="")
        outlet.close()
    assert caught.value.certainty is certainty
    for leaked in ("canary", "headline", "a-slug", SECRET, "whsec"):
        assert leaked not in caught.value.reason


def test_headers_of_the_offices_own_even_secret_ones() -> None:
    with FlakyServer(answer(204)) as server:
        outlet = _open(server.url, headers={"X-Source": "press office", "Authorization": _reference("TOKEN")})
        outlet.send(_rendered(outlet), key=KEY, recipient="")
        outlet.close()
    [request] = server.requests
    assert request.headers["x-source"] == "press office"
    assert request.headers["authorization"] == "canary-token"


def test_a_secret_header_that_would_make_another_is_refused() -> None:
    config = OutletConfig(
        "media",
        "webhook",
        settings={
            "url": "http://127.0.0.1:1/",
            "secret": _reference("SECRET"),
            "headers": {"Authorization": _reference("TOKEN")},
        },
    )
    values = {"SECRET": SECRET, "TOKEN": "canary\r\nX-Injected: 1"}
    with pytest.raises(ConfigRefused) as caught:
        open_outlet(config, OFFICE, Path(), lambda reference: values[reference.name])
    assert "canary" not in str(caught.value)


def test_a_secret_address() -> None:
    with FlakyServer(answer(403)) as server:
        outlet = _open(server.url + "/canary")
        config = OutletConfig("media", "webhook", settings={"url": _reference("URL"), "secret": _reference("SECRET")})
        values = {"SECRET": SECRET, "URL": server.url + "/canary"}
        outlet = open_outlet(config, OFFICE, Path(), lambda reference: values[reference.name])
        with pytest.raises(DeliveryFailed) as caught:
            outlet.send(_rendered(outlet), key=KEY, recipient="")
        outlet.close()
    assert server.requests[0].target == "/canary"
    assert "127.0.0.1" not in caught.value.reason


def test_warming_and_probing_post_nothing() -> None:
    with FlakyServer(answer()) as server:
        outlet = _open(server.url)
        outlet.warm()
        assert "nothing was posted" in outlet.probe()
        assert server.requests == []
        outlet.close()
    gone = _open(f"http://127.0.0.1:{unused_port()}")
    gone.warm()
    with pytest.raises(DeliveryFailed):
        gone.probe()


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, pressrelease.message, pressrelease.outlets.webhook, pressrelease.outlets.newsroom\n"
        "print(sorted({'requests', 'urllib3', 'markdown_it', 'nh3', 'certifi', 'sqlalchemy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_kind_that_another_package_brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pigeons.py").write_text(
        "class Loft:\n    def __init__(self, name):\n        self.name = name\n"
        "    def recipients(self):\n        return (self.name,)\n"
        "def open_pigeons(config, office, folder, secret):\n    return Loft(config.name)\n"
    )
    described = tmp_path / "pigeons-1.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeons\nVersion: 1\n")
    (described / "entry_points.txt").write_text("[pressrelease.outlets]\npigeon = pigeons:open_pigeons\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    opened = open_outlet(OutletConfig("loft", "pigeon"), OFFICE, tmp_path, lambda _: "")
    assert opened.recipients() == ("loft",)


def test_an_unknown_kind_is_refused_in_words() -> None:
    with pytest.raises(ConfigRefused, match="carrier-pigeon"):
        open_outlet(OutletConfig("x", "carrier-pigeon"), OFFICE, Path(), lambda _: "")
