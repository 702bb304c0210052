"""One table says what follows from each cause; nothing decides by the words of a sentence."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from pressrelease.cli import watching
from pressrelease.cli.app import COMMANDS
from pressrelease.status import views
from pressrelease.status.causes import ADVICE, Cause, Topic, command_for, say
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus
from pressrelease.status.views import Row, SchedulerSign, next_command, release_json, status_json

#: Cause → next command, the same once something of it was claimed, exit code, what a notification is filed under.
TABLE: dict[str, tuple[str, str, int, Topic | None]] = {
    "file_unreadable": ("check names", "check names", 65, None),
    "embargo_refused": ("check names", "check names", 65, None),
    "check_refused": ("edit names", "edit names", 65, None),
    "record_disagrees": ("journal --verify", "journal --verify", 10, Topic.NEEDS_YOU),
    "held": ("", "", 10, Topic.NEEDS_YOU),
    "approval_missing": ("approve names", "approve names", 10, Topic.NEEDS_YOU),
    "clearance_missing": ("clear --all names", "clear --all names", 10, Topic.NEEDS_YOU),
    "clearance_expired": ("clear --all names", "clear --all names", 10, Topic.NEEDS_YOU),
    "clearance_refused": ("clear --all names", "clear --all names", 10, Topic.NEEDS_YOU),
    "waits_for_event": ("", "", 0, None),
    "event_overdue": ("schedule names", "schedule names", 10, Topic.NEEDS_YOU),
    "dismissed": ("", "", 0, None),
    "file_changed": ("schedule names", "hold names", 10, Topic.NEEDS_YOU),
    "file_missing": ("unschedule names", "hold names", 10, Topic.NEEDS_YOU),
    "config_changed": ("schedule names", "hold names", 10, Topic.NEEDS_YOU),
    "clock_in_doubt": ("doctor", "doctor", 10, Topic.CLOCK),
    "zone_rules_ask": ("schedule names", "resume names", 10, Topic.NEEDS_YOU),
    "missed": ("resume names", "resume names", 10, Topic.NEEDS_YOU),
    "outlet_unknown": ("outlets", "outlets", 10, Topic.NEEDS_YOU),
    "outlet_closed": ("outlets --test bsky media", "outlets --test bsky media", 10, Topic.CLOSED),
    "in_doubt": ("settle names --outlet bsky", "settle names --outlet bsky", 10, Topic.IN_DOUBT),
    "failed": ("retry names", "retry names", 10, Topic.FAILED),
    "retrying": ("", "", 75, None),
    "delayed": ("outlets --test bsky media", "outlets --test bsky media", 75, Topic.DELAYED),
    "no_scheduler": ("run", "run", 10, None),
    "withdrawing": ("", "", 75, None),
    "withdrawal_in_doubt": ("settle names --outlet bsky", "settle names --outlet bsky", 10, Topic.NOT_WITHDRAWN),
    "withdrawal_failed": ("retry names", "retry names", 10, Topic.NOT_WITHDRAWN),
    "withdrawal_outlet_closed": (
        "outlets --test bsky media",
        "outlets --test bsky media",
        10,
        Topic.NOT_WITHDRAWN,
    ),
    "withdrawal_outlet_unknown": ("outlets", "outlets", 10, Topic.NOT_WITHDRAWN),
    "zone_rules_changed": ("", "", 0, Topic.MOVED),
    "killed": ("", "", 0, None),
    "canceled": ("", "", 0, None),
    "partly_canceled": ("", "", 0, None),
}


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_what_follows_from_a_cause(cause: Cause) -> None:
    command, once_begun, exit_code, topic = TABLE[cause.value]
    said = [command_for(cause, "names", outlets=("bsky", "media"), begun=begun) for begun in (False, True)]
    assert said == [f"pressrelease {words}" if words else "" for words in (command, once_begun)]
    assert (ADVICE[cause].exit_code, ADVICE[cause].topic) == (exit_code, topic)
    for words in (command, once_begun):
        assert not words or words.split()[0] in COMMANDS, "a command is proposed that there is not"
    assert re.fullmatch(r"[a-z][a-z_]*[a-z]", cause.value)


def test_the_next_command_and_json_follow_the_cause_whatever_the_words() -> None:
    now = datetime(2018, 9, 24, 16, tzinfo=UTC)
    for cause in Cause:
        for reason in ("it was changed, is gone, was missed, the clock", ""):
            status = ReleaseStatus(ReleaseState.NEEDS_YOU, reason, cause=cause, outlets=("bsky", "media"))
            row = Row("names", "Names released", status, None)
            assert next_command(row) == command_for(cause, "names", outlets=("bsky", "media"))
            assert release_json(row, now=now)["cause"] == cause.value
    draft = Row("names", "", ReleaseStatus(ReleaseState.DRAFT), None)
    assert next_command(draft) == "pressrelease schedule names"
    told = status_json([draft], now=now, stopped=False, scheduler=SchedulerSign(alive=False))
    assert told["releases"][0]["cause"] is None


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_the_table_has_the_text_of_each_cause(cause: Cause) -> None:
    facts = [name for _, name, _, _ in Formatter().parse(ADVICE[cause].text) if name]
    assert ADVICE[cause].text
    assert not {"slug", "file", "headline"} & set(facts), "cron's mail shows it before the lift"
    status = ReleaseStatus.because(ReleaseState.NEEDS_YOU, cause, **dict.fromkeys(facts, "{it}"))
    assert status.cause is cause
    assert status.reason == say(cause, **dict.fromkeys(facts, "{it}"))
    assert status.reason.count("{it}") == len(facts)


def test_no_cause_is_given_with_a_text_of_its_own() -> None:
    for path in Path(inspect.getfile(views)).parents[1].rglob("*.py"):
        assert not re.search(r"ReleaseStatus\([^)]*cause=", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("module", [views, watching])
def test_no_sentence_is_read_again(module: object) -> None:
    source = inspect.getsource(module)  # type: ignore[arg-type]
    assert not re.search(r"in [a-z_.]*\.reason\b|\bline\[:|\.startswith\(", source)
