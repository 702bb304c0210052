"""What config.toml adds to a release is frozen with it and covered by its approval (CONTRACT invariant 19)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from records import office, schedule, schedule_now, write

from pressrelease.config import Config, read_config
from pressrelease.config.frozen import changes, frozen_settings, office_of, settings_name
from pressrelease.config.keys import Cover, Key
from pressrelease.config.outlet_keys import COMMON_KEYS, OUTLET_KINDS
from pressrelease.config.sections import CLEARANCE_KEYS, SECTIONS
from pressrelease.errors import NeedsPerson, NotPermitted, StateUnreadable, Usage
from pressrelease.publishing.rendering import RenderCache
from pressrelease.release import from_canonical, version_of
from pressrelease.release.delivery import DeliveryState
from pressrelease.scheduler.passes import publish_due
from pressrelease.services import ServiceContext, approving, scheduling
from pressrelease.status.causes import Cause
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store.journal import BEGINNING, Event, line_after
from pressrelease.system import clock
from pressrelease.wiring import Workspace, sending


def every_key() -> Iterator[tuple[str, Key]]:
    for section in SECTIONS:
        yield from ((section.name, key) for key in section.keys)
    yield from (("clearances", key) for key in CLEARANCE_KEYS)
    yield from (("outlets", key) for key in COMMON_KEYS)
    for kind in OUTLET_KINDS:
        yield from ((kind.name, key) for key in kind.keys)


@pytest.mark.parametrize(("table", "key"), tuple(every_key()), ids=lambda part: getattr(part, "name", part))
def test_every_key_decides_whether_an_approval_covers_it(table: str, key: Key) -> None:
    assert key.covers is not None, f"[{table}] {key.name}: does it alter words, recipients or destination? Say `covers`"
    assert not (key.secret and key.covers is Cover.YES and table != "apprise"), "a secret is not for readers"


# -- each key by itself ------------------------------------------------------------------------------------------

WHOLE = """
[office]
name = "The Office"
timezone = "America/Los_Angeles"
url = "https://example.org"
contact = { name = "Press Office", phone = "530-555-0100", email = "press@example.org" }
language = "en-US"
release_time = "09:00"
close = "17:00"
[policy]
approvals = 2
approvers = ["da", "deputy", "chief"]
author_may_approve = false
max_late = "24h"
[retry]
give_up = "24h"
[clock]
tolerance = "2s"
[outlets.newsroom]
type = "newsroom"
path = "newsroom"
url = "https://news.example.org"
[outlets.media]
type = "email"
host = "smtp.example.org"
port = 587
security = "starttls"
username = "press"
password = { env = "SMTP" }
from = "Press Office <press@example.org>"
reply_to = "media@example.org"
recipients = "media.csv"
list_id = "media.example.org"
unsubscribe = "mailto:unsubscribe@example.org"
[outlets.hook]
type = "webhook"
url = "https://hooks.example.org/press"
secret = { env = "HOOK" }
headers = { "X-Source" = "press office", "Authorization" = { env = "TOKEN" } }
[outlets.site]
type = "wordpress"
url = "https://www.example.org"
username = "press"
password = { env = "SITE" }
categories = ["News"]
tags = ["office"]
[outlets.social]
type = "mastodon"
url = "https://social.example.org"
token = { env = "SOCIAL" }
visibility = "public"
[outlets.sky]
type = "bluesky"
handle = "office.example.org"
password = { env = "SKY" }
[outlets.phones]
type = "ntfy"
topic = "releases"
[outlets.chat]
type = "apprise"
url = { env = "CHAT" }
[outlets.program]
type = "command"
argv = ["/usr/local/bin/publish", "--now"]
env = { LEVEL = "info" }
"""

#: What is edited, into what, and the key that is named.
COVERED = (
    ('name = "The Office"', 'name = "Another Office"', "[office] name was changed"),
    ('"America/Los_Angeles"', '"America/New_York"', "[office] timezone was changed"),
    ('url = "https://example.org"', 'url = "https://evil.example"', "[office] url was changed"),
    ("530-555-0100", "530-555-0199", "[office] contact was changed"),
    ('language = "en-US"', 'language = "es-US"', "[office] language was changed"),
    ("approvals = 2", "approvals = 1", "[policy] approvals was made weaker"),
    ('"chief"]', '"chief", "intern"]', "[policy] approvers was made weaker"),
    ('approvers = ["da", "deputy", "chief"]', "", "[policy] approvers was made weaker"),
    ("author_may_approve = false", "author_may_approve = true", "[policy] author_may_approve was made weaker"),
    ('path = "newsroom"', 'path = "elsewhere"', "[outlets.newsroom] path was changed"),
    ('"https://news.example.org"', '"https://news.example.com"', "[outlets.newsroom] url was changed"),
    ('from = "Press Office <press', 'from = "Press Office <other', "[outlets.media] from was changed"),
    ("media@example.org", "desk@example.org", "[outlets.media] reply_to was changed"),
    ('"media.csv"', '"others.csv"', "[outlets.media] recipients was changed"),
    ('"media.csv"', '["a@example.org"]', "[outlets.media] recipients was changed"),
    ('list_id = "media', 'list_id = "press', "[outlets.media] list_id was changed"),
    ("mailto:unsubscribe@", "mailto:leave@", "[outlets.media] unsubscribe was changed"),
    ("hooks.example.org/press", "hooks.example.org/other", "[outlets.hook] url was changed"),
    ('"press office"', '"somebody"', "[outlets.hook] headers was changed"),
    ("www.example.org", "www.example.com", "[outlets.site] url was changed"),
    ('["News"]', '["Sports"]', "[outlets.site] categories was changed"),
    ('["office"]', '["a", "b"]', "[outlets.site] tags was changed"),
    ("social.example.org", "social.example.com", "[outlets.social] url was changed"),
    ('visibility = "public"', 'visibility = "private"', "[outlets.social] visibility was changed"),
    ("office.example.org", "agency.example.org", "[outlets.sky] handle was changed"),
    ('type = "bluesky"', 'type = "bluesky"\nurl = "https://pds.example"', "[outlets.sky] url was changed"),
    ('topic = "releases"', 'topic = "others"', "[outlets.phones] topic was changed"),
    ('url = { env = "CHAT" }', 'url = { env = "OTHER" }', "[outlets.chat] url was changed"),
    ('"--now"]', '"--later"]', "[outlets.program] argv was changed"),
    ('LEVEL = "info"', 'LEVEL = "all"', "[outlets.program] env was changed"),
    ('type = "command"\nargv = ["/usr/local/bin/publish", "--now"]\nenv = { LEVEL = "info" }',
     'type = "newsroom"\npath = "x"',
     "[outlets.program] type was changed"),
)  # fmt: skip

FREE = (
    ('release_time = "09:00"', 'release_time = "08:00"'),
    ('close = "17:00"', 'close = "16:00"'),
    ("approvals = 2", "approvals = 3"),
    (', "chief"]', "]"),
    ('max_late = "24h"', 'max_late = "2h"'),
    ('give_up = "24h"', 'give_up = "2h"'),
    ('tolerance = "2s"', 'tolerance = "5s"'),
    ("smtp.example.org", "smtp.example.com"),
    ("port = 587", "port = 465"),
    ('security = "starttls"', 'security = "tls"'),
    ('{ env = "SMTP" }', '{ file = "smtp.secret" }'),
    ('{ env = "HOOK" }', '{ env = "HOOK2" }'),
    ('{ env = "TOKEN" }', '{ env = "TOKEN2" }'),
    ('type = "newsroom"', 'type = "newsroom"\ntimeout = "5s"'),
)


def _edited(before: str, after: str) -> Config:
    assert before in WHOLE
    return read_config(WHOLE.replace(before, after, 1))


NAMES = ("newsroom", "media", "hook", "site", "social", "sky", "phones", "chat", "program")


@pytest.mark.parametrize(("before", "after", "words"), COVERED)
def test_an_edit_of_what_an_approval_covers_is_named(before: str, after: str, words: str) -> None:
    frozen = json.loads(frozen_settings(read_config(WHOLE), NAMES))
    assert list(changes(frozen, _edited(before, after)).values()) == [words]


@pytest.mark.parametrize(("before", "after"), FREE)
def test_an_edit_of_anything_else_is_not(before: str, after: str) -> None:
    frozen = json.loads(frozen_settings(read_config(WHOLE), NAMES))
    assert changes(frozen, _edited(before, after)) == {}


@pytest.mark.parametrize(
    ("after", "named"), [('["da", "clerk"]', True), ("[]", True), ('["da"]', False), ('["jdoe"]', False)]
)
def test_more_people_who_may_report_an_event_are_named(after: str, named: bool) -> None:
    def with_lifters(people: str) -> Config:
        return read_config(WHOLE.replace("approvals = 2", f"approvals = 2\nlifters = {people}", 1))

    frozen = json.loads(frozen_settings(with_lifters('["da", "jdoe"]'), NAMES))
    assert bool(changes(frozen, with_lifters(after))) is named


def test_every_covered_key_is_in_the_table_above() -> None:
    named = {words.split(" was ")[0].partition("] ")[2] for _, _, words in COVERED} | {"allowed_signers"}
    named |= {"ask", "by", "life"}  # tests/services/test_clearances.py
    named |= {"lifters"}  # above
    assert {key.name for _, key in every_key() if key.covers is not Cover.NO} <= named


def test_signatures_that_are_no_longer_asked_for_are_a_weaker_rule() -> None:
    signed = WHOLE.replace("[retry]", 'allowed_signers = "signers"\n[retry]')
    frozen = json.loads(frozen_settings(read_config(signed), NAMES))
    assert changes(frozen, read_config(WHOLE)) == {"": "[policy] allowed_signers was made weaker"}


def test_what_is_frozen_holds_no_secret_and_gives_the_office_back() -> None:
    config = read_config(WHOLE)
    settings = frozen_settings(config, NAMES)
    assert "TOKEN" not in settings
    other = _edited("530-555-0100", "530-555-0199").office
    assert office_of(json.loads(settings), other) == config.office
    assert settings == frozen_settings(read_config(WHOLE), reversed(NAMES))
    assert settings_name(settings) != settings_name(frozen_settings(config, NAMES[1:]))


def test_a_key_that_a_later_program_brings_is_no_change_while_it_has_its_default() -> None:
    frozen = json.loads(frozen_settings(read_config(WHOLE), NAMES))
    del frozen["outlets"]["social"]["visibility"], frozen["outlets"]["sky"]["url"]
    assert changes(frozen, read_config(WHOLE)) == {}


# -- a release, from its scheduling to its lift ----------------------------------------------------------------------


def _edit(workspace: Workspace, before: str, after: str) -> Workspace:
    """Another program's look at the same folder, after somebody edited config.toml."""
    file = workspace.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    workspace.store.close()
    return Workspace(workspace.folder)


