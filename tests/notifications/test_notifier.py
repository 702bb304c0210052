"""The office's people are notified: of each thing once, whatever fails, and no release waits for it."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import NOW
from mail_server import mail_server
from notified import Place, server
from records import office, schedule, schedule_now, write
from servers import FlakyServer, answer, close_after_request, hang_after_request

from pressrelease.cli import main
from pressrelease.config import Policy
from pressrelease.notifications.notifier import Notifier, notifier_for_pass
from pressrelease.notifications.sending import PAUSE, notify
from pressrelease.notifications.unread import unread_events as news_of
from pressrelease.publishing.snapshot import take_snapshot
from pressrelease.scheduler.passes import publish_due
from pressrelease.scheduler.run import Scheduler
from pressrelease.services import ServiceContext, approving, scheduling, stopping
from pressrelease.services.doctor import examine
from pressrelease.status.causes import Topic
from pressrelease.store import Store, commands, notification_state
from pressrelease.store.circuit import close_outlet, open_outlet_again
from pressrelease.store.notification_state import LONGEST_PAUSE, NotificationCursor
from pressrelease.system import clock
from pressrelease.wiring import Workspace

__all__ = ["server"]  # fixtures

# -- who has been told how far --------------------------------------------------------------------------------------


def reader_in(store: Store, line: int = 0) -> NotificationCursor:
    with store.ledger(now=NOW, actor="scheduler") as ledger:
        notification_state.add_reader(ledger, "pager", "", line)
    return notification_state.read_cursors(store.read, "pager")[""]


def test_two_tellers_of_one_reader_tell_once(store: Store) -> None:
    reader = reader_in(store)
    begun = []
    for _ in range(2):
        with store.ledger(now=NOW, actor="scheduler") as ledger:
            begun.append(notification_state.claim_cursor(ledger, reader, until=NOW + timedelta(minutes=2)))
    assert begun == [True, False]
    claimed = notification_state.read_cursors(store.read, "pager")[""]
    assert not claimed.may_be_notified(NOW, urgent=True)
    assert claimed.may_be_notified(NOW + timedelta(minutes=2))  # its teller died: another's turn
    with store.ledger(now=NOW, actor="scheduler") as ledger:
        notification_state.mark_notified(ledger, reader, line=7, conditions={"clock"}, not_before=NOW + PAUSE)
        notification_state.mark_notified(
            ledger, reader, line=3, conditions=(), not_before=NOW
        )  # one that was overtaken
    after = notification_state.read_cursors(store.read, "pager")[""]
    assert after == NotificationCursor("pager", "", 7, frozenset({"clock"}), 0, NOW + PAUSE)
    assert not after.may_be_notified(NOW)
    assert after.may_be_notified(NOW, urgent=True)
    # Written under a clock that was far ahead, it keeps nobody from being told.
    assert replace(after, tries=1, not_before=NOW + LONGEST_PAUSE + PAUSE).may_be_notified(NOW)


def test_nothing_of_it_is_in_the_journal_or_moves_the_newest_time(store: Store) -> None:
    before = (store.read.head().n, store.read.newest_time())
    reader = reader_in(store)
    with store.ledger(now=NOW + timedelta(days=9), actor="scheduler") as ledger:
        notification_state.claim_cursor(ledger, reader, until=NOW)
    assert (store.read.head().n, store.read.newest_time()) == before


def test_each_thing_is_reported_once(tmp_path: Path, server: FlakyServer, store_url: str) -> None:
    place = Place(tmp_path, server, store_url=store_url)
    context = schedule(place.workspace, "later", days=1.5, approved=False)
    for _ in range(3):
        place.one_pass()
        place.no_pause()
    assert len(place.said) == 1
    assert "needs 1 more approval" in place.said[0]
    assert "later" not in place.requests[0].body.decode()
    body = json.loads(place.requests[0].body)
    assert body["type"] == "press_release.notice"
    assert set(body["data"]) == {"headline", "text", "html"}
    approving.approve(context, "later", "da")
    schedule_now(place.workspace, "names")
    for _ in range(3):
        place.one_pass()
        place.no_pause()
    assert len(place.said) == 2
    assert place.said[1].startswith("names is out, on time. newsroom: delivered")


def test_a_condition_is_reported_once_as_long_as_it_lasts(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule(place.workspace, "later", days=0.9)
    path = place.workspace.folder / "releases" / "later.md"
    was = path.read_bytes()
    counts = []
    for content in (was, was + b"more", was + b"more", was, was, was + b"more"):
        path.write_bytes(content)
        place.one_pass()
        place.no_pause()
        counts.append(len(place.said))
    assert counts == [0, 1, 1, 1, 1, 2]
    assert "was changed after it was scheduled" in place.said[0]
    assert "later" not in "".join(place.said)


def test_a_pause_is_kept_but_for_a_stop(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule_now(place.workspace, "first")
    place.one_pass()
    schedule_now(place.workspace, "second")
    place.one_pass()
    assert len(place.said) == 1
    with place.workspace.store.ledger(now=clock.utc_now(), actor="da") as ledger:
        commands.stop(ledger, by="da", why="zqwhy")
    place.one_pass()
    assert len(place.said) == 2
    assert place.said[1].startswith("da stopped publishing")
    assert "second is out" in place.said[1]
    assert "zqwhy" not in place.said[1]


def test_somebody_new_is_not_sent_the_whole_history(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule_now(place.workspace, "old-news")
    publish_due(place.workspace)
    begins = notification_state.first_line_for(place.workspace.store.read, clock.utc_now() + timedelta(hours=2))
    assert begins == place.workspace.store.read.head().n
    assert notification_state.first_line_for(place.workspace.store.read, clock.utc_now()) == 0


def test_a_failed_notice_is_sent_with_what_came_since(tmp_path: Path) -> None:
    with FlakyServer(answer(503), answer(204)) as server:
        place = Place(tmp_path, server)
        schedule_now(place.workspace, "first")
        place.one_pass()
        place.one_pass()
        assert len(place.said) == 1  # a pause follows what failed
        schedule_now(place.workspace, "second")
        place.no_pause()
        place.one_pass()
        assert "first is out" in place.said[1]
        assert "second is out" in place.said[1]
        assert "could not be notified" in place.log
        assert server.url not in place.log


def test_the_same_notice_again_has_the_same_key(tmp_path: Path) -> None:
    with FlakyServer(close_after_request, answer(204)) as server:
        place = Place(tmp_path, server)
        schedule_now(place.workspace, "first")
        place.one_pass()
        place.no_pause()
        place.one_pass()
        place.no_pause()
        place.one_pass()
        first, second = place.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_people_who_can_not_be_notified_cost_a_release_nothing(tmp_path: Path) -> None:
    with FlakyServer(hang_after_request) as server:
        place = Place(tmp_path, server, more="")
        schedule_now(place.workspace, "names")
        telling = Notifier()
        began = time.monotonic()
        outcome = publish_due(place.workspace)
        telling.after(place.workspace, outcome.seen)
        assert time.monotonic() - began < 5
        assert outcome.published == ("names",)
        until(lambda: place.requests, 10)
        telling.end(within=0.1)  # the process would end here; its threads are daemons
        # Another process leaves the claim alone while it may still be under way.
        requests = len(place.requests)
        place.one_pass()
        assert len(place.requests) == requests


def test_a_fault_in_telling_is_a_line_in_the_log(
    tmp_path: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, server)
    schedule_now(place.workspace, "names")

    def broken(*arguments: object) -> None:
        raise ValueError("zqsecret")

    monkeypatch.setattr("pressrelease.notifications.sending.unread_events", broken)
    place.one_pass()
    assert "ValueError" in place.log
    assert "zqsecret" not in place.log


def test_an_outlet_that_is_switched_off_tells_nobody(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    path = place.workspace.folder / "config.toml"
    path.write_text(path.read_text().replace('type = "webhook"\n', 'type = "webhook"\nenabled = false\n'))
    schedule_now(place.workspace, "names")
    place.one_pass()
    assert place.requests == []


def test_each_on_a_list_is_notified_separately(tmp_path: Path) -> None:
    with mail_server() as mail:
        workspace = office(
            tmp_path / "office",
            more=f'[outlets.staff]\ntype = "email"\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\n'
            'from = "press@example.org"\nrecipients = ["da@example.org", "deputy@example.org"]\n'
            '[defaults]\noutlets = ["newsroom"]\n[notify]\noutlets = ["staff"]\n',
        )
        schedule_now(workspace, "names")
        with notifier_for_pass(workspace) as telling:
            telling.after(workspace, publish_due(workspace).seen)
        assert sorted(letter.recipients for letter in mail.got) == [("da@example.org",), ("deputy@example.org",)]
        assert sorted(notification_state.read_cursors(workspace.store.read, "staff")) == [
            "da@example.org",
            "deputy@example.org",
        ]
        assert all(
            one.line and not one.tries
            for one in notification_state.read_cursors(workspace.store.read, "staff").values()
        )


def test_two_schedulers_at_once_tell_once(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule_now(place.workspace, "names")
    seen = publish_due(place.workspace).seen
    assert seen is not None
    reader = place.workspace.store
    with reader.ledger(now=clock.utc_now(), actor="nobody") as ledger:
        notification_state.add_reader(ledger, "pager", "", 0)
    start = threading.Barrier(4)

    def one() -> None:
        mine = Workspace(place.workspace.folder)
        start.wait()
        notify(mine, "pager", seen)
        mine.store.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(place.said) == 1


def test_run_reports_what_it_published(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    lift = clock.utc_now() + timedelta(seconds=6)
    write(place.workspace, "names", embargo=lift.replace(microsecond=0).isoformat().replace("+00:00", "Z"))
    context = ServiceContext(place.workspace, "jdoe")
    scheduling.schedule(context, scheduling.propose(context, "names"))
    approving.approve(context, "names", "da")
    daemon = Scheduler(Workspace(place.workspace.folder), lambda said: None)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        until(lambda: any("names is out" in said for said in place.said), 40)
    finally:
        daemon.end()
        thread.join(20)
    assert sum("names is out" in said for said in place.said) == 1


def until(true: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_a_long_silence_is_not_followed_by_its_whole_history(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule_now(place.workspace, "names")
    publish_due(place.workspace)
    with place.workspace.store.ledger(now=clock.utc_now(), actor="nobody") as ledger:
        notification_state.add_reader(ledger, "pager", "", 0)
    seen = take_snapshot(place.workspace.store, place.workspace.library, place.workspace.config)
    readers = notification_state.read_cursors(place.workspace.store.read, "pager").values()
    assert news_of(place.workspace, seen, readers, clock.utc_now()).events
    assert not news_of(place.workspace, seen, readers, clock.utc_now() + timedelta(days=8)).events


def test_the_policy_in_force_says_whether_an_approval_is_missing(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server, more="[policy]\napprovals = 2\n")
    assert place.workspace.config.policy == Policy(approvals=2)
    schedule(place.workspace, "later", days=2)
    place.one_pass()
    assert "needs 1 more approval " in place.said[0]
    assert datetime.now(UTC)  # the words name a time of ours


def remarks_on(workspace: Workspace) -> list[str]:
    found = examine(Workspace(workspace.folder), offline=True)
    return [f"{one.weight.value}: {one.message}" for one in found if one.check == "people"]


def test_doctor_names_who_is_not_notified(tmp_path: Path) -> None:
    with FlakyServer(answer(503)) as server:
        place = Place(tmp_path, server)
        assert remarks_on(place.workspace) == []
        schedule_now(place.workspace, "names")
        place.one_pass()
        place.no_pause()
        assert remarks_on(place.workspace) == ["warning: pager could not be notified"]
        with place.workspace.store.ledger(now=clock.utc_now(), actor="nobody") as ledger:
            notification_state.mark_notified(
                ledger, NotificationCursor("pager", ""), line=3, conditions=(), not_before=clock.utc_now()
            )
        assert remarks_on(place.workspace) == ["fine: pager has been notified up to line 3 of the journal"]
        path = place.workspace.folder / "config.toml"
        was = path.read_text()
        path.write_text(was.replace('type = "webhook"\n', 'type = "webhook"\nenabled = false\n'))
        assert remarks_on(place.workspace) == [
            "warning: [notify] names pager, which is switched off, so nobody is notified there"
        ]
        path.write_text(was.replace('outlets = ["newsroom"]', 'outlets = ["newsroom", "pager"]'))
        assert "its readers get notices meant for the office" in remarks_on(place.workspace)[0]


def test_a_lift_that_comes_is_announced_ahead(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule(place.workspace, "later", days=1.5)
    schedule(place.workspace, "soon-enough", days=0.8)
    seen = take_snapshot(place.workspace.store, place.workspace.library, place.workspace.config)
    now = clock.utc_now()
    assert news_of(place.workspace, seen, [], now).conditions == ()
    (notice,) = news_of(place.workspace, seen, [], now + timedelta(hours=13)).conditions
    assert (notice.about, "later" in notice.words) == (Topic.SOON, False)
    (other,) = news_of(place.workspace, seen, [], now + timedelta(hours=0.8 * 24 - 0.1)).conditions[:1]
    assert (other.about, other.key == notice.key) == (Topic.SOON, False)


def test_a_doubt_by_mail_is_not_reported_twice(tmp_path: Path) -> None:
    with mail_server() as mail:
        mail.dropped.add("da@example.org")
        workspace = office(
            tmp_path / "office",
            more=f'[outlets.staff]\ntype = "email"\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\n'
            'from = "press@example.org"\nrecipients = ["da@example.org"]\n'
            '[defaults]\noutlets = ["newsroom"]\n[notify]\noutlets = ["staff"]\n',
        )
        schedule_now(workspace, "names")
        with notifier_for_pass(workspace) as telling:
            telling.after(workspace, publish_due(workspace).seen)
        (reader,) = notification_state.read_cursors(workspace.store.read, "staff").values()
        assert (reader.tries, reader.line) == (0, workspace.store.read.head().n)


def test_a_closed_outlet_is_asked_nothing(tmp_path: Path) -> None:
    with FlakyServer(answer(401), answer(204)) as server:
        place = Place(tmp_path, server)
        schedule_now(place.workspace, "names")
        with place.workspace.store.ledger(now=clock.utc_now(), actor="scheduler") as ledger:
            close_outlet(ledger, "pager", 1, reason="it says no", fingerprint=place.workspace.fingerprint("pager"))
        seen = take_snapshot(place.workspace.store, place.workspace.library, place.workspace.config)
        notify(place.workspace, "pager", seen)
        assert place.requests == []
        with place.workspace.store.ledger(now=clock.utc_now(), actor="da") as ledger:
            open_outlet_again(ledger, "pager", why="mended")
        notify(place.workspace, "pager", seen)
        notify(place.workspace, "pager", seen)
        assert len(place.requests) == 1  # 401: that is tried again in an hour
        (reader,) = notification_state.read_cursors(place.workspace.store.read, "pager").values()
        assert reader.not_before - clock.utc_now() > timedelta(minutes=55)


def test_run_leaves_the_moments_before_a_lift_to_the_senders(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule_now(place.workspace, "names")
    seen = publish_due(place.workspace).seen
    assert seen is not None
    near = seen._replace(next_wake=seen.at + timedelta(seconds=2))
    telling = Notifier(staying=True)
    telling.after(place.workspace, seen)
    telling.after(place.workspace, near)
    telling.end()
    assert len(place.said) == 1
    schedule_now(place.workspace, "others")
    publish_due(place.workspace)
    place.no_pause()
    telling = Notifier(staying=True)
    telling._looked = clock.pause_clock()
    telling.after(place.workspace, near)
    telling.end()
    assert len(place.said) == 1
    telling._looked = float("-inf")
    telling.after(place.workspace, near)
    telling.end()
    assert len(place.said) == 2


def test_what_lasts_is_not_reported_again_with_what_is_new(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    schedule(place.workspace, "later", days=0.9)
    (place.workspace.folder / "releases" / "later.md").write_text("changed")
    place.one_pass()
    place.no_pause()
    schedule_now(place.workspace, "names")
    place.one_pass()
    assert ["was changed" in said for said in place.said] == [True, False]
    assert "names is out" in place.said[1]


def test_a_message_has_its_own_limit_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pressrelease.notifications.sending.SEND_WITHIN", timedelta(seconds=0.5))
    with FlakyServer(hang_after_request) as server:
        place = Place(tmp_path, server)
        schedule_now(place.workspace, "names")
        began = time.monotonic()
        place.one_pass()
        assert time.monotonic() - began < 8
        (reader,) = notification_state.read_cursors(place.workspace.store.read, "pager").values()
        assert reader.tries == 1


def test_the_office_is_notified_of_a_list_that_gets_nothing_with_the_reason_on_the_screen(
    tmp_path: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mail server that refuses connections looked like nothing at all for a day."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        media = (
            f'[outlets.media]\ntype = "email"\nhost = "127.0.0.1"\nport = {taken.getsockname()[1]}\n'
            'security = "none"\nfrom = "press@example.org"\nrecipients = ["a@x.example", "b@x.example"]\n'
        )
        place = Place(tmp_path, server, more=media)
        path = place.workspace.folder / "config.toml"
        path.write_text(path.read_text().replace('outlets = ["newsroom"]', 'outlets = ["newsroom", "media"]'))
        schedule_now(place.workspace, "names")
        monkeypatch.chdir(place.workspace.folder)
        assert main(["publish-due"]) == 75
        said = capsys.readouterr().err
        assert re.search(r"names: media: 0 of 2 sent; .*refused the connection; next try \d+:\d\d", said)
        assert not [words for words in place.said if "media" in words], "one failure is no news yet"
        with monkeypatch.context() as later:
            later.setattr("pressrelease.status.evaluation.OVERDUE", timedelta(0))
            for _ in range(2):
                place.no_pause()
                place.one_pass()
            main([])
            screen = capsys.readouterr().out
    notice_words = [words for words in place.said if "media" in words]
    assert len(notice_words) == 1
    assert "names has not gone out" in notice_words[0]
    assert "media: 0 of 2 sent (next try" in notice_words[0]
    assert "refused" not in notice_words[0], "no answer of a server is in a notice"
    assert re.search(r"media: 0 of 2 sent; .*refused the connection; next try", " ".join(screen.split()))
    assert "pressrelease outlets --test media" in screen


def test_who_published_early_is_notified_and_recorded(
    tmp_path: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, server)
    schedule(place.workspace, "names", days=7)
    monkeypatch.chdir(place.workspace.folder)
    assert main(["publish", "names", "--early", "--why", "a leak", "--confirm", "names"]) == 0
    place.one_pass()
    assert any("names was published EARLY by" in words and "7 days before its embargo" in words for words in place.said)
    assert not any("on time" in words for words in place.said)
    (line,) = [line for line in place.workspace.store.read.journal() if line.event == "release.early"]
    assert {"why", "embargo"} <= set(json.loads(line.detail))


def test_a_stop_and_its_end_are_reported_in_their_order(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    context = schedule(place.workspace, "names", days=30)
    stopping.stop(context, "")
    stopping.resume_all(context, let_go=False)
    place.one_pass()
    (words,) = place.said
    assert words.index("stopped publishing") < words.index("resumed publishing")
    assert "Nothing goes out until" not in words
    assert json.loads(place.requests[0].body)["data"]["headline"].endswith("goes on")
