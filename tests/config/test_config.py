"""config.toml: every key of the contract, every problem at once, and no value ever said back."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.config import (
    ClearanceRule,
    ClockRules,
    Config,
    Notify,
    Office,
    OutletConfig,
    Policy,
    Retry,
    SecretReference,
    SecretSource,
    read_config,
)
from pressrelease.config.outlet_keys import COMMON_KEYS, OUTLET_KINDS
from pressrelease.config.sample import sample_config
from pressrelease.config.sections import CLEARANCE_KEYS, SECTIONS
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.release import Contact

OFFICE = '[office]\nname = "District Attorney"\ntimezone = "America/Los_Angeles"\n'
ENV = '{ env = "SECRET" }'


def problems(text: str, *, office: bool = True) -> tuple[Problem, ...]:
    with pytest.raises(ConfigRefused) as caught:
        read_config((OFFICE if office else "") + text)
    return caught.value.problems


def outlet(text: str) -> OutletConfig:
    [found] = read_config(f"{OFFICE}[outlets.media]\n{text}").outlets.values()
    return found


# --- What the contract names ---------------------------------------------------------------------------------------

#: CONTRACT, section 3: each key with TOML for it and what it comes to.
CONTRACT = {
    "office.name": ('"District Attorney"', "District Attorney"),
    "office.timezone": ('"America/New_York"', "America/New_York"),
    "office.url": ('"https://da.example.org"', "https://da.example.org"),
    "office.contact": (
        '{ name = "Press", phone = "530-555-0100", email = "p@example.org" }',
        Contact("Press", "530-555-0100", "p@example.org"),
    ),
    "office.language": ('"es"', "es"),
    "office.release_time": ('"10:30"', time(10, 30)),
    "office.close": ('"16:00"', time(16)),
    "defaults.outlets": ('["newsroom", "media"]', ("newsroom", "media")),
    "policy.approvals": ("2", 2),
    "policy.approvers": ('["jdoe", "asmith"]', ("jdoe", "asmith")),
    "policy.author_may_approve": ("false", False),
    "policy.max_late": ('"3d"', timedelta(days=3)),
    "retry.schedule": ('["5s", "2m"]', (timedelta(seconds=5), timedelta(minutes=2))),
    "retry.give_up": ('"2h"', timedelta(hours=2)),
    "retry.jitter": ("0.5", 0.5),
    "clock.witnesses": ('["https://a.example.org"]', ("https://a.example.org",)),
    "clock.tolerance": ('"5s"', timedelta(seconds=5)),
    "store.url": ('"postgresql+psycopg://db.example.org/press"', "postgresql+psycopg://db.example.org/press"),
    "journal.timestamp": ('"https://timestamp.example.org"', "https://timestamp.example.org"),
    "notify.outlets": ('["media"]', ("media",)),
    "notify.daily": ('"17:00"', time(17)),
    "notify.heartbeat": (ENV, SecretReference(SecretSource.ENV, "SECRET")),
}

DEFAULTS = Config(
    office=Office("District Attorney", "America/Los_Angeles", "", Contact(), "en-US", time(9), time(17)),
    default_outlets=("newsroom",),
    policy=Policy(1, (), True, timedelta(hours=24)),
    retry=Retry(
        (
            timedelta(seconds=5),
            timedelta(seconds=30),
            timedelta(minutes=2),
            timedelta(minutes=10),
            timedelta(minutes=30),
            timedelta(hours=1),
            timedelta(hours=2),
        ),
        timedelta(hours=24),
        0.2,
    ),
    clock=ClockRules((), timedelta(seconds=2)),
    store_url="sqlite:///.pressrelease/state.db",
    notify=Notify((), ""),
    outlets={},
)


def test_what_is_left_out_has_the_contracts_defaults() -> None:
    assert read_config(OFFICE) == DEFAULTS
    newsroom = read_config(OFFICE + '[outlets.newsroom]\ntype = "newsroom"\n').outlets["newsroom"]
    assert newsroom == OutletConfig(
        "newsroom", "newsroom", True, timedelta(seconds=60), {"path": "newsroom", "url": ""}
    )


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert read_config(f"\ufeff{OFFICE}") == DEFAULTS


def _value_of(config: Config, key: str) -> Any:
    section, _, name = key.partition(".")
    own = {"defaults.outlets": config.default_outlets, "store.url": config.store_url}
    return own[key] if key in own else getattr(getattr(config, section), name)


def test_every_key_of_the_contract_is_read() -> None:
    tables: dict[str, list[str]] = {}
    for key, (toml, _) in CONTRACT.items():
        section, _, name = key.partition(".")
        tables.setdefault(section, []).append(f"{name} = {toml}")
    text = "\n".join(f"[{section}]\n" + "\n".join(lines) for section, lines in tables.items())
    config = read_config(
        f'{text}\n[outlets.newsroom]\ntype = "newsroom"\n[outlets.media]\ntype = "webhook"\n'
        f'url = "https://hook.example.org"\nsecret = {ENV}\nenabled = false\ntimeout = "5s"\n'
    )
    for key, (_, value) in CONTRACT.items():
        assert _value_of(config, key) == value, key
    assert (config.outlets["media"].enabled, config.outlets["media"].timeout) == (False, timedelta(seconds=5))


def test_there_is_no_key_that_the_contract_does_not_name() -> None:
    beyond = {"policy.lifters", "policy.allowed_signers"}  # docs/how-to/approve-with-keys.md
    beyond |= {"journal.key", "journal.timestamp_ca"}  # docs/how-to/prove-the-journal.md
    assert {f"{section.name}.{key.name}" for section in SECTIONS for key in section.keys} == set(CONTRACT) | beyond
    assert [key.name for key in COMMON_KEYS] == ["enabled", "timeout"]
    assert [key.name for key in CLEARANCE_KEYS] == ["ask", "by", "life"]


CHARGES = '[clearances.charges]\nask = "Do the charges stand?"\nby = ["jdoe", "asmith"]\n'


def test_a_clearance_has_a_question_its_people_and_a_life() -> None:
    charges = ClearanceRule("charges", "Do the charges stand?", ("jdoe", "asmith"), timedelta(hours=24))
    assert read_config(OFFICE + CHARGES).clearances == {"charges": charges}
    longer = read_config(f'{OFFICE}{CHARGES}life = "3d"\n').clearances["charges"]
    assert longer == charges._replace(life=timedelta(days=3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHARGES.replace("charges]", '"Charges!"]'), "a clearance's name is not accepted"),
        (CHARGES.replace('["jdoe", "asmith"]', "[]"), "[clearances.charges] by should not be empty"),
        (CHARGES.replace("ask", "aks"), "[clearances.charges] aks is not known; did you mean ask?"),
        ('[clearances.charges]\nask = "Yes?"\n', "[clearances.charges] by is missing"),
        (f'{CHARGES}life = "0s"\n', "[clearances.charges] life should be between 1m and 365d"),
        ("clearances = 3\n", "[clearances] should hold a table a clearance"),
        (CHARGES.replace("clearances", "clearence"), "[clearence] is not known; did you mean clearances?"),
    ],
)
def test_a_clearance_that_is_wrong_is_named(text: str, message: str) -> None:
    assert any(message in one.message for one in problems(text + OFFICE, office=False))


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


def test_every_key_is_explained() -> None:
    keys = [*COMMON_KEYS, *CLEARANCE_KEYS, *(key for table in (*SECTIONS, *OUTLET_KINDS) for key in table.keys)]
    for key in keys:
        assert 5 < len(key.help) < 100, key.name
        assert "\n" not in key.help
        assert key.default is not None or key.sample or key.name in {"name", "timezone"}, key.name
    assert all(table.help for table in (*SECTIONS, *OUTLET_KINDS))


# --- The sample: from the same tables, so it can't drift ----------------------------------------------------------

office_names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Cn", "Co")), min_size=1, max_size=40
).filter(str.strip)


@given(office_names, st.sampled_from(["America/Los_Angeles", "UTC"]), office_names)
def test_the_sample_is_read_without_a_problem(name: str, zone: str, contact: str) -> None:
    text = sample_config(name, zone, "https://news.example.org", contact=Contact(contact))
    config = read_config(text)
    assert (config.office.name, config.office.timezone) == (name.strip(), zone)
    assert config.office.contact == Contact(contact.strip())
    assert config.outlets["newsroom"].settings["url"] == "https://news.example.org"
    bare = read_config(sample_config(name, zone))
    expected = DEFAULTS._replace(office=DEFAULTS.office._replace(name=name.strip(), timezone=zone))
    assert bare._replace(outlets={}) == expected


def test_every_line_of_the_sample_may_be_switched_on() -> None:
    text = sample_config("District Attorney", "America/Los_Angeles")
    whole = re.sub(r"(?m)^#(?=[a-z_\[])", "", text)
    config = read_config(whole)
    assert {found.type for found in config.outlets.values()} == {kind.name for kind in OUTLET_KINDS}
    assert set(config.clearances) == {"charges"}
    named = {key for table in tomllib.loads(whole)["outlets"].values() for key in table}
    assert named == {
        "type",
        *(key.name for key in COMMON_KEYS),
        *(key.name for kind in OUTLET_KINDS for key in kind.keys),
    }


# --- Problems: all of them, each with its line ---------------------------------------------------------------------

BROKEN = """\
[office]
name = ""
timezone = "America/Los_Angles"
realease_time = "09:00"
close = "5 pm"
contact = { name = "Press", mail = "x" }

