"""A workspace and several accounts of one machine: real ones, which only root can be. Skipped for anybody else."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from needed import needs_program
from office import COMMAND, FAR, Office, found_office, in_seconds, iso
from preloaded import Forked, Preloaded, can_fork

import pressrelease

pytestmark = pytest.mark.skipif(
    os.name != "posix" or (hasattr(os, "geteuid") and os.geteuid() != 0), reason="only root can be several accounts"
)

#: Numbers that no account of the machine has: what is tested is what the system lets them do.
PRESS, DEPUTY, STRANGER, GROUP = 64001, 64002, 64003, 64100


def command_for_all() -> tuple[list[str], dict[str, str]]:
    """The command and its environment by an interpreter that every account may run: root's own may lie in its home."""
    needs_program("setpriv", "util-linux")
    stranger = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
    packages = Path(pytest.__file__).parents[1]
    here = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    system = {**here, "PYTHONPATH": f"{Path(pressrelease.__file__).parents[1]}{os.pathsep}{packages}"}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for command, environment in ((COMMAND, here), ([f"/usr/bin/{version}", "-m", "pressrelease"], system)):
        line = [*stranger, "/bin/sh", "-c", 'exec "$@"', "sh", *command, "status", "--help"]
        if subprocess.run(line, cwd="/", env=environment, capture_output=True, check=False).returncode == 0:
            return command, environment
    pytest.skip(f"no {version} with this program that every account may run")


@dataclass
class Account:
    """Somebody who runs the installed command in one office."""

    uid: int
    groups: tuple[int, ...]
    place: Place

    def __call__(self, *arguments: str, umask: str = "022", expect: int = 0, cwd: Path | None = None) -> str:
        environment = self.place.environment
        if cwd is None:
            environment = environment | {"PRESSRELEASE_WORKSPACE": str(self.place.office.folder)}
        process = self._started(arguments, environment, umask, cwd or Path("/"))
        said = "".join(process.communicate(timeout=90))
        assert process.returncode == expect, f"{arguments}: exit {process.returncode}\n{said}"
        for fault in ("Traceback", "Something went wrong", "this check could not be made"):
            assert fault not in said
        return said

    def _started(
        self, arguments: tuple[str, ...], environment: dict[str, str], umask: str, cwd: Path
    ) -> subprocess.Popen[str] | Forked:
        preloaded = self.place.preloaded
        if preloaded is not None and preloaded.serves(environment):
            account = (self.uid, self.groups) if self.uid else None
            return preloaded.start(arguments, cwd=cwd, environment=environment, umask=int(umask, 8), account=account)
        groups = [f"--groups={','.join(map(str, self.groups))}"] if self.groups else ["--clear-groups"]
        who = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", *groups] if self.uid else []
        return subprocess.Popen(
            [*who, "/bin/sh", "-c", f'umask {umask}; exec "$@"', "sh", *self.place.command, *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@dataclass
class Place:
    """An office of the account PRESS, and three more accounts that meet it."""

    office: Office
    command: list[str]
    environment: dict[str, str]
    preloaded: Preloaded | None

    def account(self, uid: int, *groups: int) -> Account:
        return Account(uid, groups, self)

    @property
    def press(self) -> Account:
        return self.account(PRESS, GROUP)

    @property
    def deputy(self) -> Account:
        return self.account(DEPUTY, GROUP)

    @property
    def stranger(self) -> Account:
        return self.account(STRANGER)

    @property
    def root(self) -> Account:
        return self.account(0)

    @property
    def private(self) -> Path:
        return self.office.folder / ".pressrelease"

    def share(self) -> None:
        """The commands of docs/how-to/share-a-workspace.md."""
        for line in sharing_commands():
            subprocess.run(["/bin/sh", "-ec", line], cwd=self.office.folder, check=True)


def sharing_commands() -> list[str]:
    """What the how-to page has an administrator type in the workspace, with the group's number for its name."""
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "share-a-workspace.md").read_text(encoding="utf-8")
    block = text.partition("<!-- tried by tests -->")[2].partition("```text\n")[2].partition("```")[0]
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    assert len(lines) >= 4, "the block of docs/how-to/share-a-workspace.md is gone"
    return [
        line.replace("sudo ", "").replace("chgrp -R press", f"chgrp -R {GROUP}")
        for line in lines
        if line and not line.startswith("cd ")
    ]


class ForAll(NamedTuple):
    """The command that every account may run, its environment, and where commands can be forked, what forks them."""

    command: list[str]
    environment: dict[str, str]
    preloaded: Preloaded | None


@pytest.fixture(scope="module")
def for_all() -> Iterator[ForAll]:
    command, environment = command_for_all()
    preloaded = Preloaded(command[0], environment) if can_fork() else None
    yield ForAll(command, environment, preloaded)
    if preloaded is not None:
        preloaded.end()


@pytest.fixture
def place(for_all: ForAll) -> Iterator[Place]:
    with a_place(for_all) as made:
        yield made


@pytest.fixture(scope="module")
def closed_place(for_all: ForAll) -> Iterator[Place]:
    """A workspace of PRESS that others may read around in, for what refuses them and so changes nothing."""
    with a_place(for_all) as made:
        made.press("schedule", "due", "far", "--yes")
        (made.office.folder / "releases").chmod(0o755)
        yield made


@contextmanager
def a_place(for_all: ForAll) -> Iterator[Place]:
    root = Path(tempfile.mkdtemp(prefix="accounts-"))  # pytest's own folders are root's alone
    root.chmod(0o755)
    office = found_office(root / "office")
    office.folder.joinpath("releases").chmod(0o750)
    for slug in ("due", "next", "far"):
        office.write(slug, embargo=FAR if slug == "far" else "immediate")
    own(office)
    try:
        yield Place(office, for_all.command, dict(for_all.environment), for_all.preloaded)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def own(office: Office) -> None:
    for path in (office.folder, *office.folder.rglob("*")):
        os.chown(path, PRESS, PRESS, follow_symlinks=False)


def owners(folder: Path) -> set[int]:
    return {path.lstat().st_uid for path in (folder, *folder.rglob("*"))}


# -- an account that the workspace is not shared with -------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("status",),
        ("approve", "due"),
        ("publish-due",),
        *(
            pytest.param(arguments, marks=pytest.mark.slow)
            for arguments in (
                ("journal",),
                ("schedule", "due"),
                ("publish", "due"),
                ("run",),
                ("backup", "/tmp/never.zip"),
                ("resume", "--all"),
                ("unschedule", "due"),
                ("retry", "due"),
                ("settle", "due", "--outlet", "newsroom", "--sent"),
                ("promises",),
            )
        ),
    ],
)
def test_another_account_is_shown_whose_workspace_it_is(closed_place: Place, arguments: tuple[str, ...]) -> None:
    said = closed_place.stranger(*arguments, "--no-input", expect=77)
    assert f"belongs to uid {PRESS}" in said
    assert f"sudo -u '#{PRESS}'" in said
    assert owners(closed_place.private) == {PRESS}


