"""The releases/ folder: nothing leads out of it, no word is lost in it, and every change of a file is seen."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from pressrelease.errors import NotFound, PressReleaseError, ReleaseRefused, StateUnreadable, WillRetry
from pressrelease.library import LARGEST_ATTACHMENT, NOT_THE_SAME, Library
from pressrelease.release import LARGEST_RELEASE, Attachment, Release

TEXT = "---\nheadline: Names released\nembargo: immediate\n---\n\nWords.\n"
posix_only = pytest.mark.skipif(os.name != "posix", reason="this is about POSIX links and modes")
not_as_root = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read and write everything"
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "releases").mkdir()
    return Library(tmp_path / "releases")


def with_attachment(path: str) -> Release:
    return Release("names", "x", "y", "z", attachments=(Attachment(path),), lines=(("attachments.0", 7),))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- What there is ------------------------------------------------------------------------------------------------


def test_only_names_that_are_slugs_are_releases(library: Library) -> None:
    for name in ("b.md", "a-1.md", "Names.md", "two words.md", ".hidden.md", "notes.txt", "con.md", "x" * 81 + ".md"):
        (library.folder / name).write_text(TEXT)
    assert library.slugs() == ["a-1", "b"]
    ignored = sorted(["Names.md", "two words.md", "con.md", "notes.txt", "x" * 81 + ".md"])
    assert [name for name, _ in library.unseen()] == ignored


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    library = Library(tmp_path / "nowhere")
    assert library.slugs() == library.unseen() == []
    assert library.source_hash("names") is None
    with pytest.raises(NotFound):
        library.read("names")


def test_a_folder_that_is_none_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "releases").write_text("x")
    library = Library(tmp_path / "releases")
    with pytest.raises(StateUnreadable):
        library.slugs()
    assert library.source_hash("names") == NOT_THE_SAME
    with pytest.raises(PressReleaseError):
        library.read("names")


def test_a_release_is_read_with_its_hash(library: Library) -> None:
    (library.folder / "names.md").write_text(TEXT)
    assert library.read("names").headline == "Names released"
    assert library.read("names").source_hash == library.source_hash("names") == digest(TEXT)


def test_the_text_is_the_file_without_its_byte_order_mark(library: Library) -> None:
    (library.folder / "names.md").write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert library.text("names") == TEXT.replace("\n", "\r\n")
    (library.folder / "names.md").write_bytes(b"\xff")
    with pytest.raises(ReleaseRefused) as caught:
        library.text("names")
    assert caught.value.code == "not_utf8"


@pytest.mark.parametrize("slug", ["name", "names.md", "nmaes"])
def test_a_near_name_is_asked_about(library: Library, slug: str) -> None:
    (library.folder / "names.md").write_text(TEXT)
    with pytest.raises(NotFound) as caught:
        library.read(slug)
    assert caught.value.candidates == ("names",)


@pytest.mark.parametrize("slug", ["../config", "/etc/passwd", "a/b", "..", "", "\x1b[31m", "names\n"])
def test_no_slug_leads_out_of_the_folder(library: Library, slug: str) -> None:
    (library.folder.parent / "config.md").write_text(TEXT)
    for read in (library.read, library.text):
        with pytest.raises(NotFound) as caught:
            read(slug)
        assert "\x1b" not in str(caught.value)
    assert library.source_hash(slug) is None
    for write in (lambda: library.create(slug, TEXT), lambda: library.replace(slug, TEXT, expected_hash=digest(TEXT))):
        with pytest.raises(ReleaseRefused) as refused:
            write()
        assert refused.value.code == "bad_slug"


# --- Links, folders, pipes, giants ---------------------------------------------------------------------------------


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _giant(size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as stream:
            stream.truncate(size)

    return make


STRANGE: dict[str, Callable[[Path], Any]] = {
    "link out": _link("../outside"),
    "link inside": _link("plain.md"),
    "dangling link": _link("nothing"),
    "loop": _link("names.md"),
    "folder": Path.mkdir,
    "pipe": lambda path: os.mkfifo(path, 0o600),
    "giant": _giant(LARGEST_RELEASE + 1),
}


@posix_only
@pytest.mark.timeout(10)
@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_plain_file_is_never_read(library: Library, strange: str) -> None:
    (library.folder.parent / "outside").write_text(TEXT)
    (library.folder / "plain.md").write_text(TEXT)
    STRANGE[strange](library.folder / "names.md")
    with pytest.raises(ReleaseRefused) as caught:
        library.read("names")
    assert caught.value.hint
    assert library.source_hash("names") == NOT_THE_SAME
    with pytest.raises(ReleaseRefused):
        library.replace("names", "new", expected_hash=digest(TEXT))
    with pytest.raises(ReleaseRefused) as taken:
        library.create("names", "new")
    assert taken.value.code == "slug_taken"
    assert (library.folder.parent / "outside").read_text() == TEXT
    assert (library.folder / "plain.md").read_text() == TEXT
    assert sorted(path.name for path in library.folder.iterdir()) == ["names.md", "plain.md"]


@posix_only
@pytest.mark.timeout(10)
@pytest.mark.parametrize("strange", [name for name in STRANGE if name != "giant"])
def test_an_attachment_is_a_plain_file_or_refused(library: Library, strange: str) -> None:
    (library.folder.parent / "outside").write_bytes(b"secret")
    (library.folder / "plain.md").write_bytes(b"secret")
    STRANGE[strange](library.folder / "names.md")
    with pytest.raises(ReleaseRefused) as caught:
        library.attachment(with_attachment("names.md"), Attachment("names.md"))
    assert caught.value.line == 7


@posix_only
@pytest.mark.parametrize("target", ["..", "../outside", "real", "."])
def test_no_folder_on_the_way_to_an_attachment_is_a_link(library: Library, target: str) -> None:
    for folder in (library.folder.parent / "outside", library.folder / "real", library.folder, library.folder.parent):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "a.pdf").write_bytes(b"secret")
        (folder / "a.pdf").write_bytes(b"secret")
    (library.folder / "link").symlink_to(target)
    for path in ("link/a.pdf", "link/deep/a.pdf"):
        with pytest.raises(ReleaseRefused) as caught:
            library.attachment(with_attachment(path), Attachment(path))
        assert caught.value.code == "not_a_file"
    assert library.attachment(with_attachment("real/deep/a.pdf"), Attachment("real/deep/a.pdf")) == b"secret"


@pytest.mark.parametrize(
    "path", ["../config.toml", "/etc/passwd", "a/../../config.toml", "a\\..\\b", "C:a", "", ".", "a//b", "a/"]
)
def test_a_path_that_was_not_read_from_a_file_is_looked_at_again(library: Library, path: str) -> None:
    (library.folder.parent / "config.toml").write_text("secret")
    with pytest.raises((ReleaseRefused, NotFound)):
        library.attachment(with_attachment(path), Attachment(path))


def test_attachments_are_read_whole_up_to_their_limit(library: Library) -> None:
    (library.folder / "a.pdf").write_bytes(b"\x00\xff\r\n")
    assert library.attachment(with_attachment("a.pdf"), Attachment("a.pdf")) == b"\x00\xff\r\n"
    _giant(LARGEST_ATTACHMENT)(library.folder / "full.pdf")
    assert len(library.attachment(with_attachment("full.pdf"), Attachment("full.pdf"))) == LARGEST_ATTACHMENT
    _giant(LARGEST_ATTACHMENT + 1)(library.folder / "giant.pdf")
    with pytest.raises(ReleaseRefused) as caught:
        library.attachment(with_attachment("giant.pdf"), Attachment("giant.pdf"))
    assert caught.value.code == "too_large"
    for missing in ("b.pdf", "a.pdf/b.pdf", "none/b.pdf"):
        with pytest.raises(NotFound):
            library.attachment(with_attachment(missing), Attachment(missing))


@posix_only
@pytest.mark.timeout(20)
def test_a_folder_swapped_for_a_link_never_leads_out(library: Library) -> None:
    """Whoever may write in releases/ can't win a race against the reading."""
    outside = library.folder.parent / "outside"
    outside.mkdir()
    (outside / "a.pdf").write_bytes(b"secret")
    (library.folder / "real").mkdir()
    (library.folder / "real" / "a.pdf").write_bytes(b"public")
    (library.folder / "link").symlink_to(outside)
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for source in ("real", "link"):
                (library.folder / source).rename(library.folder / "on")
                (library.folder / "on").rename(library.folder / source)

    thread = threading.Thread(target=swap)
    thread.start()
    read = set()
    try:
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            try:
                read.add(library.attachment(with_attachment("on/a.pdf"), Attachment("on/a.pdf")))
            except (NotFound, ReleaseRefused):
                continue
    finally:
        done.set()
        thread.join()
    assert read == {b"public"}