[policy]
approvals = 4
max_late = "1 fortnight"
approvers = [
  "jdoe",
  7,
  "jdoe",
]

[retri]
jitter = 1

[notify]
outlets = ["newsroom", "medai"]

[outlets.newsroom]
type = "newsroom"
path = "../public"

[outlets.media]
type = "webhook"
url = "http://hook.example.org"
secret = "whsec_c2VjcmV0"
timeout = "0s"
"""

TOLD = [
    (2, "[office] name is empty", "Write something"),
    (
        3,
        "[office] timezone is not a time zone of the IANA database; did you mean America/Los_Angeles?",
        "Write it like",
    ),
    (4, "[office] realease_time is not known; did you mean release_time?", "The keys are"),
    (5, "[office] close should be a time of day", '"09:00"'),
    (6, "[office] contact key is not known; did you mean email?", "contact has name, phone, email"),
    (9, "[policy] approvals should be a whole number from 0 to 3", "0 to 3"),
    (10, "[policy] max_late is not a length of time", '"24h"'),
    (13, "[policy] approvers entry 2 should be text", "double quotes"),
    (14, "[policy] approvers entry 3 is in this list twice", "Delete"),
    (17, "[retri] is not known; did you mean retry?", "The tables are"),
    (21, "[notify] outlets: newsroom is public and can't be used to notify the office", "webhook"),
    (21, "[notify] outlets entry 2 names an outlet that doesn't exist; did you mean media?", "newsroom, media"),
    (25, "[outlets.newsroom] path should not contain ..", "Write a folder"),
    (29, "[outlets.media] url is not encrypted", "https://"),
    (30, "[outlets.media] secret is a secret; don't write it in this file", "{ env ="),
    (31, "[outlets.media] timeout should be between 1s and 1h", "Write a number"),
]


def test_all_problems_are_reported_at_once_each_with_its_line_and_its_fix() -> None:
    found = problems(BROKEN, office=False)
    assert [(problem.line, problem.message) for problem in found] == [(line, message) for line, message, _ in TOLD]
    for problem, (_, _, hint) in zip(found, TOLD, strict=True):
        assert hint in problem.hint, problem.message


def test_the_refusal_says_file_and_line_and_each_hint_once() -> None:
    with pytest.raises(ConfigRefused) as caught:
        read_config("[office]\nname = 1\n", source="office.toml")
    assert "office.toml:2: [office] name should be text" in caught.value.message
    assert "office.toml:1: [office] timezone is missing" in caught.value.message
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[outlets.media]", 4, "[outlets.media] type is missing"),
        ('[outlets.media]\ntype = "webhok"', 5, "[outlets.media] type is not known; did you mean webhook?"),
        ("[outlets.media]\ntype = 7", 5, "[outlets.media] type is not known"),
        ('[outlets."The Media"]\ntype = "newsroom"', 4, "an outlet's name is not allowed"),
        ("[outlets]\nmedia = 7", 5, "[outlets.media] should be a table"),
        ("[[outlets]]\nx = 1", 4, "[outlets] should have one table for each outlet"),
        ("[[retry]]\njitter = 1", 4, "[retry] should be a table"),
        ('[defaults]\noutlets = ["media"]', 5, "[defaults] outlets entry 1 names an outlet that doesn't exist"),
        ('[policy]\napprovals = 2\napprovers = ["jdoe"]', 5, "[policy] approvals requires 2, but only 1 can approve"),
        ("[policy]\nauthor_may_approve = 1", 5, "[policy] author_may_approve should be true or false"),
        ("[policy]\napprovals = true", 5, "[policy] approvals should be a whole number from 0 to 3"),
        ("[retry]\njitter = nan", 5, "[retry] jitter should be a number from 0 to 1"),
        ("[retry]\nschedule = []", 5, "[retry] schedule should not be empty"),
        ("[retry]\nschedule = [5]", 5, "[retry] schedule entry 1 should be a length of time"),
        ('[store]\nurl = "mysql://x/y"', 5, None),
        ('[store]\nurl = "postgresql+psycopg://press:hunter2@db/press"', 5, "[store] url contains a password"),
        ('[clock]\nwitnesses = ["http://example.org"]', 5, "[clock] witnesses entry 1 is not encrypted"),
        ('[notify]\nheartbeat = "http://hc.example.org/x"', 5, "[notify] heartbeat is not encrypted"),
        ('nmae = "x"', 4, "[office] nmae is not known; did you mean name?"),
        (
            '[outlets.a]\ntype = "newsroom"\npath = "web"\n[outlets.b]\ntype = "newsroom"\npath = "./web/"',
            9,
            "[outlets.b] path is the same as in [outlets.a]",
        ),
    ],
)  # fmt: skip
def test_a_problem_is_reported_with_its_line(text: str, line: int, message: str | None) -> None:
    [found] = problems(text)
    assert found.line == line
    assert message is None or found.message == message
    assert found.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name =", 1),
        ("[office]\nname = District Attorney", 2),
        ('[office]\nname = "a"\nname = "b"', 3),
        ('[office]\nname = "never closed', 2),
        ("[office]\n[office]", 2),
        ('name = """\nx\n', 3),
        ("x = 1\n\n\x00", 3),
    ],
)
def test_what_is_no_toml_is_reported_with_its_line(text: str, line: int) -> None:
    [found] = problems(text, office=False)
    assert found.message.startswith("this is not valid TOML")
    assert abs(found.line - line) <= 1
    assert found.hint


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


