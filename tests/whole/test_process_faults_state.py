"""The record damaged, locked, unreadable or not there; files taken away in the act. Real files, the installed command.

What can't be read sends nothing, says so in words, and is never replaced by an empty one.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faults import SCALE, Count, Scene, report, scene, staying_up, until
from office import COMMAND, in_seconds

pytestmark = pytest.mark.slow

NOBODY = 65534


@pytest.fixture(scope="module")
def due(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """An office with a release due to every outlet, and one that lifts in an hour."""
    with scene(tmp_path_factory.mktemp("faults") / "office") as made:
        made.put("ahead", lift=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1))
        made.put("names")
        yield made


def record_of(made: Scene) -> Path:
    return made.office.folder / ".pressrelease" / "state.db"


def is_told(made: Scene, *, codes: tuple[int, ...] = (10, 75)) -> str:
    """A pass sends nothing and says why; it, and whoever looks meanwhile, leaves the record as it was found."""
    path = record_of(made)
    before = path.read_bytes() if path.exists() else None
    said = made.office.run("publish-due", expect=codes).stderr
    assert len(said.split()) > 5
    assert "Traceback" not in said
    assert "othing" in said, said
    made.office.run("status", expect=(0, *codes))
    assert (path.read_bytes() if path.exists() else None) == before
    assert not made.arrivals()[0]
    assert made.office.pages == []
    return said


def truncate(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share))


def make_foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE wp_posts (id INTEGER)")
    database.close()


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO migrations VALUES (999, 'of a later year', 0)")
    database.close()


def make_anothers(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE control SET store_id = 'another office'")
    database.close()


@pytest.mark.parametrize(
    ("fault", "damage"),
    [
        ("is missing", lambda path: path.unlink()),
        ("is empty", lambda path: truncate(path, 0)),
        ("is truncated", lambda path: truncate(path, 0.5)),
        ("is truncated", lambda path: os.truncate(path, 50)),
        ("is another program's", make_foreign),
        ("is a newer program's", make_newer),
        ("is another office's", make_anothers),
        ("is a text", lambda path: path.write_text("# Not a database\n" * 999)),
        ("is a folder", lambda path: (path.unlink(), path.mkdir())),
    ],
)
def test_a_record_that_is_none(due: Scene, fault: str, damage: Callable[[Path], object], tmp_path: Path) -> None:
    tried = due.copied(tmp_path / "office")
    path = record_of(tried)
    whole = path.read_bytes()
    damage(path)
    if path.is_dir():
        assert tried.office.run("publish-due", expect=(10, 75)).stderr
        path.rmdir()
    else:
        is_told(tried)
    for beside in path.parent.glob("state.db-*"):
        beside.unlink()
    path.write_bytes(whole)
    tried.settle()
    count = tried.count()
    assert count.in_doubt == 0
    report("the database is missing, truncated, foreign or newer", no_lift_ahead(tried, count))


def no_lift_ahead(tried: Scene, count: Count) -> Count:
    """The release that lifts in an hour is not out, and still waits: that is not lost."""
    assert "ahead" not in tried.receiver.counts
    assert "ahead" not in tried.office.pages
    count.lost -= sum(one.slug == "ahead" and one.state.value == "waiting" for one in tried.deliveries())
    return count


def test_a_record_that_may_not_be_written(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        with scene(folder / "office") as made:
            made.put("names")
            path = record_of(made)
            as_owner: list[str] = []
            if os.geteuid() == 0:  # whom no mode stops
                as_owner = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
                for each in (folder, *folder.rglob("*")):
                    os.chown(each, NOBODY, NOBODY)
            path.chmod(0o444)
            path.parent.chmod(0o500)
            try:
                ended = subprocess.run(
                    [*as_owner, *COMMAND, "publish-due"],
                    cwd=made.office.folder,
                    env=os.environ | {"HOME": str(folder)},
                    capture_output=True,
                    text=True,
                    timeout=90,
                    check=False,
                )
            finally:
                path.parent.chmod(0o700)
                path.chmod(0o600)
            assert ended.returncode in {10, 75}, ended.stderr
            assert "Traceback" not in ended.stderr
            assert len(ended.stderr.split()) > 5
            assert not made.arrivals()[0]
            for each in (folder, *folder.rglob("*")) if as_owner else ():
                os.chown(each, os.geteuid(), os.getegid())
            made.settle()
            report("the database may not be written (0444)", made.count())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(1800)
def test_a_record_with_bytes_flipped(due: Scene, tmp_path: Path) -> None:
    """Some damage nobody can notice; but nothing leaves early or twice, and no empty record is put in its place."""
    chance, total, noticed = random.Random(20180924), Count(), 0
    whole = record_of(due).read_bytes()
    for number in range(round(12 * min(SCALE, 10))):
        tried = due.copied(tmp_path / f"{number}")
        damaged = bytearray(whole)
        page = chance.randrange(len(damaged) // 4096) * 4096
        for _ in range(chance.choice([1, 8, 200])):
            damaged[page + chance.randrange(4096)] ^= 1 << chance.randrange(8)
        record_of(tried).write_bytes(damaged)
        ended = tried.office.run("publish-due", expect=(0, 10, 75))
        assert "Traceback" not in ended.stderr
        noticed += ended.returncode == 10
        keys, _ = tried.arrivals()
        assert max(keys.values(), default=0) <= 1, f"twice, with seed {number}"
        assert "ahead" not in tried.receiver.counts, f"early, with seed {number}"
        assert "ahead" not in tried.office.pages, f"early, with seed {number}"
        assert record_of(tried).stat().st_size >= len(whole)
        total += Count(tries=1, deliveries=10)
        shutil.rmtree(tried.office.folder)
    assert noticed
    report("bits of the database flipped", total, uncounted=["lost", "told_again", "in_doubt"])


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Another program that keeps the database to itself."""
    words = (
        "import sqlite3, sys; database = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "database.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", words, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        other.stdin.close()
        other.wait(10)
        other.stdout.close()


@pytest.mark.timeout(300)
def test_a_record_that_another_program_keeps_to_itself_for_a_minute(tmp_path: Path) -> None:
    with scene(tmp_path / "office") as made:
        lift = in_seconds(8)
        made.put("names", lift=lift)
        with staying_up(made.office) as voice:
            with holding(record_of(made)):
                time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))
                began = time.monotonic()
                said = made.office.run("publish-due", expect=75).stderr
                assert "busy" in said
                voice.wait_for("busy", 90)  # a writer waits a minute for its turn, then says so
                time.sleep(max(0.0, 60 - (time.monotonic() - began)))
                assert not made.arrivals()[0]
            until(lambda: sum(made.arrivals()[0].values()) == 4, 60)
        made.settle()
        report("the database locked by another program for a minute", made.count())


