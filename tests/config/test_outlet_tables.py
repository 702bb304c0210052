"""The tables of outlets in config.toml: what each kind takes and refuses, and kinds that other packages bring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from configs import ENV, OFFICE, outlet, problems

from pressrelease.config import (
    SecretReference,
    SecretSource,
    read_config,
)
from pressrelease.config.outlet_keys import OUTLET_KINDS
from pressrelease.errors import ConfigRefused

#: Each kind of the contract with the least that it needs, and all that it may have.
KINDS: dict[str, tuple[str, dict[str, tuple[str, Any]]]] = {
    "newsroom": (
        "",
        {"path": ('"public"', "public"), "url": ('"https://news.example.org"', "https://news.example.org")},
    ),
    "webhook": (
        f'url = "https://hook.example.org"\nsecret = {ENV}',
        {
            "url": (ENV, SecretReference(SecretSource.ENV, "SECRET")),
            "secret": ('{ file = "hook.key" }', SecretReference(SecretSource.FILE, "hook.key")),
            "headers": (
                f'{{ X-Source = "press", Authorization = {ENV} }}',
                {"X-Source": "press", "Authorization": SecretReference(SecretSource.ENV, "SECRET")},
            ),
        },
    ),
    "email": (
        'host = "smtp.example.org"\nfrom = "press@example.org"\nrecipients = ["desk@example.com"]',
        {
            "host": ('"127.0.0.1"', "127.0.0.1"),
            "port": ("2525", 2525),
            "security": ('"none"', "none"),
            "username": ('"press"', "press"),
            "password": ('{ keyring = "smtp/press" }', SecretReference(SecretSource.KEYRING, "smtp/press")),
            "from": ('"Press Office <press@example.org>"', "Press Office <press@example.org>"),
            "reply_to": ('"media@example.org"', "media@example.org"),
            "recipients": ('"lists/media.csv"', "lists/media.csv"),
            "list_id": ('"media.example.org"', "media.example.org"),
            "unsubscribe": ('"mailto:leave@example.org?subject=leave"', "mailto:leave@example.org?subject=leave"),
        },
    ),
    "wordpress": (
        f'url = "https://www.example.org"\nusername = "press"\npassword = {ENV}',
        {
            "url": ('"http://127.0.0.1:8080/blog"', "http://127.0.0.1:8080/blog"),
            "username": ('"jdoe"', "jdoe"),
            "password": ('{ file = "wp.key" }', SecretReference(SecretSource.FILE, "wp.key")),
            "categories": ('["Press releases", 7]', ("Press releases", 7)),
            "tags": ('["news"]', ("news",)),
        },
    ),
    "mastodon": (
        f'url = "https://social.example.org"\ntoken = {ENV}',
        {
            "url": ('"http://localhost:3000"', "http://localhost:3000"),
            "token": ('{ file = "m.key" }', SecretReference(SecretSource.FILE, "m.key")),
            "visibility": ('"unlisted"', "unlisted"),
        },
    ),
    "bluesky": (
        f'handle = "example.bsky.social"\npassword = {ENV}',
        {
            "url": ('"https://pds.example.org"', "https://pds.example.org"),
            "handle": ('"da.example.org"', "da.example.org"),
            "password": ('{ file = "b.key" }', SecretReference(SecretSource.FILE, "b.key")),
        },
    ),
    "ntfy": (
        'topic = "press-releases"',
        {
            "url": ('"http://localhost:2586"', "http://localhost:2586"),
            "topic": (ENV, SecretReference(SecretSource.ENV, "SECRET")),
            "token": ('{ file = "n.key" }', SecretReference(SecretSource.FILE, "n.key")),
        },
    ),
    "apprise": (f"url = {ENV}", {"url": ('"json://127.0.0.1:8000/hook"', "json://127.0.0.1:8000/hook")}),
    "command": (
        'argv = ["/bin/true"]',
        {
            "argv": ('["/bin/echo", "", " x "]', ("/bin/echo", "", " x ")),
            "env": (
                f'{{ LEVEL = "info", TOKEN = {ENV} }}',
                {"LEVEL": "info", "TOKEN": SecretReference(SecretSource.ENV, "SECRET")},
            ),
        },
    ),
}


KIND_DEFAULTS: dict[str, dict[str, Any]] = {
    "newsroom": {"path": "newsroom", "url": ""},
    "webhook": {"headers": {}},
    "email": {
        "port": None, "security": "starttls", "username": "", "password": None, "reply_to": "", "list_id": "",
        "unsubscribe": "",
    },
    "wordpress": {"categories": (), "tags": ()},
    "mastodon": {"visibility": "public"},
    "bluesky": {"url": "https://bsky.social"},
    "ntfy": {"url": "https://ntfy.sh", "token": None},
    "apprise": {},
    "command": {"env": {}},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_contract_is_read(kind: str) -> None:
    least, most = KINDS[kind]
    found = outlet(f'type = "{kind}"\n{least}')
    assert KIND_DEFAULTS[kind].items() <= found.settings.items()
    assert set(found.settings) == set(most)
    whole = outlet(f'type = "{kind}"\n' + "\n".join(f"{key} = {toml}" for key, (toml, _) in most.items()))
    assert whole.settings == {key: value for key, (_, value) in most.items()}


def test_the_kinds_are_those_that_can_be_opened() -> None:
    assert {kind.name for kind in OUTLET_KINDS} == set(KINDS)


@pytest.mark.parametrize(
    "kind", [kind for kind in OUTLET_KINDS if any(key.required for key in kind.keys)], ids=lambda kind: kind.name
)
def test_what_a_kind_requires_is_asked_for_with_an_example(kind: Any) -> None:
    found = problems(f'[outlets.media]\ntype = "{kind.name}"')
    required = [key.name for key in kind.keys if key.required]
    assert [problem.message for problem in found] == [f"[outlets.media] {name} is missing" for name in required]
    assert all("Write it like" in problem.hint for problem in found)
    assert {problem.line for problem in found} == {4}


# --- Kinds of outlet: what each refuses ----------------------------------------------------------------------------

MAIL = 'type = "email"\nhost = "smtp.example.org"\nfrom = "press@example.org"\nrecipients = ["desk@example.com"]\n'


HOOK = f'type = "webhook"\nurl = "https://hook.example.org"\nsecret = {ENV}\n'


@pytest.mark.parametrize(
    ("kind", "key", "toml"),
    [
        ("newsroom", "path", '"/"'), ("newsroom", "path", '"."'), ("newsroom", "path", '"releases/web"'),
        ("newsroom", "path", '".pressrelease"'), ("newsroom", "path", '"/srv/office/.pressrelease/web"'),
        ("newsroom", "path", '"Releases"'), ("newsroom", "path", '"a/../.."'), ("newsroom", "path", "7"),
        ("newsroom", "url", '"http://news.example.org"'), ("newsroom", "url", '"news.example.org"'),
        ("newsroom", "url", '"javascript:alert(1)"'), ("newsroom", "url", '"https://u:p@news.example.org"'),
        ("webhook", "headers", '{ "X Y" = "z" }'), ("webhook", "headers", '{ Host = "z" }'),
        ("webhook", "headers", '{ webhook-id = "z" }'), ("webhook", "headers", '{ Authorization = "Bearer x" }'),
        ("webhook", "headers", '{ X-Api-Key = "x" }'), ("webhook", "headers", '{ X = "a\\r\\nY: b" }'),
        ("webhook", "headers", '{ X = "日" }'), ("webhook", "headers", '{ X = "a", x = "b" }'),
        ("webhook", "headers", '["X"]'), ("webhook", "url", '"https://[x"'), ("webhook", "url", '"https://h:99999"'),
        ("webhook", "secret", '{ env = "A", file = "b" }'), ("webhook", "secret", '{ vault = "x" }'),
        ("webhook", "secret", '{ env = "NOT A NAME" }'), ("webhook", "secret", '{ keyring = "no-name" }'),
        ("webhook", "secret", '{ file = "" }'), ("webhook", "secret", "{ env = 7 }"), ("webhook", "secret", "{}"),
        ("email", "host", '"smtp.example.org:587"'), ("email", "host", '"smtp://x"'), ("email", "host", '"a b"'),
        ("email", "port", "0"), ("email", "port", "65536"), ("email", "port", '"587"'),
        ("email", "security", '"ssl"'), ("email", "security", '"none"'), ("email", "security", "true"),
        ("email", "username", '"press"'), ("email", "password", ENV), ("email", "password", '"hunter2"'),
        ("email", "from", '"Press Office"'), ("email", "from", '"a@b"'), ("email", "from", '"A <b> <c@example.org>"'),
        ("email", "from", '"a@example.org\\r\\nBcc: x@example.org"'), ("email", "reply_to", '"nobody"'),
        ("email", "recipients", '"desk@example.com"'), ("email", "recipients", "[]"), ("email", "recipients", "7"),
        ("email", "recipients", '["Desk <desk@example.com>"]'), ("email", "recipients", '["a@example.com, b"]'),
        ("email", "list_id", '"<media.example.org>"'), ("email", "list_id", '"media"'),
        ("email", "unsubscribe", '"http://example.org/leave"'), ("email", "unsubscribe", '"leave@example.org"'),
        ("email", "unsubscribe", '"mailto:nobody"'), ("email", "unsubscribe", '"mailto:a@example.org>, <x"'),
        ("wordpress", "url", '"http://www.example.org"'), ("wordpress", "password", '"abcd efgh"'),
        ("wordpress", "categories", '"News"'), ("wordpress", "categories", "[0]"), ("wordpress", "tags", '["a", "a"]'),
        ("wordpress", "username", '""'), ("mastodon", "token", '"x"'), ("mastodon", "visibility", '"pubic"'),
        ("bluesky", "handle", '"@example.bsky.social"'), ("bluesky", "handle", '"example"'),
        ("bluesky", "url", '"http://pds.example.org"'), ("apprise", "url", '"slack://token/token"'),
        ("apprise", "url", '"json://user:pass@127.0.0.1"'), ("apprise", "url", '"json://127.0.0.1@example.org/"'),
        ("apprise", "url", '"json://localhost?x=y"'), ("command", "argv", '"rm -rf /"'), ("command", "argv", "[]"),
        ("command", "argv", '["  "]'), ("command", "argv", '["a", 7]'), ("command", "argv", '["a\\u0000b"]'),
        ("command", "env", '"A=b"'), ("command", "env", '{ TOKEN = "plain" }'), ("command", "env", '{ "A B" = "c" }'),
        ("command", "env", '{ PRESSRELEASE_KEY = "x" }'), ("command", "env", "{ A = 7 }"),
    ],
)  # fmt: skip
def test_what_an_outlet_refuses(kind: str, key: str, toml: str) -> None:
    least = "\n".join(line for line in KINDS[kind][0].split("\n") if not line.startswith(f"{key} ="))
    found = problems(f'[outlets.media]\ntype = "{kind}"\n{least}\n{key} = {toml}\n')
    assert len(found) == 1, found
    assert f"[outlets.media] {key} " in found[0].message
    assert found[0].hint


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_mail_may_go_in_the_clear_on_this_machine_only(host: str) -> None:
    settings = outlet(MAIL.replace("smtp.example.org", host) + 'security = "none"\n').settings
    assert (settings["host"], settings["security"]) == (host, "none")


@pytest.mark.parametrize(
    ("address", "accepted"),
    [
        ("https://example.org", True), ("https://example.org:8443/x?y=z", True), ("http://localhost:8000", True),
        ("http://127.0.0.1", True), ("http://[::1]:80/x", True), ("HTTPS://EXAMPLE.ORG", True),
        ("http://example.org", False), ("http://127.0.0.1.example.org", False), ("http://localhost.example.org", False),
        ("http://127.0.0.1@example.org", False), ("http://0.0.0.0", False), ("http://10.0.0.1", False),
        ("http://[::ffff:8.8.8.8]", False), ("ftp://example.org", False), ("//example.org", False), ("https://", False),
        ("https:///x", False), ("https://exa mple.org", False), ("https://example.org\\@x", False),
    ],
)  # fmt: skip
def test_https_is_required_except_on_this_machine(address: str, accepted: bool) -> None:
    text = f"{OFFICE}url = '{address}'\n"
    if accepted:
        assert read_config(text).office.url == address
    else:
        with pytest.raises(ConfigRefused):
            read_config(text)


@pytest.mark.parametrize(
    ("zone", "accepted"),
    [
        ("America/Los_Angeles", True), ("UTC", True), ("Europe/London", True), ("Pacific/Auckland", True),
        ("PST", False), ("Pacific", False), ("america/los_angeles", False), ("", False), ("localtime", False),
        ("../../etc/passwd", False), ("/etc/localtime", False), ("posix/UTC", False), ("America", False),
        ("Factory", False), ("UTC+8", False), ("zone.tab", False), ("+VERSION", False),
    ],
)  # fmt: skip
def test_a_time_zone_is_one_of_the_iana_database(zone: str, accepted: bool) -> None:
    text = OFFICE.replace("America/Los_Angeles", zone)
    if accepted:
        assert read_config(text).office.timezone == zone
    else:
        with pytest.raises(ConfigRefused):
            read_config(text)


@pytest.mark.parametrize(("typed", "meant"), [("Los Angeles", "America/Los_Angeles"), ("us/pacific", "US/Pacific")])
def test_a_near_time_zone_is_asked_about(typed: str, meant: str) -> None:
    [found] = problems(OFFICE.replace("America/Los_Angeles", typed), office=False)
    assert f"did you mean {meant}?" in found.message


# --- Kinds that other packages bring -------------------------------------------------------------------------------


@pytest.fixture
def foreign_kind(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package, as an installer leaves it, that brings a kind `fax`."""
    import sys

    folder = tmp_path / "press_fax-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: press-fax\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[pressrelease.outlets]\nfax = press_fax:open_fax\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    return "fax"


