"""The newsroom: what is public, and when; the same again; many at once."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from newsrooms import EARLIER, LIFT, URL, at_once, in_memory, message_of, open_newsroom_in, send, tree

from pressrelease.outlets.newsroom import folder as folder_module
from pressrelease.outlets.newsroom.coalesce import Coalescer
from pressrelease.outlets.newsroom.record import record_in
from pressrelease.release import Attachment
from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.system.lock import FileLock


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one."""
    with in_memory(tmp_path) as folder:
        yield folder


# -- what is public, and when -----------------------------------------------------------------------------


def test_nothing_is_there_before_it_is_sent(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    outlet.prepare(message_of(), key="k", recipient="")
    outlet.warm()
    assert "will be made" in outlet.probe()
    assert list(tmp_path.iterdir()) == []


def test_a_release_is_a_page_a_line_in_the_list_and_an_entry_in_the_feed(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    receipt = send(outlet, message_of(attachments=(Attachment("photo.jpg"), Attachment("sheet.pdf", "Fact sheet"))))
    assert receipt.url == f"{URL}/a-slug/"
    assert receipt.remote_id is not None
    assert re.fullmatch("[0-9a-f]{64}", receipt.remote_id)
    files = tree(tmp_path)
    assert sorted(files) == ["a-slug/index.html", "a-slug/photo.jpg", "a-slug/sheet.pdf", "feed.atom", "index.html"]
    assert files["a-slug/photo.jpg"] == b"bytes of photo.jpg"
    for name in ("a-slug/index.html", "index.html", "feed.atom"):
        assert b"Headline of a-slug" in files[name]
    assert "1 release is public" in outlet.probe()
    assert outlet.recipients() == ("",)


def test_without_an_address_links_are_relative_and_the_receipt_names_the_file(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path, url="")
    receipt = send(outlet, message_of())
    assert receipt.url == str(tmp_path / "newsroom" / "a-slug" / "index.html")
    assert 'href="a-slug/index.html"' in (tmp_path / "newsroom" / "index.html").read_text()


def test_files_can_be_read_by_all_and_written_by_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    real = os.replace

    def replace(source: str, target: str, **folders: int) -> None:
        mode = os.stat(source, dir_fd=folders.get("src_dir_fd")).st_mode
        above = os.fstat(folders["src_dir_fd"]).st_mode
        seen.append((target, stat.S_IMODE(above)))
        assert stat.S_IMODE(mode) == 0o644
        assert re.fullmatch(r"\.[0-9a-f]{32}\.aside", source)
        real(source, target, **folders)

    earlier = os.umask(0o077)
    try:
        monkeypatch.setattr(folder_module.os, "replace", replace)
        send(open_newsroom_in(tmp_path), message_of(attachments=(Attachment("photo.jpg"),)))
    finally:
        os.umask(earlier)
    # Nobody can look into a release's folder before all of it is there.
    assert [(name, mode) for name, mode in seen[:2]] == [("photo.jpg", 0o700), ("index.html", 0o700)]
    for path in (tmp_path / "newsroom", *(tmp_path / "newsroom").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)
    assert stat.S_IMODE((tmp_path / ".pressrelease").stat().st_mode) == 0o700


def test_a_page_is_dated_by_its_lift(tmp_path: Path) -> None:
    send(open_newsroom_in(tmp_path), message_of(attachments=(Attachment("photo.jpg"),)))
    for name in ("index.html", "photo.jpg"):
        assert (tmp_path / "newsroom" / "a-slug" / name).stat().st_mtime == LIFT.timestamp()


def test_the_page_comes_first_and_the_feed_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = os.replace

    def replace(source: str, target: str, **folders: int) -> None:
        order.append(target)
        real(source, target, **folders)

    monkeypatch.setattr(folder_module.os, "replace", replace)
    send(open_newsroom_in(tmp_path), message_of(attachments=(Attachment("photo.jpg"),)))
    assert order == ["photo.jpg", "index.html", "index.html", "feed.atom"]


# -- the same again ---------------------------------------------------------------------------------------


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    first = send(outlet, message_of("first", lift=EARLIER))
    message = message_of(follows="first", attachments=(Attachment("photo.jpg"),))
    send(outlet, message)
    before = tree(tmp_path)
    seen = {path: path.stat().st_ino for path in (tmp_path / "newsroom").rglob("*")}
    for again in (outlet, open_newsroom_in(tmp_path)):
        assert send(again, message) == send(again, message)
        assert send(again, message_of("first", lift=EARLIER)) == first
    assert tree(tmp_path) == before
    assert {path: path.stat().st_ino for path in (tmp_path / "newsroom").rglob("*")} == seen


@given(order=st.permutations(range(5)), shared=st.booleans())
@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_sending_leaves_no_trace(memory: Path, order: list[int], shared: bool) -> None:
    messages = [
        message_of("a", lift=EARLIER),
        message_of("b", follows="a"),
        message_of("c", follows="a", lift=LIFT + timedelta(days=1)),
        message_of("d", follows="b", lift=LIFT + timedelta(days=2)),
        message_of("e", follows="e", lift=EARLIER),
    ]
    trees = []
    for sequence in (range(5), order):
        folder = Path(tempfile.mkdtemp(dir=memory))
        outlet = open_newsroom_in(folder)
        for number in sequence:
            send(outlet if shared else open_newsroom_in(folder), messages[number])
        trees.append(tree(folder))
    assert trees[0] == trees[1]


def test_a_follow_up_and_its_first_link_to_each_other_once_both_are_public(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    page = tmp_path / "newsroom" / "first" / "index.html"
    send(outlet, message_of("first", lift=EARLIER))
    assert "names" not in page.read_text()
    send(outlet, message_of("names", follows="first"))
    assert '<a href="../names/">Headline of names</a>' in page.read_text()
    assert '<a href="../first/">Headline of first</a>' in (page.parents[1] / "names" / "index.html").read_text()
    # A cache that asks whether it changed must hear yes.
    assert page.stat().st_mtime == LIFT.timestamp()


def test_a_follow_up_of_what_is_not_public_names_nothing(tmp_path: Path) -> None:
    send(open_newsroom_in(tmp_path), message_of("names", follows="still-secret"))
    for name, content in tree(tmp_path).items():
        assert b"still-secret" not in content, name


def test_a_correction_takes_the_page_over_and_an_old_repeat_does_not(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    first = message_of(body="Wrong.", attachments=(Attachment("wrong.jpg"), Attachment("kept.pdf")))
    mended = message_of(
        body="Right.", version="v2", lift=LIFT + timedelta(hours=3), attachments=(Attachment("kept.pdf"),)
    )
    send(outlet, first)
    send(outlet, mended)
    after = tree(tmp_path)
    page = after["a-slug/index.html"].decode()
    assert "Right." in page
    assert "Wrong." not in page
    assert "a-slug/wrong.jpg" not in after
    assert "a-slug/kept.pdf" in after
    record = record_in(page)
    assert record is not None
    assert (record.published, record.updated, record.id) == (
        LIFT,
        LIFT + timedelta(hours=3),
        "tag:news.example.org,2018-09-24:a-slug",
    )
    assert "Updated" in page
    for message in (first, mended, first):
        send(open_newsroom_in(tmp_path), message)
    assert tree(tmp_path) == after


# -- many at once -----------------------------------------------------------------------------------------


def test_sixty_at_once_from_two_programs(memory: Path) -> None:
    outlets = [open_newsroom_in(memory), open_newsroom_in(memory)]
    messages = [message_of(f"r{number:02}", follows=f"r{number - 1:02}" if number % 2 else "") for number in range(60)]
    work = [
        lambda message=message, outlet=outlet: send(outlet, message)  # type: ignore[misc]
        for message in messages
        for outlet in outlets
    ]
    begun = time.monotonic()
    assert at_once(work, 16) == []
    assert time.monotonic() - begun < 15
    index, feed = (memory / "newsroom" / name for name in ("index.html", "feed.atom"))
    assert all(f'href="r{number:02}/"' in index.read_text() for number in range(60))
    assert len(ElementTree.fromstring(feed.read_bytes()).findall("{*}entry")) == 30
    alone = memory / "alone"
    alone.mkdir()
    for message in messages:
        send(open_newsroom_in(alone), message)
    assert tree(memory) == tree(alone)


def test_work_done_together_serves_all_who_waited() -> None:
    runs: list[int] = []
    asked, covered = [0], [0]

    def work() -> None:
        runs.append(asked[0])
        time.sleep(0.02)
        covered[0] = runs[-1]

    together = Coalescer(work)
    lock = threading.Lock()

    def ask() -> None:
        with lock:
            asked[0] += 1
            mine = asked[0]
        together.run()
        assert covered[0] >= mine

    assert at_once([ask] * 40, 20) == []
    assert len(runs) < 20


def test_work_that_fails_fails_for_who_ran_it_and_is_tried_by_the_others() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        time.sleep(0.02)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, "full")

    failures = at_once([Coalescer(work).run] * 1, 1)
    assert len(failures) == 1
    calls.clear()
    assert len(at_once([Coalescer(work).run] * 8, 8)) == 1


def test_a_lock_that_another_keeps_is_waited_for_no_longer_than_the_timeout(tmp_path: Path) -> None:
    (tmp_path / ".pressrelease").mkdir(mode=0o700)
    outlet = open_newsroom_in(tmp_path, timeout=1)
    with FileLock(tmp_path / ".pressrelease" / "newsroom-newsroom.lock"), pytest.raises(DeliveryFailed) as caught:
        send(outlet, message_of())
    # The page is public by then: that nothing arrived would not be true.
    assert caught.value.certainty is Certainty.UNSURE
    send(outlet, message_of())
    assert sorted(tree(tmp_path)) == ["a-slug/index.html", "feed.atom", "index.html"]


def test_a_page_is_only_replaced_by_the_holder_of_the_lock(tmp_path: Path) -> None:
    send(open_newsroom_in(tmp_path), message_of())
    before = tree(tmp_path)
    correction = message_of(version="v2", lift=LIFT + timedelta(hours=1), body="Right.")
    with FileLock(tmp_path / ".pressrelease" / "newsroom-newsroom.lock"), pytest.raises(DeliveryFailed) as caught:
        send(open_newsroom_in(tmp_path, timeout=0.3), correction)
    assert caught.value.certainty is Certainty.NOT_SENT
    assert tree(tmp_path) == before