# -- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["edited", "deleted", "folder gone", "folder a file"])
def test_a_file_taken_away_in_the_act(tmp_path: Path, act: str) -> None:
    """What has left has left; what would be tried again waits for a person, who may put the file back."""
    with scene(tmp_path / "office") as made:
        made.receiver.status = 503
        made.put("names")
        made.office.run("publish-due", expect=75)
        arrived = made.receiver.counts["names"]
        assert arrived >= 1
        releases = made.office.folder / "releases"
        path = releases / "names.md"
        whole = path.read_bytes()
        match act:
            case "edited":
                path.write_bytes(whole + b"\nOther words.\n")
            case "deleted":
                path.unlink()
            case "folder gone":
                releases.rename(tmp_path / "elsewhere")
            case "folder a file":
                releases.rename(tmp_path / "elsewhere")
                releases.write_text("not a folder")
        made.receiver.status = 204
        time.sleep(1.5)
        said = made.office.run("publish-due", "--workspace", str(made.office.folder), expect=10).stderr
        assert "names" in said
        assert made.receiver.counts["names"] == arrived, "it was sent again"
        if releases.is_file():
            releases.unlink()
        if not releases.exists():
            (tmp_path / "elsewhere").rename(releases)
        path.write_bytes(whole)
        made.settle()
        count = made.count()
        assert count.in_doubt == 0
        # What was refused with 503 had not been taken: the first that was is no repeat.
        count.told_again -= arrived
        report("a release's file edited, deleted, or its folder unreadable, in the act", count)