def test_a_kind_that_a_package_brings_is_given_its_keys_as_they_are(foreign_kind: str) -> None:
    found = outlet(
        f'type = "{foreign_kind}"\nenabled = false\nnumbers = ["530-555-0100"]\npages = 2\n'
        f'password = {ENV}\ndeep = {{ key = {{ file = "x" }}, list = [{ENV}] }}\n'
    )
    secret = SecretReference(SecretSource.ENV, "SECRET")
    assert (found.type, found.enabled, found.timeout) == ("fax", False, timedelta(seconds=60))
    assert found.settings == {
        "numbers": ("530-555-0100",),
        "pages": 2,
        "password": secret,
        "deep": {"key": SecretReference(SecretSource.FILE, "x"), "list": (secret,)},
    }


@pytest.mark.parametrize(
    "line", ['password = "hunter2"', 'x = { api_key = "k" }', "timeout = 5", 'x = { env = "A B" }']
)
def test_a_foreign_kind_keeps_the_rules_for_secrets(foreign_kind: str, line: str) -> None:
    [found] = problems(f'[outlets.media]\ntype = "{foreign_kind}"\n{line}')
    assert found.line == 6
    assert "hunter2" not in found.message + found.hint


def test_a_foreign_kind_may_tell_people(foreign_kind: str) -> None:
    config = read_config(f'{OFFICE}[notify]\noutlets = ["media"]\n[outlets.media]\ntype = "{foreign_kind}"\n')
    assert config.notify.outlets == ("media",)


def test_a_kind_that_nobody_brings_is_not_known() -> None:
    [found] = problems('[outlets.media]\ntype = "fax"')
    assert found.message == "[outlets.media] type is not known"