# --- Every change is seen ------------------------------------------------------------------------------------------


@posix_only
@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["write", "same size", "set back", "replace", "swap inode", "delete", "chmod", "nothing"]),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_is_done_to_a_file_its_hash_is_that_of_its_bytes(tmp_path: Path, doings: list[str]) -> None:
    folder = tmp_path / "releases"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    library = Library(folder)
    path = folder / "names.md"
    path.write_bytes(b"0000")
    library.source_hash("names")
    for number, doing in enumerate(doings):
        _do(doing, path, number)
        expected = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
        assert library.source_hash("names") == expected, doing


def _do(doing: str, path: Path, number: int) -> None:
    data = f"{number:04}".encode()
    if doing == "delete":
        path.unlink(missing_ok=True)
    elif doing == "replace":
        other = path.with_name("other")
        other.write_bytes(data)
        if path.exists():
            shutil.copystat(path, other)
        other.replace(path)
    elif not path.exists():
        path.write_bytes(data)
    elif doing == "write":
        path.write_bytes(data * 2)
    elif doing in {"same size", "set back", "swap inode"}:
        before = path.stat()
        if doing == "swap inode":
            path.unlink()
        path.write_bytes(data)
        if doing != "same size":
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif doing == "chmod":
        path.chmod(0o600 if number % 2 else 0o640)


