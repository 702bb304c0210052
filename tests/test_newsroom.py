"""The newsroom: what is public, when, and that it holds together whatever happens on the way."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pressrelease.config import Office, OutletConfig
from pressrelease.delivery import Certainty, DeliveryFailed, Receipt
from pressrelease.lock import FileLock
from pressrelease.message import Message, compose
from pressrelease.outlets import Outlet, open_outlet
from pressrelease.outlets.newsroom import folder as folder_module
from pressrelease.outlets.newsroom.pages import Site, list_pages, record_of, release_page
from pressrelease.outlets.newsroom.record import Record, record_in, record_tag
from pressrelease.outlets.newsroom.style import STYLE
from pressrelease.outlets.newsroom.together import Together
from pressrelease.release import Attachment, Contact, Release, ReleaseKind
from pressrelease.release.text import forbidden_in

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
EARLIER = datetime(2018, 9, 19, 17, 30, tzinfo=UTC)
OFFICE = Office(
    "Placer County District Attorney",
    "America/Los_Angeles",
    url="https://www.example.org",
    contact=Contact("Press Office", "530-555-0100", "press@example.org"),
)
URL = "https://news.example.org"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is tried at every step need not wait for a real disk each time."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def _newsroom(folder: Path, *, url: str = URL, timeout: float = 20, name: str = "newsroom") -> Outlet:
    config = OutletConfig(
        name, "newsroom", timeout=timedelta(seconds=timeout), settings={"path": "newsroom", "url": url}
    )
    return open_outlet(config, OFFICE, folder, lambda _: "")


def _message(
    slug: str = "a-slug", *, lift: datetime = LIFT, version: str = "v1", body: str = "Lead.", **more: object
) -> Message:
    release = Release(slug, str(more.pop("headline", f"Headline of {slug}")), "immediate", body, **more)  # type: ignore[arg-type]
    contents = {attachment.path: b"bytes of " + attachment.path.encode() for attachment in release.attachments}
    return compose(release, version=version, office=OFFICE, lift=lift, url=f"{URL}/{slug}/", attachments=contents)


def _send(outlet: Outlet, message: Message) -> Receipt:
    return outlet.send(outlet.prepare(message, key="k", recipient=""), key="k", recipient="")


def _tree(folder: Path) -> dict[str, bytes]:
    root = folder / "newsroom"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


# -- what is public, and when -----------------------------------------------------------------------------


def test_nothing_is_there_before_it_is_sent(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    outlet.prepare(_message(), key="k", recipient="")
    outlet.warm()
    assert "will be made" in outlet.probe()
    assert list(tmp_path.iterdir()) == []


def test_a_release_is_a_page_a_line_in_the_list_and_an_entry_in_the_feed(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    receipt = _send(outlet, _message(attachments=(Attachment("photo.jpg"), Attachment("sheet.pdf", "Fact sheet"))))
    assert receipt.url == f"{URL}/a-slug/"
    assert receipt.remote_id is not None
    assert re.fullmatch("[0-9a-f]{64}", receipt.remote_id)
    tree = _tree(tmp_path)
    assert sorted(tree) == ["a-slug/index.html", "a-slug/photo.jpg", "a-slug/sheet.pdf", "feed.atom", "index.html"]
    assert tree["a-slug/photo.jpg"] == b"bytes of photo.jpg"
    for name in ("a-slug/index.html", "index.html", "feed.atom"):
        assert b"Headline of a-slug" in tree[name]
    assert "1 release is public" in outlet.probe()
    assert outlet.recipients() == ("",)


def test_without_an_address_links_are_relative_and_the_receipt_names_the_file(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path, url="")
    receipt = _send(outlet, _message())
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
        _send(_newsroom(tmp_path), _message(attachments=(Attachment("photo.jpg"),)))
    finally:
        os.umask(earlier)
    # Nobody can look into a release's folder before all of it is there.
    assert [(name, mode) for name, mode in seen[:2]] == [("photo.jpg", 0o700), ("index.html", 0o700)]
    for path in (tmp_path / "newsroom", *(tmp_path / "newsroom").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)
    assert stat.S_IMODE((tmp_path / ".pressrelease").stat().st_mode) == 0o700


def test_a_page_is_dated_by_its_lift(tmp_path: Path) -> None:
    _send(_newsroom(tmp_path), _message(attachments=(Attachment("photo.jpg"),)))
    for name in ("index.html", "photo.jpg"):
        assert (tmp_path / "newsroom" / "a-slug" / name).stat().st_mtime == LIFT.timestamp()


def test_the_page_comes_first_and_the_feed_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = os.replace

    def replace(source: str, target: str, **folders: int) -> None:
        order.append(target)
        real(source, target, **folders)

    monkeypatch.setattr(folder_module.os, "replace", replace)
    _send(_newsroom(tmp_path), _message(attachments=(Attachment("photo.jpg"),)))
    assert order == ["photo.jpg", "index.html", "index.html", "feed.atom"]


# -- the same again ---------------------------------------------------------------------------------------


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    first = _send(outlet, _message("first", lift=EARLIER))
    message = _message(follows="first", attachments=(Attachment("photo.jpg"),))
    _send(outlet, message)
    before = _tree(tmp_path)
    seen = {path: path.stat().st_ino for path in (tmp_path / "newsroom").rglob("*")}
    for again in (outlet, _newsroom(tmp_path)):
        assert _send(again, message) == _send(again, message)
        assert _send(again, _message("first", lift=EARLIER)) == first
    assert _tree(tmp_path) == before
    assert {path: path.stat().st_ino for path in (tmp_path / "newsroom").rglob("*")} == seen


@given(order=st.permutations(range(5)), shared=st.booleans())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_sending_leaves_no_trace(memory: Path, order: list[int], shared: bool) -> None:
    messages = [
        _message("a", lift=EARLIER),
        _message("b", follows="a"),
        _message("c", follows="a", lift=LIFT + timedelta(days=1)),
        _message("d", follows="b", lift=LIFT + timedelta(days=2)),
        _message("e", follows="e", lift=EARLIER),
    ]
    trees = []
    for sequence in (range(5), order):
        folder = Path(tempfile.mkdtemp(dir=memory))
        outlet = _newsroom(folder)
        for number in sequence:
            _send(outlet if shared else _newsroom(folder), messages[number])
        trees.append(_tree(folder))
    assert trees[0] == trees[1]


def test_a_follow_up_and_its_first_link_to_each_other_once_both_are_public(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    page = tmp_path / "newsroom" / "first" / "index.html"
    _send(outlet, _message("first", lift=EARLIER))
    assert "names" not in page.read_text()
    _send(outlet, _message("names", follows="first"))
    assert '<a href="../names/">Headline of names</a>' in page.read_text()
    assert '<a href="../first/">Headline of first</a>' in (page.parents[1] / "names" / "index.html").read_text()
    # A cache that asks whether it changed must hear yes.
    assert page.stat().st_mtime == LIFT.timestamp()


def test_a_follow_up_of_what_is_not_public_names_nothing(tmp_path: Path) -> None:
    _send(_newsroom(tmp_path), _message("names", follows="still-secret"))
    for name, content in _tree(tmp_path).items():
        assert b"still-secret" not in content, name


def test_a_correction_takes_the_page_over_and_an_old_repeat_does_not(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    first = _message(body="Wrong.", attachments=(Attachment("wrong.jpg"), Attachment("kept.pdf")))
    mended = _message(
        body="Right.", version="v2", lift=LIFT + timedelta(hours=3), attachments=(Attachment("kept.pdf"),)
    )
    _send(outlet, first)
    _send(outlet, mended)
    after = _tree(tmp_path)
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
        _send(_newsroom(tmp_path), message)
    assert _tree(tmp_path) == after


# -- many at once -----------------------------------------------------------------------------------------


def _at_once(work: list[Callable[[], object]], width: int) -> list[Exception]:
    left, failures, lock = list(work), list[Exception](), threading.Lock()

    def run() -> None:
        while True:
            with lock:
                if not left:
                    return
                job = left.pop()
            try:
                job()
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_sixty_at_once_from_two_programs(memory: Path) -> None:
    outlets = [_newsroom(memory), _newsroom(memory)]
    messages = [_message(f"r{number:02}", follows=f"r{number - 1:02}" if number % 2 else "") for number in range(60)]
    work = [
        lambda message=message, outlet=outlet: _send(outlet, message)  # type: ignore[misc]
        for message in messages
        for outlet in outlets
    ]
    begun = time.monotonic()
    assert _at_once(work, 16) == []
    assert time.monotonic() - begun < 15
    index, feed = (memory / "newsroom" / name for name in ("index.html", "feed.atom"))
    assert all(f'href="r{number:02}/"' in index.read_text() for number in range(60))
    assert len(ElementTree.fromstring(feed.read_bytes()).findall("{*}entry")) == 30
    alone = memory / "alone"
    alone.mkdir()
    for message in messages:
        _send(_newsroom(alone), message)
    assert _tree(memory) == _tree(alone)


def test_work_done_together_serves_all_who_waited() -> None:
    runs: list[int] = []
    asked, covered = [0], [0]

    def work() -> None:
        runs.append(asked[0])
        time.sleep(0.02)
        covered[0] = runs[-1]

    together = Together(work)
    lock = threading.Lock()

    def ask() -> None:
        with lock:
            asked[0] += 1
            mine = asked[0]
        together.run()
        assert covered[0] >= mine

    assert _at_once([ask] * 40, 20) == []
    assert len(runs) < 20


def test_work_that_fails_fails_for_who_ran_it_and_is_tried_by_the_others() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        time.sleep(0.02)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, "full")

    failures = _at_once([Together(work).run] * 1, 1)
    assert len(failures) == 1
    calls.clear()
    assert len(_at_once([Together(work).run] * 8, 8)) == 1


def test_a_lock_that_another_keeps_is_waited_for_no_longer_than_the_timeout(tmp_path: Path) -> None:
    (tmp_path / ".pressrelease").mkdir(mode=0o700)
    outlet = _newsroom(tmp_path, timeout=1)
    with FileLock(tmp_path / ".pressrelease" / "newsroom-newsroom.lock"), pytest.raises(DeliveryFailed) as caught:
        _send(outlet, _message())
    # The page is public by then: that nothing arrived would not be true.
    assert caught.value.certainty is Certainty.UNSURE
    _send(outlet, _message())
    assert sorted(_tree(tmp_path)) == ["a-slug/index.html", "feed.atom", "index.html"]


def test_a_page_that_stands_is_only_replaced_by_who_holds_the_lock(tmp_path: Path) -> None:
    _send(_newsroom(tmp_path), _message())
    before = _tree(tmp_path)
    correction = _message(version="v2", lift=LIFT + timedelta(hours=1), body="Right.")
    with FileLock(tmp_path / ".pressrelease" / "newsroom-newsroom.lock"), pytest.raises(DeliveryFailed) as caught:
        _send(_newsroom(tmp_path, timeout=0.3), correction)
    assert caught.value.certainty is Certainty.NOT_SENT
    assert _tree(tmp_path) == before


# -- what goes wrong --------------------------------------------------------------------------------------

#: Every call that changes the disk.
_CALLS = ("mkdir", "open", "fsync", "replace", "fchmod", "utime", "unlink", "chmod")


class _Crash(BaseException):
    pass


def _break_at(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> list[str]:
    """Let the `number`-th call that changes the disk do `act` instead; the calls, as they come."""
    made: list[str] = []

    def wrap(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **more: object) -> object:
            if name != "open" or (isinstance(args[1], int) and args[1] & os.O_CREAT):
                made.append(name)
                if len(made) == number:
                    act()
            return real(*args, **more)

        return call

    for name in _CALLS:
        real = getattr(os, name)
        wrapped = wrap(name, real)
        monkeypatch.setattr(os, name, wrapped)
        if real in os.supports_fd:
            monkeypatch.setattr(os, "supports_fd", os.supports_fd | {wrapped})
    return made


def _scene(folder: Path) -> tuple[Outlet, Message]:
    outlet = _newsroom(folder)
    _send(outlet, _message("first", lift=EARLIER))
    return outlet, _message("names", follows="first", attachments=(Attachment("photo.jpg"),))


def _whole(folder: Path) -> None:
    """Every file that is public is whole, and no page leads to one that is missing."""
    for name, content in _tree(folder).items():
        if name.endswith(".aside"):
            continue
        if name.endswith(".html"):
            assert content.endswith(b"</html>\n")
        if name == "index.html":
            for slug in re.findall(r'<h3><a href="([a-z-]+)/"', content.decode()):
                assert (folder / "newsroom" / slug / "index.html").exists()
        if name == "feed.atom":
            for entry in ElementTree.fromstring(content).findall("{*}entry/{*}link"):
                slug = entry.attrib["href"].removeprefix(URL).strip("/")
                assert (folder / "newsroom" / slug / "index.html").exists()


def _steps() -> Iterator[int]:
    yield from range(1, 40)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a crash is tried in a process of its own")
def test_a_crash_at_any_step_leaves_whole_files_and_the_same_again_mends_it(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = memory / "clean"
    clean.mkdir()
    outlet, message = _scene(clean)
    _send(outlet, message)
    wanted = _tree(clean)
    crashed = 0
    for step in _steps():
        folder = memory / f"step{step}"
        folder.mkdir()
        outlet, message = _scene(folder)
        child = os.fork()
        if child == 0:
            _break_at(monkeypatch, step, lambda: os._exit(9))
            _send(outlet, message)
            os._exit(0)
        died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        _whole(folder)
        _send(_newsroom(folder), message)
        after = {name: content for name, content in _tree(folder).items() if not name.endswith(".aside")}
        assert after == wanted
        if not died:
            break
        crashed += 1
    assert crashed >= 15


def test_a_full_disk_at_any_step_is_said_and_the_same_again_mends_it(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = memory / "clean"
    clean.mkdir()
    outlet, message = _scene(clean)
    _send(outlet, message)
    wanted = _tree(clean)

    def fail() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    failed = 0
    for step in _steps():
        folder = memory / f"step{step}"
        folder.mkdir()
        outlet, message = _scene(folder)
        failure = None
        with monkeypatch.context() as patch:
            made = _break_at(patch, step, fail)
            try:
                _send(outlet, message)
            except DeliveryFailed as error:
                failure = error
        if len(made) < step:
            break
        assert failure is not None, made[step - 1]
        # While nobody can have read it, it is surely not sent; after that it is in doubt.
        page = folder / "newsroom" / "names" / "index.html"
        public = page.exists() and page.parent.stat().st_mode & 0o005
        assert failure.certainty is (Certainty.UNSURE if public else failure.certainty)
        assert failure.certainty is not Certainty.FOR_GOOD
        assert "names" not in failure.reason
        assert str(folder) not in failure.reason
        failed += 1
        _whole(folder)
        assert not [name for name in _tree(folder) if name.endswith(".aside")]
        _send(outlet, message)
        assert _tree(folder) == wanted
    assert failed >= 15


@pytest.mark.parametrize(
    ("code", "certainty", "words"),
    [
        (errno.ENOSPC, Certainty.NOT_SENT, "full"),
        (errno.EIO, Certainty.NOT_SENT, "failed"),
        (errno.EACCES, Certainty.FOR_GOOD, "may not be written"),
        (errno.EROFS, Certainty.FOR_GOOD, "only be read"),
    ],
)
def test_what_a_disk_says_before_anything_is_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, certainty: Certainty, words: str
) -> None:
    def fail() -> None:
        raise OSError(code, os.strerror(code))

    outlet, message = _scene(tmp_path)
    _break_at(monkeypatch, 1, fail)
    with pytest.raises(DeliveryFailed, match=words) as caught:
        _send(outlet, message)
    assert caught.value.certainty is certainty


def test_what_a_dead_writer_left_is_cleared_away_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet, message = _scene(tmp_path)
    left = tmp_path / "newsroom" / f".{'0' * 32}.aside"
    left.write_bytes(b"half")
    _send(outlet, message)
    assert left.exists()  # it could still be a living writer's
    monkeypatch.setattr("pressrelease.outlets.newsroom.outlet._ABANDONED", timedelta(hours=-1))
    _send(outlet, message)
    assert not left.exists()


def test_symbolic_links_are_never_written_through(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    _send(outlet, _message("first"))
    root, elsewhere = tmp_path / "newsroom", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "index.html").write_text("theirs")
    (root / "a-slug").symlink_to(elsewhere)
    (tmp_path / "empty").mkdir()
    (root / "d-slug").symlink_to(tmp_path / "empty")
    for slug in ("a-slug", "d-slug"):
        with pytest.raises(DeliveryFailed) as caught:
            _send(outlet, _message(slug))
        assert caught.value.certainty is Certainty.FOR_GOOD
    assert list((tmp_path / "empty").iterdir()) == []
    (root / "b-slug").mkdir()
    (root / "b-slug" / "index.html").symlink_to(elsewhere / "index.html")
    with pytest.raises(DeliveryFailed, match="symbolic link"):
        _send(outlet, _message("b-slug"))
    (root / "index.html").unlink()
    (root / "index.html").symlink_to(elsewhere / "index.html")
    with pytest.raises(DeliveryFailed, match="symbolic link"):
        _send(outlet, _message("c-slug"))
    assert (elsewhere / "index.html").read_text() == "theirs"
    assert [path.name for path in elsewhere.iterdir()] == ["index.html"]


def test_a_root_that_is_itself_a_link_is_the_offices_own_choice(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "newsroom").symlink_to(tmp_path / "www")
    _send(_newsroom(tmp_path), _message())
    assert (tmp_path / "www" / "a-slug" / "index.html").exists()


def test_a_page_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    _send(outlet, _message("first"))
    foreign = tmp_path / "newsroom" / "about"
    foreign.mkdir()
    (foreign / "index.html").write_text("<p>ours")
    with pytest.raises(DeliveryFailed, match="not this program's") as caught:
        _send(outlet, _message("about"))
    assert caught.value.certainty is Certainty.FOR_GOOD
    _send(outlet, _message("second"))
    assert (foreign / "index.html").read_text() == "<p>ours"
    assert "about" not in (tmp_path / "newsroom" / "index.html").read_text()


def test_a_root_whose_disk_is_not_mounted_is_not_made(tmp_path: Path) -> None:
    config = OutletConfig("newsroom", "newsroom", settings={"path": str(tmp_path / "mnt" / "www"), "url": ""})
    (tmp_path / "workspace").mkdir()
    outlet = open_outlet(config, OFFICE, tmp_path / "workspace", lambda _: "")
    with pytest.raises(DeliveryFailed, match="mounted"):
        _send(outlet, _message())
    assert not (tmp_path / "mnt").exists()


@pytest.mark.parametrize("slug", ["..", "../x", "a/b", "A", "", "con", "x" * 81, "a\x00b"])
def test_no_name_leads_out_of_the_root(tmp_path: Path, slug: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        _send(_newsroom(tmp_path), _message(slug))
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert list(tmp_path.iterdir()) == []


# -- pages ------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """A page as a browser has it, strictly."""

    VOID = frozenset({"meta", "link", "br", "hr", "img"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: dict[str, str] = {}
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.words[tag] = self.words.get(tag, "") + data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _parsed(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def _check(html: str, *, language: str = "en-US") -> _Page:
    """What every page must be for everybody who reads it (WCAG 2.1), and must not do."""
    page = _parsed(html)
    assert html.startswith("<!doctype html>\n")
    assert page.all("html")[0]["lang"] == language
    assert page.words["title"].strip()
    assert page.headings.count(1) == 1
    level = 0
    for heading in page.headings:
        assert heading <= level + 1
        level = heading
    assert [len(page.all(tag)) for tag in ("main", "title", "h1")] == [1, 1, 1]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    body = [(tag, attributes) for tag, attributes in page.tags if tag in {"a", "body"}]
    assert body[1] == ("a", {"class": "skip", "href": "#main"})
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert tag not in {"iframe", "form", "object", "embed", "base", "video"}
        for name in ("aria-labelledby",):
            assert attributes.get(name, ids[0] if ids else "") in ids
        if tag == "script":
            assert attributes == {"type": "application/ld+json"}
        if tag == "img":
            assert re.fullmatch(r"[A-Za-z0-9_-]+\.[a-z0-9]+", attributes["src"])
            assert "alt" in attributes
        if tag == "link":
            assert attributes["rel"] in {"canonical", "alternate"}
        if tag == "a":
            assert re.match(r"https?://|mailto:|tel:|#main$|\.\./|\./|[a-zA-Z0-9_-]+[./]", attributes["href"])
    assert all(attributes["href"].strip() for attributes in page.all("a"))
    return page


def test_a_release_page_for_everybody(tmp_path: Path) -> None:
    message = _message(
        body="Lead.\n\n![Evidence](photo.jpg)\n\n## Part\n\n| A | B |\n|-|-|\n| 1 | 2 |\n\n###",
        subhead="Sub",
        dateline="AUBURN, Calif.",
        keywords=("crime", "court"),
        attachments=(Attachment("photo.jpg"), Attachment("map.png", "Map", "A map"), Attachment("sheet.pdf", "Sheet")),
    )
    outlet = _newsroom(tmp_path)
    _send(outlet, message)
    html = (tmp_path / "newsroom" / "a-slug" / "index.html").read_text()
    page = _check(html)
    assert [image["alt"] for image in page.all("img")] == ["Evidence", "A map"]
    words = html.split("<body>")[1]
    order = ["FOR IMMEDIATE RELEASE", "530-555-0100", "<h1>", "Sub", "AUBURN, Calif.", "Lead.", "530-555-0100", "###"]
    at = -1
    for part in order:
        at = words.index(part, at + 1)
    assert "Monday, Sept. 24, 2018, 9 a.m. PDT" in page.words["time"]
    assert page.all("time")[0]["datetime"] == "2018-09-24T09:00:00-07:00"
    properties = {meta["property"]: meta["content"] for meta in page.all("meta") if "property" in meta}
    assert properties["og:type"] == "article"
    assert properties["og:url"] == f"{URL}/a-slug/"
    assert properties["og:image"] == f"{URL}/a-slug/photo.jpg"
    assert properties["article:published_time"] == "2018-09-24T09:00:00-07:00"
    data = json.loads(page.words["script"])
    assert data["@type"] == "NewsArticle"
    assert (data["headline"], data["datePublished"]) == ("Headline of a-slug", "2018-09-24T09:00:00-07:00")
    assert data["publisher"]["name"] == OFFICE.name
    assert {
        "rel": "alternate",
        "type": "application/atom+xml",
        "title": OFFICE.name,
        "href": "../feed.atom",
    } in page.all("link")
    assert "PDF" in page.words["section"]


def test_the_list_for_everybody(tmp_path: Path) -> None:
    outlet = _newsroom(tmp_path)
    for slug, lift, kind in (
        ("old", datetime(2018, 1, 1, 7, 59, tzinfo=UTC), ReleaseKind.STATEMENT),
        ("new", LIFT, ReleaseKind.RELEASE),
        ("mid", EARLIER, ReleaseKind.ADVISORY),
    ):
        _send(outlet, _message(slug, lift=lift, kind=kind, subhead=f"Summary of {slug}"))
    html = (tmp_path / "newsroom" / "index.html").read_text()
    page = _check(html)
    assert re.findall(r'<h3><a href="([a-z]+)/">', html) == ["new", "mid", "old"]
    # The last minute of 2017 in California.
    assert re.findall(r'class="year">(\d+)<', html) == ["2018", "2017"]
    assert "Summary of mid" in page.words["p"]
    assert "Media advisory" in page.words["p"]


def test_what_the_first_list_can_not_hold_stands_in_its_years() -> None:
    days = [datetime(2015, 12, 20, 12, tzinfo=UTC) + timedelta(days=number) for number in reversed(range(400))]
    site = Site(OFFICE, URL)
    records = [Record(f"r{day:%Y%m%d}", "v", f"On {day:%x}", "release", day, day, f"tag:{day:%s}") for day in days]
    pages = list_pages(records, site)
    assert list(pages) == ["index.html", "2016.html", "2015.html"]
    links = {name: re.findall(r'<h3><a href="(r\d+)/"', page) for name, page in pages.items()}
    assert links["index.html"] == [record.slug for record in records[:200]]
    assert set(links["2016.html"] + links["2015.html"] + links["index.html"]) == {record.slug for record in records}
    assert '<a href="2015.html">2015</a>' in pages["index.html"]
    for page in pages.values():
        _check(page)
    assert list(list_pages(records[:200], site)) == ["index.html"]


def test_a_list_of_nothing() -> None:
    assert "Nothing has been released yet." in _check(list_pages([], Site(OFFICE))["index.html"]).words["p"]


texts = st.text(st.characters(codec="utf-8"), max_size=80).filter(lambda text: not forbidden_in(text))
hostile = st.sampled_from(
    """
