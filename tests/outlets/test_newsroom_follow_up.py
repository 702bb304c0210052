"""The newsroom after a release is out: a corrected page says what was wrong, a withdrawn one leaves only a notice."""

from __future__ import annotations

import dataclasses
import json
import re
import stat
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from follow_ups import NOTE, corrected, withdrawn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from newsrooms import EARLIER, LIFT, URL, in_memory, message_of, open_newsroom_in, send, tree

from pressrelease.message import Message
from pressrelease.outlets import Outlet
from pressrelease.outlets.newsroom import outlet as outlet_module
from pressrelease.outlets.newsroom.frame import MAP_HEAD
from pressrelease.outlets.newsroom.record import record_in
from pressrelease.release import Attachment
from pressrelease.release.delivery import Action, Certainty, DeliveryFailed, Receipt

PHOTO, SHEET = Attachment("roe.jpg", alt="John Roe"), Attachment("sheet.pdf")
FIRST = message_of(
    "names", headline="John Roe arrested", body="John Roe, 41, did it.", subhead="Roe", attachments=(PHOTO, SHEET)
)
SECOND = corrected(FIRST, message_of("names", headline="A man arrested", body="A man.", attachments=(SHEET,)))
THIRD = corrected(
    FIRST,
    message_of("names", headline="A man held", body="Held."),
    n=3,
    note="He is held.",
    at=LIFT + timedelta(days=2),
)
GONE = withdrawn(SECOND, note="It was wrong.")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one."""
    with in_memory(tmp_path) as folder:
        yield folder


def follow(outlet: Outlet, message: Message) -> Receipt:
    """Prepare and send, as the cycle does by the message's action."""
    if message.action not in {Action.CORRECT, Action.WITHDRAW}:
        return send(outlet, message)
    rendered = outlet.prepare_follow_up(message, key="k", recipient="", earlier=())
    act = outlet.replace if message.action is Action.CORRECT else outlet.withdraw
    return act(rendered, key="k", recipient="", earlier=())


def page(folder: Path, slug: str = "names") -> str:
    return (folder / "newsroom" / slug / "index.html").read_text()


def entries(folder: Path) -> dict[str, ElementTree.Element]:
    feed = ElementTree.fromstring((folder / "newsroom" / "feed.atom").read_bytes())
    return {str(entry.findtext("{*}id")): entry for entry in feed.findall("{*}entry")}


# -- corrections ------------------------------------------------------------------------------------------


def test_a_corrected_page_has_the_note_with_its_day_everywhere(memory: Path) -> None:
    outlet = open_newsroom_in(memory)
    follow(outlet, FIRST)
    [name] = entries(memory)
    assert follow(outlet, SECOND).url == f"{URL}/names/"
    html = page(memory)
    assert f"<p><strong>Correction, Tuesday, Sept. 25, 2018: {NOTE}</strong></p>" in html
    assert "Roe" not in html
    assert sorted(tree(memory)) == ["feed.atom", "index.html", "names/index.html", "names/sheet.pdf"]
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert found
    article = json.loads(found[1])
    assert article["correction"] == [
        {"@type": "CorrectionComment", "text": NOTE, "datePublished": "2018-09-25T11:00:00-07:00"}
    ]
    assert article["dateModified"] == "2018-09-25T11:00:00-07:00"
    entry = entries(memory)[name]
    assert entry.findtext("{*}updated") == "2018-09-25T18:00:00Z"
    assert entry.findtext("{*}published") == "2018-09-24T16:00:00Z"
    assert NOTE in str(entry.findtext("{*}content"))


def test_a_second_correction_keeps_the_first_note(memory: Path) -> None:
    outlet = open_newsroom_in(memory)
    for message in (FIRST, SECOND, THIRD, THIRD):
        follow(outlet, message)
    notes = re.findall(r"<strong>(Correction.*?)</strong>", page(memory))
    expected = [f"Correction, Tuesday, Sept. 25, 2018: {NOTE}", "Correction, Wednesday, Sept. 26, 2018: He is held."]
    assert notes == expected


def test_a_corrected_version_that_is_the_first_here_has_the_note_and_the_first_date(memory: Path) -> None:
    follow(open_newsroom_in(memory), dataclasses.replace(SECOND, action=Action.PUBLISH))
    assert NOTE in page(memory)
    record = record_in(page(memory))
    assert record is not None
    assert (record.n, record.published, record.id) == (2, LIFT, "tag:news.example.org,2018-09-24:names")


# -- withdrawals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [FIRST, SECOND], ids=["the first", "a corrected one"])
def test_of_a_withdrawn_release_a_notice_is_left_and_nothing_of_its_text(memory: Path, last: Message) -> None:
    outlet = open_newsroom_in(memory)
    follow(outlet, FIRST)
    follow(outlet, message_of("other", follows="names", lift=LIFT + timedelta(hours=1)))
    follow(outlet, message_of("before", lift=EARLIER))
    [name] = (one for one in entries(memory) if "names" in one)
    follow(outlet, last)
    receipt = follow(outlet, withdrawn(last, note="It was wrong."))
    assert receipt.url == f"{URL}/names/"
    files = tree(memory)
    assert [path for path in files if path.startswith("names/")] == ["names/index.html"]
    for path, content in files.items():
        for words in (b"Roe", b"arrested", b"A man", b"roe.jpg", b"Correction"):
            assert words not in content, (path, words)
    html = page(memory)
    assert '<meta name="robots" content="noindex">' in html
    for left_out in ("og:", "ld+json", 'name="description"', "canonical"):
        assert left_out not in html
    assert "<h1>Press release withdrawn</h1>" in html
    assert "<p>Press release of Monday, Sept. 24, 2018, 9 a.m. PDT</p>\n<p>Withdrawn " in html
    assert "<p>It was wrong.</p>" in html
    # A reader's program replaces an entry that has the same id; one that is missing from the feed it keeps.
    entry = entries(memory)[name]
    assert entry.findtext("{*}title") == "Press release withdrawn"
    assert "It was wrong." in str(entry.findtext("{*}content"))
    assert entry.find("{*}summary") is None
    assert str(entry.findtext("{*}updated")) > "2018-09-26"
    assert "Press release withdrawn" in files["index.html"].decode()
    assert b"withdrawn" not in files["other/index.html"], "no page leads to a withdrawn one"
    assert files["withdrawn.map"].decode() == f"{MAP_HEAD}/names/ 1;\n/names/index.html 1;\n"
    assert "2 releases are public" in outlet.probe()