def test_doctor_calls_it_an_error(place: Place) -> None:
    place.press("schedule", "far", "--yes")
    said = place.stranger("doctor", "--offline", expect=10)
    assert f"ERROR    accounts: This workspace belongs to uid {PRESS}" in said


def test_a_stop_of_an_account_that_may_write_the_folder_is_one(place: Place) -> None:
    place.press("schedule", "due", "far", "--yes")
    place.press("approve", "due", "--as", "da")
    os.chown(place.office.folder, PRESS, GROUP)
    place.office.folder.chmod(0o770)
    assert "STOPPED" in place.deputy("stop", "--why", "wrong name in it")
    assert f"STOPPED by uid {DEPUTY}" in place.press("status")
    said = place.press("publish-due", expect=11)
    assert "wrong name in it" in said
    assert place.office.pages == []
    assert not (place.office.folder / "STOP").exists(), "it is in the record and the journal now"
    assert f": uid {DEPUTY} stopped everything" in place.press("journal")
    place.press("publish-due", expect=11)
    place.press("resume", "--all", "--yes")
    place.press("publish-due")
    assert place.office.pages == ["due"]


@pytest.mark.slow
def test_a_hold_of_such_an_account_is_one(place: Place) -> None:
    place.press("schedule", "due", "next", "--yes")
    place.press("approve", "due", "next", "--as", "da")
    os.chown(place.office.folder, PRESS, GROUP)
    place.office.folder.chmod(0o770)
    place.deputy("hold", "due", "--why", "the DA called")
    assert "the DA called" in place.press("status", "due")
    place.press("publish-due", expect=10)
    assert place.office.pages == ["next"]
    assert not (place.office.folder / "HOLD-due").exists()
    place.press("resume", "due")
    place.press("publish-due")
    assert place.office.pages == ["due", "next"]