</script><script>alert(1)</script>
"><img src=x onerror=alert(1)>
<!-- /release -->
<!-- related -->
' onx='
&quot;
</title>
]]>
\\u003c
<meta name="pressrelease" content="">
javascript:x
""".strip().split("\n")
)
lines = st.one_of(texts, hostile).map(lambda text: " ".join(text.split()))


@given(headline=lines, subhead=lines, body=st.one_of(texts, hostile), name=lines, phone=lines, email=lines, title=lines)
@example(*["</script><script>alert(1)</script>"] * 7)
@example(*["<!-- /release --><!-- /related -->"] * 7)
def test_no_text_becomes_markup(
    headline: str, subhead: str, body: str, name: str, phone: str, email: str, title: str
) -> None:
    message = _message(
        headline=headline,
        subhead=subhead,
        body=body,
        dateline=name,
        contact=Contact(name, phone, email),
        keywords=(title,),
        attachments=(Attachment("a.pdf", title, title), Attachment("b.png", title, title)),
    )
    site = Site(OFFICE, URL)
    record = record_of(message, site)
    html = release_page(message, site, record)
    page = _parsed(html)
    ours = "html head meta title link script style body a header div nav main article p time br h1 span section figure"
    theirs = "h2 h3 h4 h5 h6 ul ol li img figcaption footer strong em code pre blockquote hr table thead tbody tr th td"
    assert {tag for tag, _ in page.tags} <= set(f"{ours} {theirs}".split())
    assert " ".join(page.words.get("h1", "").split()) == " ".join(headline.split())
    assert json.loads(page.words["script"])["headline"] == headline
    assert record_in(html) == record
    assert html.count("<script") == 1
    assert html.count("<!--") == 4
    for _, attributes in page.tags:
        assert not [attribute for attribute in attributes if attribute.startswith("on")]
    _parsed(list_pages([record], site)["index.html"])


@given(
    headline=texts,
    summary=texts,
    moment=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),
    names=st.lists(lines, max_size=3),
)
def test_a_pages_record_comes_back(headline: str, summary: str, moment: datetime, names: list[str]) -> None:
    record = Record("a", "v", headline, "release", moment, moment, "tag:x", summary, "b", tuple(names))
    assert record_in(f"<head>{record_tag(record)}</head>") == record


@given(text=st.text(max_size=200))
def test_no_foreign_page_is_a_fault(text: str) -> None:
    assert record_in(text) is None
    assert record_in(f'<meta name="pressrelease" content="{text}">') is None


def test_colours_can_be_told_apart() -> None:
    colours = dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", STYLE))

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        dark, bright = sorted((light(one), light(other)))
        return (bright + 0.05) / (dark + 0.05)

    for ink in ("ink", "muted", "link"):
        for paper in ("#ffffff", colours["wash"]):
            assert contrast(colours[ink], paper) >= 4.5
    assert contrast("#ffffff", colours["mast"]) >= 4.5
    assert contrast("#b35900", "#ffffff") >= 3  # the focus ring
    assert "url(" not in STYLE
    assert "@import" not in STYLE


# -- the feed ---------------------------------------------------------------------------------------------

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize("url", [URL, ""])
def test_the_feed_is_atom(tmp_path: Path, url: str) -> None:
    outlet = _newsroom(tmp_path, url=url)
    body = 'Lead & <b>. ![x](photo.jpg)\n\n]]> "quoted"'
    _send(
        outlet, _message("first", lift=EARLIER, body=body, headline="A & B <c>", attachments=(Attachment("photo.jpg"),))
    )
    _send(outlet, _message("second", follows="first"))
    _send(outlet, _message("first", lift=LIFT + timedelta(hours=1), version="v2", body=body, headline="A & B <c>"))
    feed = ElementTree.fromstring((tmp_path / "newsroom" / "feed.atom").read_bytes())
    assert feed.tag == f"{ATOM}feed"
    for required in ("id", "title", "updated", "author"):
        assert len(feed.findall(f"{ATOM}{required}")) == 1
    assert feed.findtext(f"{ATOM}updated") == "2018-09-24T17:00:00Z"
    links = {link.attrib["rel"]: link.attrib["href"] for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "self": f"{url}/feed.atom" if url else "feed.atom",
        "alternate": f"{url}/" if url else "index.html",
    }
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Headline of second", "A & B <c>"]
    ids = [str(entry.findtext(f"{ATOM}id")) for entry in entries]
    assert len(set(ids)) == 2
    host = "news.example.org" if url else "www.example.org"
    assert ids == [f"tag:{host},2018-09-24:second", f"tag:{host},2018-09-19:first"]
    first = entries[1]
    assert first.findtext(f"{ATOM}published") == "2018-09-19T17:30:00Z"
    assert first.findtext(f"{ATOM}updated") == "2018-09-24T17:00:00Z"
    [link] = first.findall(f"{ATOM}link")
    assert link.attrib["href"] == (f"{URL}/first/" if url else "first/index.html")
    content = first.find(f"{ATOM}content")
    assert content is not None
    assert content.attrib["type"] == "html"
    assert "<p>Lead &amp; &lt;b&gt;." in str(content.text)
    assert "related" not in str(content.text)
    assert unquote(content.attrib["{http://www.w3.org/XML/1998/namespace}base"]) == link.attrib["href"]


@given(headline=lines, subhead=lines, body=texts)
def test_the_feed_holds_any_text(headline: str, subhead: str, body: str) -> None:
    from pressrelease.formats.atom import FeedEntry, FeedHead, atom_feed

    entry = FeedEntry("tag:x", headline, "https://e.org/?a=1&b=2", LIFT, LIFT, subhead, body)
    head = FeedHead("tag:y", headline, subhead, "en-US", "https://e.org/", "https://e.org/feed.atom")
    feed = ElementTree.fromstring(atom_feed(head, [entry], updated=LIFT))
    found = feed.find(f"{ATOM}entry")
    assert found is not None
    assert found.findtext(f"{ATOM}title") == headline
    assert (found.findtext(f"{ATOM}content") or "") == body