def _pages(workspace: Workspace) -> list[str]:
    return [page.read_text(encoding="utf-8") for page in (workspace.folder / "newsroom").glob("*/index.html")]


def test_nothing_leaves_until_it_is_scheduled_again(tmp_path: Path) -> None:
    workspace = office(tmp_path, more='[defaults]\noutlets = ["newsroom"]\n')
    schedule_now(workspace, "names")
    edited = _edit(workspace, "The Office", "Another Office")
    outcome = publish_due(edited)
    words = "[office] name was changed after it was scheduled; nothing goes out until it is scheduled again"
    assert [(one.slug, one.reason, one.cause) for one in outcome.needs_you] == [("names", words, Cause.CONFIG_CHANGED)]
    assert _pages(edited) == []
    context = ServiceContext(edited, "jdoe")
    with pytest.raises(NeedsPerson, match="name was changed") as refused:
        approving.approve(context, "names", "deputy")
    assert refused.value.code == "config_changed"
    scheduling.schedule(context, scheduling.propose(context, "names"))
    approving.approve(context, "names", "da")
    assert publish_due(edited).published == ("names",)
    assert "Another Office" in _pages(edited)[0]


def test_it_goes_out_as_approved_once_the_old_value_is_back(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    edited = _edit(workspace, "The Office", "Another Office")
    assert publish_due(edited).needs_you
    back = _edit(edited, "Another Office", "The Office")
    assert publish_due(back).published == ("names",)


def test_a_weaker_policy_lets_nothing_leave_and_a_stronger_one_applies(tmp_path: Path) -> None:
    workspace = office(tmp_path, more="[policy]\napprovals = 2\n")
    schedule(workspace, "names", days=1)
    write(workspace, "statement")
    context = schedule_now(workspace, "statement")
    assert context.report("statement").status.state is ReleaseState.UNAPPROVED
    weaker = _edit(workspace, "approvals = 2", "approvals = 1")
    report = ServiceContext(weaker, "jdoe").report("names")
    assert (report.status.state, report.status.cause) == (ReleaseState.NEEDS_YOU, Cause.CONFIG_CHANGED)
    assert "[policy] approvals was made weaker" in report.status.reason
    stronger = _edit(weaker, "approvals = 1", "approvals = 3")
    report = ServiceContext(stronger, "jdoe").report("names")
    assert (report.status.state, report.status.reason) == (ReleaseState.UNAPPROVED, "2 more approvals needed")


def test_the_claim_and_the_last_look_ask_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    (waiting,) = workspace.store.read.dossiers(workspace.store.read.releases())[0].deliveries
    edited = _edit(workspace, "The Office", "Another Office")
    with sending(edited, clock.utc_now()) as cycle:
        cycle.dispatch([waiting])  # as by a plan that did not look
        assert cycle.drain(10)
    assert "delivery.claimed" not in [line.event for line in edited.store.read.journal()]
    asked = RenderCache.why_changed
    asked, answers = RenderCache.why_changed, [dict[int, str]()]
    monkeypatch.setattr(
        RenderCache, "why_changed", lambda self, which: answers.pop() if answers else asked(self, which)
    )
    with sending(edited, clock.utc_now()) as cycle:
        cycle.dispatch([waiting])
        assert cycle.drain(10)
    lines = [line for line in edited.store.read.journal() if line.event.startswith("delivery.")]
    assert [line.event for line in lines] == ["delivery.claimed", "delivery.given_back"]
    assert "[office] name was changed" in lines[-1].detail
    assert _pages(edited) == []


def test_a_text_is_composed_from_what_was_frozen(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    (waiting,) = workspace.store.read.dossiers(workspace.store.read.releases())[0].deliveries
    before = RenderCache(workspace.config, workspace.store).message(waiting)
    edited = _edit(workspace, "The Office", "Another Office")
    assert RenderCache(edited.config, edited.store).message(waiting) == before


# -- names of versions ---------------------------------------------------------------------------------------------


def _sql(workspace: Workspace, *statements: tuple[str, tuple[Any, ...]]) -> None:
    workspace.store.close()
    with sqlite3.connect(workspace.private / "state.db") as connection:
        for statement, values in statements:
            connection.execute(statement, values)
    connection.close()


def test_a_version_has_its_whole_digest_for_a_name(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    schedule(workspace, "names")
    (release,) = workspace.store.read.releases()
    assert len(release.version) == 64
    assert int(release.version, 16)


def test_a_version_is_approved_by_its_first_digits(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    context = schedule(workspace, "names", approved=False)
    (release,) = workspace.store.read.releases()
    for enough in (release.version, release.version[:12], release.version[:4]):
        approving.must_be_version(context, "names", enough)
    other = "0000" if release.version[:4] != "0000" else "1111"
    with pytest.raises(NotPermitted) as refused:
        approving.must_be_version(context, "names", other)
    assert refused.value.code == "version_changed"
    twin = release.version[:20] + "f" * 44
    _sql(
        workspace,
        (
            "INSERT INTO versions SELECT slug, ?, canonical, attachments, lift, outlets, frozen_at, frozen_by, wall,"
            " recipients, settings FROM versions",
            (twin,),
        ),
    )
    for wrong in (release.version[:12], "abc", "%%%%", "____", release.version.upper(), ""):
        with pytest.raises(Usage):
            approving.must_be_version(context, "names", wrong)
    approving.must_be_version(context, "names", release.version[:24])


def _rename(workspace: Workspace, version: str) -> None:
    """Give the one version another name in the rows and in the journal, as if it had been written so."""
    tables = ("releases", "versions", "deliveries", "approvals")
    statements: list[tuple[str, tuple[Any, ...]]] = [
        (f"UPDATE {table} SET version = ?", (version,)) for table in tables
    ]
    guards = [row["sql"] for row in workspace.store.read.rows("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
    names = [row["name"] for row in workspace.store.read.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    head = (0, BEGINNING)
    for old in list(workspace.store.read.journal()):
        event = Event(old.event, old.slug, version if old.version else "", json.loads(old.detail))
        line = line_after(head, event, at=old.at, actor=old.actor, host=old.host)
        statements.append(
            (
                "UPDATE journal SET version = ?, prev = ?, hash = ? WHERE n = ?",
                (line.version, line.prev, line.hash, old.n),
            )
        )
        head = (line.n, line.hash)
    _sql(workspace, *[(f"DROP TRIGGER {name}", ()) for name in names], *statements, *[(sql, ()) for sql in guards])
    for file in (workspace.folder / ".pressrelease").glob("*.at"):
        file.unlink()  # the journal that it remembers is no more


@pytest.mark.parametrize(
    ("column", "value"),
    [("canonical", b"{}"), ("attachments", '{"a.pdf": "00"}'), ("lift", 1), ("outlets", '["media"]'),
     ("settings", "00"), ("wall", "2031-01-01T00:00")],
)  # fmt: skip
def test_what_is_frozen_under_a_name_is_compared_never_assumed(tmp_path: Path, column: str, value: object) -> None:
    workspace = office(tmp_path)
    context = schedule(workspace, "names")
    _sql(workspace, (f"UPDATE versions SET {column} = ?", (value,)))
    with pytest.raises(StateUnreadable) as refused:
        scheduling.schedule(context, scheduling.propose(context, "names"))
    assert refused.value.code == "version_taken"
    assert "release.scheduled" in [line.event for line in context.store.read.journal()]


def test_a_version_that_an_older_program_froze_stays_approved(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    (release,) = workspace.store.read.releases()
    frozen = workspace.store.read.frozen("names", release.version)
    assert frozen is not None
    text = from_canonical(frozen.canonical)
    name = version_of(
        text,
        attachment_hashes=frozen.attachments,
        lift=frozen.lift,
        outlets=frozen.outlets,
        wall=frozen.wall,
        recipients=frozen.recipients,
    )[:16]
    _rename(workspace, name)
    _sql(workspace, ("UPDATE versions SET settings = NULL", ()))
    # It was approved when config.toml was not covered: an edit of that is no reason to hold it.
    edited = _edit(workspace, "The Office", "Another Office")
    assert publish_due(edited).published == ("names",)
    assert "Another Office" in _pages(edited)[0]


def test_a_version_frozen_with_settings_has_no_short_name(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    (release,) = workspace.store.read.releases()
    _rename(workspace, release.version[:16])
    publish_due(workspace)
    (delivery,) = workspace.store.read.dossiers(workspace.store.read.releases())[0].deliveries
    assert delivery.state is DeliveryState.FAILED
    assert _pages(workspace) == []


def test_settings_that_were_damaged_let_nothing_leave(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    _sql(workspace, ("UPDATE blobs SET content = CAST(replace(content, 'The Office', 'The 0ffice') AS BLOB)", ()))
    with pytest.raises(StateUnreadable, match="settings"):
        publish_due(Workspace(tmp_path))
    assert _pages(workspace) == []


def test_settings_taken_off_a_version_let_nothing_leave(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    _sql(workspace, ("UPDATE versions SET settings = NULL", ()))
    edited = _edit(workspace, "The Office", "Another Office")
    publish_due(edited)
    assert _pages(edited) == []
