"""Create a workspace: its config, its folders, and a first draft that shows how a release is written."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pressrelease.config import read_config
from pressrelease.config.sample import sample_config
from pressrelease.library import Library
from pressrelease.release import front_matter_text
from pressrelease.system import clock

FIRST = "our-first-release"


def found_workspace(
    folder: Path, *, name: str, timezone: str, url: str, author: str, dry_run: bool = False
) -> list[Path]:
    """Write config.toml and releases/ into `folder`, overwriting nothing. Return the paths written, relative to it.

    Raises: ConfigRefused if the answers make no valid config.
    """
    text = sample_config(name, timezone, url=url)
    read_config(text)
    draft = front_matter_text(
        headline="Our first release",
        date=clock.utc_now().astimezone(ZoneInfo(timezone)).date(),
        embargo="tomorrow at 10 a.m.",
        author=author,
    )
    written = [Path("config.toml"), Path("releases") / f"{FIRST}.md"]
    if dry_run:
        return written
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "releases").mkdir(mode=0o750, exist_ok=True)  # what it will hold is embargoed
    if FIRST not in Library(folder / "releases").slugs():
        Library(folder / "releases").create(FIRST, draft)
    with (folder / "config.toml").open("x", encoding="utf-8") as stream:
        stream.write(text)
    return written
