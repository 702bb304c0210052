"""What a killed sender leaves: only what was under way is in doubt, and no damaged log is believed."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_server import mail_server
from office import found_office

from pressrelease.release.delivery import Delivery, DeliveryState, Receipt
from pressrelease.store.send_log import LONG, LogFindings, SendLog, read_log
from pressrelease.system.lock import FileLock

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LIST = [f"reporter-{number}@paper.example" for number in range(60)]
SENDERS = 16


def claimed(number: int, attempt: int = 1) -> Delivery:
    return Delivery(number, "names", "v", "mail", f"r{number}@x.example", DeliveryState.SENDING, claims=attempt)


def candidate(number: int) -> Delivery:
    return claimed(number, 0)


@pytest.fixture
def lock(tmp_path: Path) -> FileLock:
    made = FileLock(tmp_path / "owner.lock")
    assert made.acquire(wait=False)
    return made


def test_it_says_what_was_never_sent_and_what_arrived(lock: FileLock) -> None:
    log = SendLog(lock, "boot")
    log.claiming([candidate(1), candidate(2), candidate(3)])
    log.sending(claimed(1))
    log.sending(claimed(2))
    log.answered(claimed(2).delivered(Receipt("https://x.example/2", "<2@x.example>"), NOW))
    assert read_log(lock.path, "boot") == LogFindings(
        frozenset({(3, 1)}), {(2, 1): (Receipt("https://x.example/2", "<2@x.example>"), NOW)}
    )


def test_an_answer_that_is_no_yes_says_nothing(lock: FileLock) -> None:
    log = SendLog(lock, "boot")
    log.claiming([candidate(1)])
    log.sending(claimed(1))
    log.answered(claimed(1)._replace(state=DeliveryState.FAILED))
    assert read_log(lock.path, "boot") == LogFindings()


def test_another_boot_a_copy_and_no_boot_are_not_believed(lock: FileLock, tmp_path: Path) -> None:
    SendLog(lock, "boot").claiming([candidate(1)])
    assert read_log(lock.path, "boot").unsent
    copy = shutil.copy(lock.path, tmp_path / "copy.lock")
    assert read_log(lock.path, "another") == read_log(copy, "boot") == read_log(lock.path, None) == LogFindings()
    assert read_log(tmp_path / "gone.lock", "boot") == LogFindings()


def test_where_no_boot_is_known_nothing_is_written(lock: FileLock) -> None:
    log = SendLog(lock, None)
    log.claiming([candidate(1)])
    log.sending(claimed(1))
    assert lock.path.read_bytes() == b""


@given(damage=st.binary(min_size=1, max_size=8), at=st.floats(0, 1))
def test_a_damaged_log_is_read_or_not_believed_and_never_a_fault(
    damage: bytes, at: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lock = FileLock(tmp_path_factory.mktemp("log") / "owner.lock")
    assert lock.acquire(wait=False)
    log = SendLog(lock, "boot")
    log.claiming([candidate(number) for number in range(1, 5)])
    for number in range(1, 4):
        log.sending(claimed(number))
        log.answered(claimed(number).delivered(Receipt(), NOW))
    with lock.path.open("r+b") as file:  # the same file: a copy would not be believed
        file.seek(int(at * lock.path.stat().st_size))
        file.write(damage)
    found = read_log(lock.path, "boot")
    lock.release()
    assert isinstance(found, LogFindings)


@pytest.mark.parametrize(
    "line",
    [b"\n", b"\0\0\0\n", b"sent 9 1\n", b"claiming 9\n", b"claiming x 1\n", b"delivered 9 1\n", b"delivered 9 1 {}\n"],
)
def test_a_line_that_no_log_has_makes_nothing_of_it_certain(lock: FileLock, line: bytes) -> None:
    log = SendLog(lock, "boot")
    log.claiming([candidate(1)])
    lock.append(line)
    log.claiming([candidate(2)])
    assert read_log(lock.path, "boot") == LogFindings()


def test_a_line_that_was_cut_by_the_kill_is_passed_over(lock: FileLock) -> None:
    log = SendLog(lock, "boot")
    log.claiming([candidate(1)])
    lock.append(b"sending 1 ")
    assert read_log(lock.path, "boot").unsent == {(1, 1)}


def test_it_is_emptied_only_when_nothing_is_open(lock: FileLock) -> None:
    log = SendLog(lock, "boot")
    log.claiming([candidate(0)])
    for number in range(1, 5000):
        log.claiming([candidate(number)])
        log.sending(claimed(number))
        log.ended([(number, 1)])
    assert lock.path.stat().st_size > LONG
    assert read_log(lock.path, "boot").unsent == {(0, 1)}
    log.ended([(0, 1)])
    assert lock.path.stat().st_size == 0
    log.claiming([candidate(6000)])
    assert read_log(lock.path, "boot").unsent == {(6000, 1)}


def test_on_a_full_disk_it_gives_up_and_is_not_believed(lock: FileLock, monkeypatch: pytest.MonkeyPatch) -> None:
    log = SendLog(lock, "boot")
    log.claiming([candidate(1)])

    def full(content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lock, "append", full)
    log.sending(claimed(1))
    monkeypatch.undo()
    log.claiming([candidate(2)])
    assert read_log(lock.path, "boot") == LogFindings()


@pytest.mark.timeout(120)
def test_killed_in_a_mailing_only_what_was_under_way_is_in_doubt(tmp_path: Path) -> None:
    with mail_server() as server:
        server.pause = 0.25
        office = found_office(
            tmp_path / "office",
            more=f'[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            f'from = "press@office.example"\nrecipients = {LIST}\n[defaults]\noutlets = ["mail"]\n',
        )
        office.write("names")
        office.run("schedule", "names", "--yes")
        office.run("approve", "names", "--as", "deputy")
        process = office.start("publish-due")
        end = time.monotonic() + 60
        while len(server.got) < 20 and time.monotonic() < end:
            time.sleep(0.005)
        process.kill()
        process.communicate()
        time.sleep(0.6)
        arrived = set(server.counts)
        assert 20 <= len(arrived) < 60
        office.run("publish-due", expect=10)
        states = Counter(one["state"] for one in office.json("status", "names")["releases"][0]["deliveries"])
    assert 0 < states["in_doubt"] <= SENDERS
    assert states["delivered"] == len(LIST) - states["in_doubt"]
    assert set(server.counts.values()) == {1}
