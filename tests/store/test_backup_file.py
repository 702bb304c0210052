"""A backup's file: what is put in comes out, and whatever anybody made of one is refused before a byte is unpacked."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from pressrelease.errors import NotFound, Refused
from pressrelease.store import archive
from pressrelease.store.journal import Head

MADE = datetime(2018, 9, 21, 16, tzinfo=UTC)
FILES = {
    "state.db": b"the record" * 999,
    "config.toml": b"[office]\n",
    "releases/a.md": b"Words.",
    "releases/b/c.pdf": b"",
}


def made(files: dict[str, bytes]) -> bytes:
    """A backup with these members, as `Writer` makes it."""
    stream = io.BytesIO()
    writer = archive.Writer(stream)
    for name, data in files.items():
        writer.add(name, io.BytesIO(data))
    writer.finish(
        archive.Manifest(MADE, "0.1", "store", "sqlite", Head(7, "a" * 64), holds=True, members=tuple(writer.members))
    )
    return stream.getvalue()


def unpack(data: bytes, folder: Path) -> dict[str, bytes]:
    """What comes out of a backup; raises as `opened` and `unpack` do."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "backup.zip"
    file.write_bytes(data)
    out = folder / "out"
    with archive.opened(file) as opened:
        opened.check()
        opened.unpack(out)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_what_is_put_in_comes_out(tmp_path: Path) -> None:
    assert unpack(made(FILES), tmp_path) == FILES
    with archive.opened(tmp_path / "backup.zip") as opened:
        manifest = opened.manifest
    assert (manifest.made_at, manifest.head, manifest.store_id, manifest.holds) == (
        MADE,
        Head(7, "a" * 64),
        "store",
        True,
    )
    assert stat.S_IMODE((tmp_path / "out/releases/a.md").stat().st_mode) == 0o600


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@examples(30)
@given(name=NAMES, data=st.binary(max_size=200))
def test_a_name_that_may_be_kept_is_unpacked_where_it_says_and_any_other_is_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("name", numbered=True)
    try:
        if archive.may_be_kept(name.split("/")) and name not in {"a.md", "b"} and not name.startswith(("a.md/", "b/")):
            assert unpack(made(FILES | {f"releases/{name}": data}), folder)[f"releases/{name}"] == data
        else:
            with pytest.raises(Refused):
                unpack(made(FILES | {f"releases/{name}": data, "releases/../x": b""}), folder)
        assert {path.name for path in folder.iterdir()} <= {"backup.zip", "out"}
    finally:
        shutil.rmtree(folder)


Change = Callable[[list[zipfile.ZipInfo], dict[str, bytes], dict[str, Any]], None]


def forged(change: Change, *, again: tuple[str, bytes] | None = None) -> bytes:
    """A backup whose parts and manifest somebody changed, with a manifest that agrees otherwise."""
    with zipfile.ZipFile(io.BytesIO(made(FILES))) as whole:
        data = {info.filename: whole.read(info) for info in whole.infolist()}
    manifest = json.loads(data.pop("manifest.json"))
    infos = []
    for name in data:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        infos.append(info)
    change(infos, data, manifest)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as whole:
        for info in infos:
            whole.writestr(info, data[info.filename])
        whole.writestr("manifest.json", manifest if isinstance(manifest, bytes) else json.dumps(manifest))
        if again:
            whole.writestr(*again)
    return stream.getvalue()