def test_the_map_has_the_path_that_the_web_server_sees(memory: Path) -> None:
    outlet = open_newsroom_in(memory, url="https://www.example.org/press/news")
    for message in (FIRST, GONE):
        follow(outlet, message)
    assert "/press/news/names/ 1;\n" in tree(memory)["withdrawn.map"].decode()


def test_a_map_of_somebody_else_s_is_not_written_over(memory: Path) -> None:
    outlet = open_newsroom_in(memory)
    follow(outlet, FIRST)
    (memory / "newsroom" / "withdrawn.map").write_text("their own")
    with pytest.raises(DeliveryFailed, match=r"withdrawn\.map"):
        follow(open_newsroom_in(memory), GONE)
    assert (memory / "newsroom" / "withdrawn.map").read_text() == "their own"


def test_what_has_left_the_feed_gets_a_tombstone_there(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet_module, "FEED_LENGTH", 1)
    outlet = open_newsroom_in(memory)
    for message in (FIRST, GONE, message_of("newer", lift=LIFT + timedelta(days=9))):
        follow(outlet, message)
    feed = ElementTree.fromstring(tree(memory)["feed.atom"])
    [tombstone] = feed.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert tombstone.attrib == {"ref": "tag:news.example.org,2018-09-24:names", "when": "2018-09-27T20:00:00Z"}
    assert list(tombstone) == []


def test_the_withdrawal_of_what_never_came_is_shown_to_nobody_and_keeps_it_out(memory: Path) -> None:
    outlet = open_newsroom_in(memory)
    follow(outlet, message_of("other"))
    before = tree(memory)
    # What a first try left that died before its page was there.
    (memory / "newsroom" / "names").mkdir(mode=0o700)
    (memory / "newsroom" / "names" / "roe.jpg").write_bytes(b"bytes of roe.jpg")
    follow(outlet, GONE)
    after = tree(memory)
    assert {path: content for path, content in after.items() if not path.startswith("names/")} == before
    assert [path for path in after if path.startswith("names/")] == ["names/index.html"]
    assert stat.S_IMODE((memory / "newsroom" / "names").stat().st_mode) & 0o055 == 0
    for late in (FIRST, SECOND):
        with pytest.raises(DeliveryFailed, match="withdrawn"):
            follow(open_newsroom_in(memory), late)
    assert tree(memory) == after


# -- what comes late, and again ---------------------------------------------------------------------------


@pytest.mark.parametrize("standing", [(FIRST, withdrawn(FIRST)), (FIRST, GONE), (FIRST, SECOND), (SECOND,)], ids=len)
def test_a_late_version_is_kept_out_with_its_files(memory: Path, standing: tuple[Message, ...]) -> None:
    for message in standing:
        follow(open_newsroom_in(memory), message)
    before = tree(memory)
    with pytest.raises(DeliveryFailed) as caught:
        follow(open_newsroom_in(memory), FIRST)
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert tree(memory) == before
    assert (memory / "newsroom" / "names" / "roe.jpg").exists() is False


@given(st.lists(st.sampled_from([FIRST, SECOND, THIRD, GONE]), min_size=1, max_size=7))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_and_however_often_the_last_word_stays(memory: Path, order: list[Message]) -> None:
    folder = Path(tempfile.mkdtemp(dir=memory))
    outlet = open_newsroom_in(folder)
    highest = 0.0
    for message in order:
        rank = 9.0 if message.action is Action.WITHDRAW else float(message.n)
        before = tree(folder) if highest else {}
        if rank < highest:
            with pytest.raises(DeliveryFailed):
                follow(outlet, message)
            assert tree(folder) == before
            continue
        follow(outlet, message)
        if rank == highest:
            assert tree(folder) == before, "a repeat changes nothing"
        highest = rank
        record = record_in(page(folder))
        assert record is not None
        assert (record.canceled, record.n if rank < 9 else 9) == (rank == 9, rank)
        if rank > 1:
            assert not [path for path, content in tree(folder).items() if b"Roe" in content]


def test_a_first_version_under_way_is_not_overtaken_by_its_withdrawal(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspended just before its first byte, it has found the place empty: the withdrawal waits for it to end."""
    paused, resumed = threading.Event(), threading.Event()
    real = outlet_module.write_first

    def write_first(*given: object) -> None:
        if not paused.is_set():
            paused.set()
            assert resumed.wait(20)
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(outlet_module, "write_first", write_first)
    first = threading.Thread(target=lambda: follow(open_newsroom_in(memory), FIRST))
    first.start()
    assert paused.wait(20)
    withdrawal = threading.Thread(target=lambda: follow(open_newsroom_in(memory), GONE))
    withdrawal.start()
    withdrawal.join(0.1)
    assert withdrawal.is_alive()
    resumed.set()
    first.join()
    withdrawal.join()
    record = record_in(page(memory))
    assert record is not None
    assert record.canceled
    assert not (memory / "newsroom" / "names" / "roe.jpg").exists()