def test_a_stop_of_one_who_may_not_write_there_says_that_nothing_is_stopped(place: Place) -> None:
    place.press("schedule", "far", "--yes")
    folder = place.office.folder
    said = place.stranger("stop", expect=77)
    assert "NOT STOPPED" in said
    assert "Nothing was sent" not in said, "a scheduler may be sending at this moment"
    assert f"sudo -u '#{PRESS}' " in said, "the whole command, as it can be typed"
    assert f" --workspace {folder} stop\n" in said
    said = place.stranger("hold", "far", "--why", "wrong name", expect=77)
    assert "NOT HELD" in said
    assert f" --workspace {folder} hold far --why 'wrong name'\n" in said


@pytest.mark.slow
def test_a_stop_file_reaches_a_scheduler_that_is_sending(place: Place) -> None:
    """Each send asks for it: the release that is due after the file was made stays."""
    lift = in_seconds(25)
    place.office.write("soon", embargo=iso(lift))
    own(place.office)
    place.press("schedule", "soon", "--yes")
    place.press("approve", "soon", "--as", "da")
    process = subprocess.Popen(
        ["setpriv", f"--reuid={PRESS}", f"--regid={PRESS}", "--clear-groups", "env", *place.command, "run"],
        cwd=place.office.folder,
        env=place.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert "running" in process.stderr.readline()
        (place.office.folder / "STOP").touch()
        assert datetime.now(UTC) < lift, "the machine is too slow for this test"
        time.sleep((lift - datetime.now(UTC)).total_seconds() + 3)
        assert place.office.pages == []
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


# -- a group that shares it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("umask", "drafts"),
    [("077", 0), *(pytest.param(umask, 4, marks=pytest.mark.slow) for umask in ("022", "077", "000"))],
)
def test_a_group_shares_a_workspace(place: Place, umask: str, drafts: int) -> None:
    place.share()
    for account, slug in ((place.press, "due"), (place.deputy, "next")):
        account("schedule", slug, "--yes", umask=umask)
    place.deputy("approve", "due", "--as", "da", umask=umask)
    place.press("approve", "next", "--as", "da", umask=umask)
    place.deputy("publish-due", umask=umask)
    assert place.office.pages == ["due", "next"]
    for number, account in enumerate([place.deputy, place.press] * (drafts // 2)):
        account("new", f"Release number {number}", "--embargo", "immediate", umask=umask)
        draft = place.office.folder / "releases" / f"release-number-{number}.md"
        assert stat.S_IMODE(draft.stat().st_mode) == 0o660
        draft.write_text(draft.read_text().partition("[[")[0] + "Words.\n")
        other = place.press if account.uid == DEPUTY else place.deputy
        other("schedule", draft.stem, "--yes", umask=umask)
        other("approve", draft.stem, "--as", "da", umask=umask)
        other("publish-due", umask=umask)
        account("status", umask=umask)
    assert len(place.office.pages) == 2 + drafts
    place.deputy("stop", umask=umask)
    place.press("resume", "--all", umask=umask)
    place.press("journal", "--verify")
    for path in (place.private, *place.private.rglob("*")):
        mode, found = stat.S_IMODE(path.stat().st_mode), path.stat()
        assert found.st_gid == GROUP, path
        assert mode == (0o2770 if path.is_dir() else 0o660), (path, oct(mode))
    assert "the group" in place.press("doctor", "--offline", expect=0)
    place.stranger("status", expect=77)


def test_doctor_finds_what_the_group_can_not_use(place: Place) -> None:
    place.press("schedule", "far", "--yes")
    place.share()
    (place.private / "state.db").chmod(0o600)
    said = place.press("doctor", "--offline", expect=10)
    assert "can't use .pressrelease/state.db" in said
    assert "chmod -R g+rwX" in said
    assert f"sudo chmod -R g+rwX {place.private}" in place.deputy("status", expect=77)


def test_the_default_stays_one_account(place: Place) -> None:
    place.press("schedule", "far", "--yes")
    place.private.chmod(0o750)
    place.press("status")
    assert stat.S_IMODE(place.private.stat().st_mode) == 0o700


# -- root ---------------------------------------------------------------------------------------------------------


def test_root_leaves_nothing_that_the_owner_can_not_use(place: Place) -> None:
    place.root("schedule", "due", "next", "--yes")
    place.root("approve", "due", "next", "--as", "da")
    place.root("publish", "due")
    place.root("new", "Another headline", "--embargo", "immediate")
    assert owners(place.office.folder) == {PRESS}
    place.press("publish-due")
    assert place.office.pages == ["due", "next"]
    place.press("doctor", "--offline")
    assert ": root scheduled version " in place.press("journal")


def test_doctor_names_what_root_left_earlier(place: Place) -> None:
    place.press("schedule", "far", "--yes")
    alive = place.private / "alive"
    alive.mkdir(mode=0o700, exist_ok=True)
    os.chown(alive, 0, 0)
    alive.chmod(0o700)
    said = place.press("doctor", "--offline", expect=10)
    assert "belongs to root" in said
    assert f"chown -R {PRESS}: {place.private}" in said
    assert "belongs to root" in place.press("publish-due", expect=77)


def test_root_runs_no_program_of_one_who_may_change_the_config(place: Place) -> None:
    mark = place.office.folder / "ran"
    with (place.office.folder / "config.toml").open("a") as config:
        config.write(f'[outlets.own]\ntype = "command"\nargv = ["/bin/sh", "-c", "id -u > {mark}"]\n')
        config.write('[defaults]\noutlets = ["own"]\n')
    place.root("schedule", "due", "--yes")
    place.root("approve", "due", "--as", "da")
    place.root("publish-due")
    assert mark.read_text().strip() == str(PRESS)


def test_root_says_so_if_the_owner_may_not_read_its_copy_of_the_program(place: Place) -> None:
    copy = place.office.folder.parent / "roots"
    shutil.copytree(Path(pressrelease.__file__).parent, copy / "pressrelease")
    copy.chmod(0o700)
    place.environment["PYTHONPATH"] = f"{copy}{os.pathsep}{Path(pytest.__file__).parents[1]}"
    assert "have permission to read this copy" in place.root("publish-due", expect=77)


@pytest.mark.parametrize("links", [True, False])
def test_root_goes_on_as_the_planter_whatever_of_a_workspace_is_roots(place: Place, links: bool) -> None:
    if links:
        place.private.symlink_to("/root")
    else:
        place.private.mkdir(mode=0o700)
    place.root("doctor", "--offline", expect=10)
    said = place.root("publish-due", expect=77)
    assert f"chown -R {PRESS}: {place.private}" in said
    place.root("new", "Another headline", "--embargo", "immediate")
    assert owners(place.office.folder / "releases") == {PRESS}


def test_root_goes_on_as_the_maker_of_a_link(place: Place) -> None:
    for path in (place.office.folder, *place.office.folder.rglob("*")):
        os.chown(path, 0, 0)
    place.private.symlink_to("/root")
    os.chown(place.private, PRESS, PRESS, follow_symlinks=False)
    before = sorted((place.office.folder / "releases").iterdir())
    place.root("new", "Another headline", "--embargo", "immediate", expect=10)
    assert sorted((place.office.folder / "releases").iterdir()) == before


@pytest.mark.parametrize("name", ["config.toml", "."])
def test_root_works_for_nobody_whose_config_another_may_change(place: Place, name: str) -> None:
    place.press("schedule", "due", "--yes")
    os.chown(place.office.folder / name, STRANGER, STRANGER)
    assert f"could run programs as uid {PRESS}" in place.root("publish-due", expect=77)
    os.chown(place.office.folder / name, 0, 0)
    place.root("publish-due")


def test_root_refuses_its_own_workspace_that_others_may_change(place: Place) -> None:
    for path in (place.office.folder, *place.office.folder.rglob("*")):
        os.chown(path, 0, 0)
    (place.office.folder / "config.toml").chmod(0o666)
    assert "others can change" in place.root("publish-due", expect=77)


# -- a workspace that was found and not named ---------------------------------------------------------------------


def test_a_planted_workspace_is_not_worked_in_unless_it_is_named(place: Place) -> None:
    below = place.office.folder / "below"
    below.mkdir()
    for account in (place.stranger, place.root):
        said = account("publish-due", cwd=below, expect=77)
        assert f"pressrelease --workspace {place.office.folder}" in said
    place.press("publish-due", cwd=below)
    place.office.folder.chmod(0o777)
    assert f"chmod o-w {place.office.folder}" in place.press("publish-due", cwd=below, expect=77)
