"""Two people, two keys: who counts as whom, whose file of signers is believed, and who runs a command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import forging
import pytest
from calling import Caller
from hypothesis import given
from hypothesis import strategies as st
from needed import needs_program
from office import Office
from signing_keys import Keys, found, key, keys, made_keys

from pressrelease.config import Policy
from pressrelease.release import digests_of
from pressrelease.signing import key_of, signers
from pressrelease.status.dossier import Approval
from pressrelease.status.evaluation import counted_approvals
from pressrelease.store import Store
from pressrelease.system import who

__all__ = ["found", "keys", "made_keys"]  # fixtures

NOBODY = 65534
needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files to others")
posix = pytest.mark.skipif(os.name != "posix", reason="about POSIX modes and owners")


NAMES = st.sampled_from(["jane", "JANE", "jane@da.example", "da", "deputy"])
MARKS = st.sampled_from(["k1", "k2", "k3"])
AT = datetime(2026, 1, 5, tzinfo=UTC)


@given(st.lists(st.tuples(NAMES, MARKS), max_size=5))
def test_approvals_are_never_more_than_their_keys_or_their_people(given_by: list[tuple[str, str]]) -> None:
    approvals = [Approval(name, AT, "signature", "", mark) for name, mark in given_by]
    counted = counted_approvals(approvals, Policy(), frozenset())
    assert counted <= len({mark for _, mark in given_by})
    assert counted <= len({name.casefold() for name, _ in given_by})
    assert (counted > 0) is bool(given_by)


SIGNED = 'allowed_signers = "../keys/allowed_signers"\napprovals = 2'


@pytest.mark.parametrize("principals", ["da,da@da.example.gov", "da*"])
def test_one_key_is_one_person_under_whatever_names(
    found: Callable[..., Office], keys: Keys, call: Caller, principals: str
) -> None:
    lines = keys.signers.read_text().splitlines()
    keys.signers.write_text("\n".join(line.replace("da ", f"{principals} ", 1) for line in lines) + "\n")
    office = found(SIGNED)
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da", "--key", str(keys.folder / "da"))
    call("approve", "names", "--as", "da@da.example.gov", "--key", str(keys.folder / "da"), expect=77)
    assert "one key counts once" in call.err
    call("publish-due")
    assert office.pages == []
    assert call.state("names") == "unapproved"
    call("approve", "names", *key(keys, "deputy"))
    call("publish-due")
    assert office.pages == ["names"]


def test_a_signature_covers_outlets_and_recipients_whatever_the_journal_says(
    found: Callable[..., Office], keys: Keys, call: Caller
) -> None:
    """Somebody who knows the format adds a delivery, and lines that agree with it: what was signed has no such one."""
    office = found(SIGNED.replace("= 2", "= 1"), embargo="2099-09-24T09:00:00-07:00")
    call("schedule", "names", "--yes")
    call("approve", "names", *key(keys, "da"))
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    lines = {line.event: line for line in store.read.journal(["names"])}
    added = digests_of({"newsroom": ("", "tabloid@evil.example")})
    told = json.loads(lines["release.scheduled"].detail) | {"recipients": added, "deliveries": 2}
    forging.write_rows(
        store,
        "INSERT INTO deliveries (slug, version, outlet, recipient, state, lift, next_try, attempts)"
        " SELECT slug, version, outlet, 'tabloid@evil.example', state, lift, next_try, 0 FROM deliveries",
    )
    assert call.state("names") == "needs_you"
    forging.tell(store, "release.scheduled", "names", told)
    forging.tell(store, "release.approved", "names", {"by": "da", "signed": True}, at=lines["release.approved"].at)
    assert call.state("names") == "unapproved"
    assert "it was signed for other recipients than those at newsroom" in call.reason("names")


def test_a_certificate_counts_as_its_key(keys: Keys, tmp_path: Path) -> None:
    keys.make("authority")
    public = keys.folder / "da.pub"
    text = tmp_path / "text"
    text.write_text("…")

    def run(*words: str, environment: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            words, check=True, capture_output=True, input=b"y\n", env=os.environ | (environment or {})
        )
        return done.stdout.decode()

    def signed_with(name: str, environment: dict[str, str] | None = None) -> str:
        run("ssh-keygen", "-Y", "sign", "-n", "x", "-f", str(keys.folder / name), str(text), environment=environment)
        return key_of(text.with_name("text.sig").read_text())

    plain = signed_with("da")
    assert len(plain) == 64
    assert signed_with("deputy") != plain
    run("ssh-keygen", "-q", "-s", str(keys.folder / "authority"), "-I", "da", "-n", "da", str(public))
    told = run("ssh-agent", "-s").replace("\n", "").split(";")
    agent = dict(part.split("=", 1) for part in told if "=" in part)
    try:
        run("ssh-add", "-q", str(keys.folder / "da"), environment=agent)
        assert signed_with("da-cert.pub", agent) == plain
    finally:
        run("ssh-agent", "-k", environment=agent)
    assert key_of("what is no signature") == ""


# --- The file of signers -------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("mode_of_file", "mode_of_folder", "believed"),
    [
        (0o644, 0o755, True),
        (0o664, 0o755, False),
        (0o646, 0o755, False),
        (0o644, 0o775, False),
        (0o644, 0o777, False),
        (0o600, 0o1777, True),
    ],
)
def test_a_file_that_others_could_change_or_replace_is_not_believed(
    tmp_path: Path, mode_of_file: int, mode_of_folder: int, believed: bool
) -> None:
    folder = tmp_path / "keys"
    (folder / "below").mkdir(parents=True)
    file = folder / "below" / "allowed_signers"
    file.write_text("da ssh-ed25519 AAAA\n")
    file.chmod(mode_of_file)
    folder.chmod(mode_of_folder)
    assert (signers.read_signers(file)[1] == "") is believed
    link = tmp_path / "link"
    link.symlink_to(file)
    assert (signers.read_signers(link)[1] == "") is believed


@needs_root
def test_a_file_of_another_plain_user_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "allowed_signers"
    file.write_text("da ssh-ed25519 AAAA\n")
    file.chmod(0o644)
    assert signers.read_signers(file)[1] == ""
    os.chown(file, NOBODY, NOBODY)
    assert "belongs to" in signers.read_signers(file)[1]
    os.chown(file, 0, 0)
    folder = tmp_path / "office"
    folder.mkdir()
    file.rename(folder / "allowed_signers")
    os.chown(folder, NOBODY, NOBODY)
    assert "replace allowed_signers" in signers.read_signers(folder / "allowed_signers")[1]


@needs_root
def test_the_account_that_runs_the_scheduler_cannot_replace_what_is_roots(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The file is root's, its folder the account's: it could put another in its place, so it is not believed there."""
    folder = Path("/tmp") / f"office-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        file = folder / "allowed_signers"
        file.write_text("da ssh-ed25519 AAAA\n")
        file.chmod(0o644)
        os.chown(folder, NOBODY, NOBODY)
        code = (
            "import sys, pathlib; from pressrelease.signing import signers;"
            "print(signers.read_signers(pathlib.Path(sys.argv[1]))[1])"
        )
        setpriv = needs_program("setpriv", "util-linux")
        run = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "python3", "-c", code, str(file)]
        told = subprocess.run(
            run,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(Path(signers.__file__).parents[1])},
            cwd="/",
        )
        if told.returncode:
            pytest.skip("another account can't read the program here")
        assert "replace allowed_signers" in told.stdout
    finally:
        shutil.rmtree(folder)