@posix_only
def test_a_settled_file_costs_a_stat_and_a_later_change_is_seen_all_the_same(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.folder / "names.md"
    path.write_bytes(b"aaaa")
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    opened: list[Any] = []
    real_open = os.open

    def counting(*arguments: Any, **named: Any) -> int:
        opened.append(arguments)
        return real_open(*arguments, **named)

    monkeypatch.setattr(os, "open", counting)

    def reads() -> int:
        opened.clear()
        library.source_hash("names")
        return len([one for one in opened if str(one[0]).endswith("names.md")])

    assert reads() == 1
    assert reads() == 1, "within the file system's own stamps, a hash proves nothing"
    clock[0] += 2.6
    assert reads() == 1, "the first reading that no later writing can pass for"
    assert reads() == 0
    before = path.stat()
    path.write_bytes(b"bbbb")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert library.source_hash("names") == hashlib.sha256(b"bbbb").hexdigest()


def test_a_file_that_comes_back_is_seen(library: Library) -> None:
    path = library.folder / "names.md"
    assert library.source_hash("names") is None
    path.write_text(TEXT)
    assert library.source_hash("names") == digest(TEXT)
    path.unlink()
    assert library.source_hash("names") is None


# --- Writing: whole, durable, or not at all ------------------------------------------------------------------------


def test_a_new_release_is_whole_and_private_to_the_office(library: Library) -> None:
    before = os.umask(0) if os.name == "posix" else 0
    try:
        path = library.create("names", TEXT)
    finally:
        if os.name == "posix":
            os.umask(before)
    assert path.read_bytes() == TEXT.encode()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    assert [entry.name for entry in library.folder.iterdir()] == ["names.md"]


def test_the_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    assert Library(tmp_path / "a" / "releases").create("names", TEXT).read_text() == TEXT


def test_a_taken_name_keeps_its_words(library: Library) -> None:
    (library.folder / "names.md").write_text("theirs")
    with pytest.raises(ReleaseRefused) as caught:
        library.create("names", TEXT)
    assert caught.value.code == "slug_taken"
    assert (library.folder / "names.md").read_text() == "theirs"
    assert [entry.name for entry in library.folder.iterdir()] == ["names.md"]


def test_of_many_creators_one_wins_and_nothing_is_mixed(library: Library) -> None:
    won: list[str] = []
    lost: list[str] = []
    start = threading.Barrier(8)

    def create(number: int) -> None:
        text = f"{number}" * 50_000
        start.wait()
        try:
            library.create("names", text)
            won.append(text)
        except ReleaseRefused:
            lost.append(text)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert (library.folder / "names.md").read_text() == won[0]
    assert [entry.name for entry in library.folder.iterdir()] == ["names.md"]


def test_a_file_system_without_hard_links_is_written_too(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    assert library.create("names", TEXT).read_text() == TEXT
    with pytest.raises(ReleaseRefused):
        library.create("names", "other")
    assert (library.folder / "names.md").read_text() == TEXT


@pytest.mark.parametrize("links", [True, False])
def test_a_full_disk_leaves_nothing_half_written(
    library: Library, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync" if links else "link", full)
    if not links:  # the name is taken with an empty file, which the whole one can't replace
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WillRetry) as caught:
        library.create("names", TEXT)
    assert "Nothing was changed" in caught.value.message
    assert list(library.folder.iterdir()) == []


def test_a_full_disk_leaves_the_old_text_in_its_place(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.create("names", TEXT)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WillRetry):
        library.replace("names", "new", expected_hash=digest(TEXT))
    assert [(entry.name, entry.read_text()) for entry in library.folder.iterdir()] == [("names.md", TEXT)]


def test_replacing_keeps_mode_and_asks_for_the_text_that_was_read(library: Library) -> None:
    path = library.create("names", TEXT)
    path.chmod(0o640)
    library.replace("names", "new", expected_hash=digest(TEXT))
    assert path.read_text() == "new"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with pytest.raises(ReleaseRefused) as caught:
        library.replace("names", "mine", expected_hash=digest(TEXT))
    assert caught.value.code == "file_changed"
    assert path.read_text() == "new"
    assert [entry.name for entry in library.folder.iterdir()] == ["names.md"]


def test_what_is_gone_is_not_brought_back(library: Library) -> None:
    with pytest.raises(NotFound):
        library.replace("names", "new", expected_hash=digest(TEXT))
    assert list(library.folder.iterdir()) == []


@pytest.mark.parametrize("write", ["create", "replace"])
def test_half_a_character_is_refused_before_anything_is_written(library: Library, write: str) -> None:
    if write == "replace":
        library.create("names", TEXT)
    writing = {
        "create": lambda: library.create("names", "a\ud800"),
        "replace": lambda: library.replace("names", "a\ud800", expected_hash=digest(TEXT)),
    }
    with pytest.raises(ReleaseRefused) as caught:
        writing[write]()
    assert caught.value.code == "not_utf8"


@posix_only
@not_as_root
def test_a_folder_that_may_not_be_written_says_so(library: Library) -> None:
    library.folder.chmod(0o500)
    try:
        with pytest.raises(WillRetry) as caught:
            library.create("names", TEXT)
    finally:
        library.folder.chmod(0o700)
    assert caught.value.code == "not_written"


_WRITER = """
import itertools, sys
from pathlib import Path
from pressrelease.library import Library
library = Library(Path(sys.argv[1]))
print("ready", flush=True)
for number in itertools.count():
    release = library.source_hash("names")
    library.replace("names", str(number % 10) * 200_000, expected_hash=release)
    library.create(f"new-{number}", "x" * 200_000)
"""


@pytest.fixture
def writer(library: Library) -> Iterator[subprocess.Popen[str]]:
    library.create("names", "0" * 200_000)
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(library.folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


@posix_only
def test_a_writer_killed_in_the_act_leaves_whole_files(library: Library, writer: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        assert len(set((library.folder / "names.md").read_text())) == 1
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    for slug in library.slugs():
        text = library.text(slug)
        assert len(text) == 200_000
        assert len(set(text)) == 1
    assert len(library.slugs()) > 1


@pytest.mark.parametrize("typed", ["NFC", "NFD"])
@pytest.mark.parametrize("kept", ["NFC", "NFD"])
def test_an_attachment_is_found_however_its_accents_are_written(tmp_path: Path, typed: str, kept: str) -> None:
    """Files from a Mac have names with separate accents; what is typed has them in one."""
    name = "Fälle/Beweisfoto-Kuchentür.jpg"
    path = tmp_path / unicodedata.normalize(kept, name)
    path.parent.mkdir()
    path.write_bytes(b"jpeg")
    found = Library(tmp_path).attachment(
        Release("a", "A", "…", "Text."), Attachment(unicodedata.normalize(typed, name))
    )
    assert found == b"jpeg"


def test_a_name_exactly_as_typed_is_preferred(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "Peña.pdf")).write_text(form)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this disk takes both for one name")
    for form in ("NFC", "NFD"):
        attachment = Attachment(unicodedata.normalize(form, "Peña.pdf"))
        assert Library(tmp_path).attachment(Release("a", "A", "…", "Text."), attachment) == form.encode()
