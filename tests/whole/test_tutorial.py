"""The tutorial, followed: each command typed as it is printed, in a new home, with the answers that the page gives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from office import found_office

TOP = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
PAGE = TOP / "docs" / "tutorial" / "first-week.md"

#: A block, and what a comment before it says to do with it: `answer TEXT`, `refused CODE`, `text FILE`, `edit FILE`.
_BLOCK = re.compile(r"(?:<!-- (\w+) (\S+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)


def blocks() -> Iterator[tuple[str, str, str, str]]:
    """What to do, with what, the block's language, and its lines."""
    for found in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        yield found[1] or "", found[2] or "", found[3], found[4]


def run(line: str, folder: Path, environment: dict[str, str], answer: str) -> tuple[int, str]:
    """The exit code of a command at a terminal of its own, and what it showed."""
    import pty
    import threading

    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    shown: list[bytes] = []

    def read() -> None:
        try:
            while chunk := os.read(ours, 65536):
                shown.append(chunk)
        except OSError:  # Linux: the other side is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, check=False
    )
    os.close(theirs)
    reader.join(10)
    os.close(ours)
    return done.returncode, b"".join(shown).decode()


@pytest.mark.slow  # thirty commands, each with its start
@pytest.mark.skipif(sys.platform == "win32", reason="the tutorial's commands are for a POSIX shell")
def test_the_tutorial_ends_with_two_published_releases_and_each_command_does_what_the_page_says(tmp_path: Path) -> None:
    folder = tmp_path
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "TERM": "dumb",
        "COLUMNS": "100",
    }
    seen = ""
    for verb, argument, language, text in blocks():
        if verb == "text":
            file = folder / argument
            front = re.match(r"---\n.*?\n---\n", file.read_text(encoding="utf-8"), re.DOTALL)
            assert front, f"{argument} has no front matter"
            file.write_text(f"{front[0]}\n{text}", encoding="utf-8")
        elif verb == "edit":
            file = folder / argument
            config = file.read_text(encoding="utf-8")
            assert f"#{text.strip()}" in config, f"{argument} has no line #{text}"
            file.write_text(config.replace(f"#{text.strip()}", text.strip()), encoding="utf-8")
        elif language == "sh":
            for line in text.splitlines():
                if line.startswith("cd "):
                    folder = tmp_path if line == "cd ~" else folder / line[3:]
                    continue
                code, shown = run(line, folder, environment, argument if verb == "answer" else "")
                assert code == (int(argument) if verb == "refused" else 0), f"{line}\n{shown}"
                seen += shown
    pages = sorted(page.parent.name for page in (folder / "newsroom").glob("*/index.html"))
    assert pages == sorted(path.stem for path in (folder / "releases").glob("*.md"))
    assert len(pages) == 2
    assert "The journal is intact" in " ".join(seen.split())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the drill's commands are for a POSIX shell")
def test_the_restore_drill_finds_the_releases_and_leaves_the_office_as_it_is(tmp_path: Path) -> None:
    page = (TOP / "docs" / "how-to" / "back-up-and-restore.md").read_text(encoding="utf-8")
    drill = page.partition("<!-- tried by tests -->\n```sh\n")[2].partition("```")[0]
    assert len(drill.splitlines()) >= 5, "the drill is gone"
    (tmp_path / "backups").mkdir()
    office = found_office(tmp_path / "office")
    office.write("ahead", embargo="2099-01-05T09:00:00-08:00")
    office.run("schedule", "ahead", "--yes")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    drill = drill.replace("/backups/", f"{tmp_path}/backups/").replace("/srv/drill", f"{tmp_path}/drill")
    seen = ""
    for line in drill.splitlines():
        code, shown = run(line, office.folder, environment, "")
        assert code == 0, f"{line}\n{shown}"
        seen += shown
    assert "STOPPED" in seen
    assert "The journal is intact" in " ".join(seen.split())
    assert office.state("ahead") == "unapproved"
    assert not (tmp_path / "drill").exists()