# --- No value is ever said back -------------------------------------------------------------------------------------

CANARY = "hunter2-canary"
places = [
    *(((section.name,), key) for section in SECTIONS for key in section.keys),
    *((("outlets", "media"), key) for kind in OUTLET_KINDS for key in (*kind.keys, *COMMON_KEYS)),
]
shapes = [
    '"{}"',
    '["{}"]',
    '{{ x = "{}" }}',
    '{{ env = "{}" }}',
    '{{ "{}" = 7 }}'.replace("{}", "x"),
    '"https://u:{}@h"',
    '"http://{}"',
]


@pytest.mark.parametrize("shape", shapes)
@pytest.mark.parametrize(
    "place", [(path, key.name) for path, key in places], ids=lambda place: ".".join((*place[0], place[1]))
)
def test_no_problem_repeats_a_value(place: tuple[tuple[str, ...], str], shape: str) -> None:
    path, name = place
    kinds = [kind.name for kind in OUTLET_KINDS] if path[0] == "outlets" else ["newsroom"]
    for kind in kinds:
        value = shape.format(CANARY)
        if path == ("office",) and name in {"name", "timezone"}:
            office = f"[office]\n{name} = {value}\n"
        else:
            office = OFFICE + (f"{name} = {value}\n" if path == ("office",) else "")
        table = f"[{path[0]}]\n{name} = {value}\n" if path[0] not in {"office", "outlets"} else ""
        extra = f"{name} = {value}\n" if path[0] == "outlets" else ""
        try:
            read_config(f'{office}{table}[outlets.media]\ntype = "{kind}"\n{extra}')
        except ConfigRefused as refused:
            told = refused.message + refused.hint + repr(refused.problems)
            if CANARY in told:
                pytest.fail(told)