def renamed(name: str) -> Change:
    def change(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
        data[name] = data.pop("releases/a.md")
        infos[2].filename = name
        manifest["members"][2]["name"] = name

    return change


def kind(mode: int) -> Change:
    def change(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
        infos[2].external_attr = (mode | 0o777) << 16

    return change


def packed(how: int) -> Change:
    def change(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
        infos[2].compress_type = how

    return change


def said(**values: Any) -> Change:
    def change(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest.update(values)

    return change


def member(**values: Any) -> Change:
    def change(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["members"][2].update(values)

    return change


def unnamed(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del manifest["members"][2]


def left_out(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del infos[2]


def no_record(infos: list[zipfile.ZipInfo], data: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del infos[0], manifest["members"][0]


HOSTILE: dict[str, Change] = {
    **{
        f"named {name!r}": renamed(name)
        for name in (
            "../evil", "/etc/cron.d/evil", "releases/../../evil", "releases/..", "releases//evil", "releases/./evil",
            "releases\\..\\evil", "releases/..\\evil", "C:/evil",
            "releases/C:evil", "releases/.hidden", "releases/con.md",
            "releases/a\x00b", "releases/a\nb", "releases/" + "x/" * 40 + "y", "releases/" + "n" * 2000,
            "newsroom/x.html", ".pressrelease/state.db", "manifest.json", "releases/", "state.db-wal", "lists/../evil",
        )
    },
    "a symbolic link": kind(stat.S_IFLNK),
    "a device": kind(stat.S_IFCHR),
    "a folder": kind(stat.S_IFDIR),
    "a pipe": kind(stat.S_IFIFO),
    "packed with bzip2": packed(zipfile.ZIP_BZIP2),
    "packed with lzma": packed(zipfile.ZIP_LZMA),
    "another format": said(format="borg"),
    "no format": said(format=None),
    "a head that is none": said(journal={"head": "seven", "holds": True}),
    "no journal": said(journal=None),
    "a time that is none": said(made_at="noon"),
    "a number for a name": said(store_id=7),
    "no members": said(members=None),
    "a member that is none": said(members=[7]),
    "smaller than it is": member(size=1),
    "larger than it is": member(size=10**6),
    "less than nothing": member(size=-1),
    "beyond all numbers": member(size=10**40),
    "another hash": member(sha256="0" * 64),
    "a member that the manifest does not name": unnamed,
    "a member that is not there": left_out,
    "no record": no_record,
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_somebody_made_of_a_backup_is_refused(tmp_path: Path, change: Change) -> None:
    with pytest.raises(Refused) as refused:
        unpack(forged(change), tmp_path / "in")
    assert refused.value.exit_code == 65
    assert {path.name for path in tmp_path.iterdir()} == {"in"}
    assert {path.name for path in (tmp_path / "in").iterdir()} <= {"backup.zip", "out"}
    assert not [path for path in (tmp_path / "in").rglob("*") if path.is_symlink()]


def test_the_forger_makes_a_sound_backup_where_nothing_is_changed(tmp_path: Path) -> None:
    assert unpack(forged(said()), tmp_path) == FILES


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = forged(said(), again=("releases/a.md", b"Other words."))
    with pytest.raises(Refused):
        unpack(twice, tmp_path)


def test_a_newer_backup_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="newer"):
        unpack(forged(said(format_number=2)), tmp_path)


@pytest.mark.parametrize("size", [archive.LARGEST_CONFIG + 1, 100 << 20])
def test_a_bomb_is_refused_by_its_size(tmp_path: Path, size: int) -> None:
    bomb = made(FILES | {"config.toml": bytes(size)})
    assert len(bomb) < size // 100
    with pytest.raises(Refused, match="too large"):
        unpack(bomb, tmp_path)


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The zip's directory and the manifest both say one byte; a megabyte would come out."""
    data = made(FILES | {"releases/a.md": bytes(1 << 20)})
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        manifest = json.loads(whole.read("manifest.json"))
        infos = {info.filename: info for info in whole.infolist()}
        parts = {name: whole.read(name) for name in infos if name != "manifest.json"}
    for entry in manifest["members"]:
        if entry["name"] == "releases/a.md":
            entry["size"] = 1
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, content in parts.items():
            whole.writestr(name, content)
        whole.writestr("manifest.json", json.dumps(manifest))
        for info in whole.infolist():
            if info.filename == "releases/a.md":
                info.file_size = 1  # as it will stand in the directory
    with pytest.raises(Refused):
        unpack(stream.getvalue(), tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 100_000


@pytest.mark.parametrize("data", [b"", b"PK", b"Dear diary, " * 99, made(FILES)[:-30], made(FILES)[40:]], ids=len)
def test_what_is_no_backup_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Refused):
        unpack(data, tmp_path)


def test_a_manifest_that_is_no_json_is_refused(tmp_path: Path) -> None:
    for text in ("", "[" * 100_000, '"x"', "{", "\xff"):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as whole:
            whole.writestr("manifest.json", text)
        with pytest.raises(Refused):
            unpack(stream.getvalue(), tmp_path / str(len(text)))


def test_no_file_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(NotFound), archive.opened(tmp_path / "nothing.zip"):
        pass
    with pytest.raises(Refused), archive.opened(tmp_path):
        pass


WHOLE = made(FILES)


@examples(60)
@given(place=st.integers(0, len(WHOLE) - 1), to=st.integers(1, 255))
def test_a_flipped_byte_changes_nothing_that_is_believed(
    tmp_path_factory: pytest.TempPathFactory, place: int, to: int
) -> None:
    data = bytearray(WHOLE)
    data[place] ^= to
    folder = tmp_path_factory.mktemp("flip", numbered=True)
    try:
        got = unpack(bytes(data), folder)
    except Refused:
        return
    finally:
        shutil.rmtree(folder)
    assert got == FILES


def test_the_manifest_names_all_of_its_fields() -> None:
    told = json.loads(archive.Manifest(MADE, "0", "s", "sqlite", Head(0, "0" * 64), holds=True, members=()).as_json())
    assert set(told) == {"format", "format_number", "made_at", "program", "store_id", "database", "journal", "members"}
    assert {field.name for field in dataclasses.fields(archive.Member)} == {"name", "size", "sha256"}