# --- Who runs it -----------------------------------------------------------------------------------------------------


@posix
def test_sudo_user_alone_is_nobodys_name(
    found: Callable[..., Office], call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "da")
    account = who.person()
    import pwd

    assert account == pwd.getpwuid(os.getuid()).pw_name
    other = next(one.pw_name for one in pwd.getpwall() if one.pw_uid == NOBODY or one.pw_name not in {account, "root"})
    monkeypatch.setenv("SUDO_USER", other)
    assert who.person() == account
    found()
    call("schedule", "names")
    call("approve", "names")
    (given_by,) = call.json("status", "names")["releases"][0]["approvals"]
    assert given_by["by"] == account
    actors = [line for line in call("journal", "--json").splitlines() if "release.approved" in line]
    assert f"{account} (SUDO_USER says {other}, unproved)" in actors[0]


@needs_root
def test_an_ancestor_of_that_account_speaks_for_sudo_user(tmp_path: Path) -> None:
    """What sudo does: a process of one account starts one of another's. Only root can show it without sudo."""
    code = "from pressrelease.system import who; print(who.person(), who.as_actor('root'))"
    import pwd

    name = pwd.getpwuid(NOBODY).pw_name
    child = f"import os, subprocess, sys; os.setresuid({NOBODY}, 0, 0); subprocess.run([sys.executable, '-c', CHILD])"
    child = child.replace("CHILD", repr("import os; os.setresuid(0, 0, 0); " + code))
    told = subprocess.run(
        [sys.executable, "-c", child],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"SUDO_USER": name, "PYTHONPATH": str(Path(who.__file__).parents[2])},
    )
    assert told.stdout.split() == [name, "root"]