# --- Any text at all -----------------------------------------------------------------------------------------------

PIECES = (
    *(
        "[office]",
        "[outlets.media]",
        "[[outlets]]",
        "[",
        "]",
        "{",
        "}",
        '"',
        '"""',
        "'",
        "'''",
        "\n",
        "\r\n",
        "\r",
        "#",
        " ",
    ),
    *(
        "name",
        "timezone",
        "type",
        "url",
        "secret",
        "outlets",
        "=",
        ".",
        ",",
        "7",
        "-1",
        "1e400",
        "nan",
        "true",
        "2018-09-24",
    ),
    *(
        '"webhook"',
        '"email"',
        '"America/Los_Angeles"',
        '{ env = "X" }',
        "\\",
        "\\u0000",
        "é",
        "\ud800",
        "\x00",
        "\ufeff",
        "0x",
    ),
)
values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.dates() | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80))
def test_any_text_is_a_config_or_refused(text: str) -> None:
    for whole in (text, OFFICE + text):
        try:
            assert isinstance(read_config(whole), Config)
        except ConfigRefused as refused:
            told = refused.problems
            if not told or any(not 0 <= problem.line <= whole.count("\n") + 1 for problem in told):
                raise


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_toml(key)} = {_toml(entry)}' for key, entry in value.items())} }}"
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)


@given(st.sampled_from(places), values, st.sampled_from([kind.name for kind in OUTLET_KINDS]))
def test_any_value_at_any_key_is_taken_or_refused(place: tuple[tuple[str, ...], Any], value: Any, kind: str) -> None:
    path, key = place
    line = f"{key.name} = {_toml(value)}\n"
    if path[0] == "outlets":
        text = f'{OFFICE}[outlets.media]\ntype = "{kind}"\n{line}'
    elif path[0] == "office" and key.name in {"name", "timezone"}:
        text = "\n".join(line if old.startswith(key.name) else old for old in OFFICE.split("\n"))
    else:
        text = OFFICE + (line if path[0] == "office" else f"[{path[0]}]\n{line}")
    try:
        read_config(text)
    except ConfigRefused as refused:
        if any(problem.line == 0 or not problem.hint for problem in refused.problems):
            pytest.fail(refused.message)


def test_loading_stays_light() -> None:
    """`status` reads a config and releases on every call; what is heavy waits until it is needed."""
    import subprocess
    import sys

    heavy = ("yaml", "tomllib", "zoneinfo", "difflib", "json", "random", "importlib.metadata", "requests", "sqlalchemy")
    code = (
        "import sys, pressrelease.check, pressrelease.config, pressrelease.library, pressrelease.release;"
        f"print([name for name in {heavy!r} if name in sys.modules], 'pressrelease.check.placeholders' in sys.modules)"
    )
    # Coverage loads some of them itself.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    found = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env=alone)
    assert found.stdout == "[] False\n"
