"""`export`: everything about a release in one archive that a bare Python checks, and in which no change goes unseen."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import records
from calling import Caller
from hypothesis import example, given, settings
from hypothesis import strategies as st
from needed import needs_module
from office import FAR, HereOffice, found_office, make_original
from signing_keys import Keys, key, made_keys  # noqa: F401  (a fixture)

from pressrelease.services import ServiceContext
from pressrelease.services.exporting import export, script, verify_archive
from pressrelease.services.exporting.verify_archive import Finding, Outside, verify
from pressrelease.store.journal import BEGINNING, Event, Line, line_after

POLICY = (
    '[policy]\nallowed_signers = "../keys/allowed_signers"\n'
    '[clearances.charges]\nask = "Do the charges still stand?"\nby = ["deputy"]\nlife = "24h"\n'
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, made_keys: Keys) -> HereOffice:  # noqa: F811
    """An office with one release that is out, signed and cleared, and one far ahead, both exported into record.zip."""
    top = tmp_path_factory.mktemp("export")
    shutil.copytree(made_keys.folder, top / "keys")
    keys = Keys(top / "keys")
    office = HereOffice(found_office(top / "office", policy=POLICY).folder)
    (office.folder / "releases" / "sheet.pdf").write_bytes(b"%PDF-1.4 a sheet")
    office.write("names", attachments="[{path: sheet.pdf, title: Sheet}]", clearances="[charges]")
    office.write("far", embargo=FAR, body="Zqwords of the other.")
    office.run("schedule", "names", "far", "--yes")
    office.run("approve", "names", *key(keys, "da"))
    office.run("approve", "names", *key(keys, "deputy"))
    office.run("clear", "names", "charges", *key(keys, "deputy"))
    office.run("publish-due")
    assert office.pages == ["names"]
    office.run("export", "names", "-o", str(top / "record.zip"))
    return office


@pytest.fixture
def office(template: HereOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HereOffice:
    folder = Path(shutil.copytree(template.folder, tmp_path / "office", symlinks=True))
    shutil.copytree(template.folder.parent / "keys", tmp_path / "keys")
    make_original(folder)
    monkeypatch.chdir(folder)
    return HereOffice(folder)


@pytest.fixture(scope="module")
def archive(template: HereOffice) -> bytes:
    return (template.folder.parent / "record.zip").read_bytes()


@pytest.fixture(scope="module")
def outside(template: HereOffice) -> Outside:
    """What the office would give to somebody who checks an archive."""
    signers = (template.folder.parent / "keys" / "allowed_signers").read_bytes()
    return Outside(signers, ssh_keygen=shutil.which("ssh-keygen"))


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def packed(folder: Path, parts: Mapping[str, bytes]) -> str:
    file = folder / "changed.zip"
    with zipfile.ZipFile(file, "w") as whole:
        for name, content in parts.items():
            whole.writestr(name, content)
    return str(file)


def wrong(found: list[Finding]) -> str:
    return " ".join(one.says for one in found if one.holds is False)


# -- what is in it -------------------------------------------------------------------------------------------------


def test_a_bare_python_checks_it_in_an_empty_folder(template: HereOffice, archive: bytes, tmp_path: Path) -> None:
    top = template.folder.parent
    (tmp_path / "verify.py").write_bytes(members(archive)["verify.py"])
    command = [
        sys.executable,
        "-I",
        "verify.py",
        str(top / "record.zip"),
        "--signers",
        str(top / "keys/allowed_signers"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 3 signatures are by keys that the file of signers lists." in done.stdout
    assert "DOES NOT" not in done.stdout


def test_every_check_that_can_be_made_holds(archive: bytes, outside: Outside, tmp_path: Path) -> None:
    parts = members(archive)
    index = json.loads(parts["index.json"])
    known = outside._replace(
        head=index["journal"]["head"], index_sha256=hashlib.sha256(parts["index.json"]).hexdigest()
    )
    found = verify(packed(tmp_path, parts), known)
    assert [one for one in found if not one.holds] == []
    assert set(parts) == {"index.json"} | {one["name"] for one in index["files"]}
    version = next(name for name in parts if name.endswith("/release.txt")).removesuffix("release.txt")
    kept = {name.removeprefix(version) for name in parts if name.startswith(version)}
    assert kept == {
        "frozen.json", "settings.json", "release.txt", "release.html", "release.docx", "attachments/sheet.pdf"
    }  # fmt: skip
    assert b"%PDF-1.4 a sheet" in parts[f"{version}attachments/sheet.pdf"]
    assert parts["verify.py"] == script()


def test_the_summary_says_who_did_what_and_what_arrived(archive: bytes) -> None:
    words = members(archive)["SUMMARY.txt"].decode()
    for expected in (
        "THE RECORD OF A PRESS RELEASE",
        "Headline of names",
        "Approved by da, with a signature",
        "Clearance charges: given by deputy, with a signature",
        "newsroom: delivered",
        "newsroom accepted it",
        "HOW TO CHECK THIS ARCHIVE",
    ):
        assert expected in words, words
    assert "EMBARGO" not in words


def test_nothing_of_another_release_is_in_it(archive: bytes) -> None:
    for name, content in members(archive).items():
        assert b"far" not in content.replace(b"farther", b"") or name.endswith(("verify.py", ".docx")), name
        assert b"Zqwords" not in content


def test_the_word_file_opens(archive: bytes) -> None:
    docx = needs_module("docx")
    parts = members(archive)
    content = next(parts[name] for name in parts if name.endswith(".docx"))
    text = [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]
    assert text[0].startswith("FROM THE RECORD – version ")
    assert "Headline of names" in text


def test_a_release_under_embargo_says_so_everywhere(office: HereOffice) -> None:
    file = office.folder.parent / "far.zip"
    done = office.run("export", "far", "-o", str(file))
    assert "far: EMBARGOED UNTIL Thursday, Sept. 24, 2099, 9 a.m. PDT. NOT FOR RELEASE." in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    parts = members(file.read_bytes())
    assert "EMBARGOED UNTIL Thursday" in parts["SUMMARY.txt"].decode()[:200]
    assert json.loads(parts["index.json"])["embargoed"] == ["far"]
    for name in parts:
        if name.endswith(("release.txt", "release.html")):
            assert "EMBARGOED UNTIL Thursday, Sept. 24, 2099, 9 a.m. PDT – NOT FOR RELEASE" in parts[name].decode()
            assert "FOR IMMEDIATE RELEASE" not in parts[name].decode()


def test_what_was_never_sent_does_not_look_released(office: HereOffice) -> None:
    office.write("waits")
    office.run("schedule", "waits", "--yes")
    done = office.run("export", "waits", "-o", "../waits.zip")
    assert "waits: NOT FOR RELEASE. It is not approved yet." in done.stderr
    office.run("unschedule", "waits")
    done = office.run("export", "waits", "-o", "../again.zip")
    assert "waits: NOT FOR RELEASE. It was never published." in done.stderr
    parts = members((office.folder / "../again.zip").read_bytes())
    text = next(parts[name] for name in parts if name.endswith("release.txt")).decode()
    assert text.startswith("NOT PUBLISHED – NOT FOR RELEASE\n")


def test_a_withdrawn_release_says_so_and_its_withdrawals_are_in_it(office: HereOffice, outside: Outside) -> None:
    office.run("kill", "names", "--why", "a wrong name", "--confirm", "names")
    office.run("publish-due")
    office.run("export", "names", "-o", "../killed.zip")
    file = str(office.folder.parent / "killed.zip")
    parts = members(Path(file).read_bytes())
    assert "names: WITHDRAWN. DO NOT USE." in parts["SUMMARY.txt"].decode()[:200]
    for name in parts:
        if name.endswith(("release.txt", "release.html")):
            assert "WITHDRAWN – DO NOT USE" in parts[name].decode()
    rows = json.loads(parts["releases/names/deliveries.json"])
    assert [(one["action"], one["state"]) for one in rows] == [("publish", "delivered"), ("withdraw", "delivered")]
    assert not wrong(verify(file, outside))
    for swapped in (changed_json("deliveries", lambda rows: rows[1].update(action="publish")),
                    changed_json("deliveries", lambda rows: rows.pop())):  # fmt: skip
        changed = dict(parts)
        swapped(changed)
        assert "delivery to newsroom that is not here" in wrong(
            verify(packed(office.folder, reindexed(changed)), outside)
        )


def test_a_correction_is_in_it_with_its_note_and_its_signatures(office: HereOffice, outside: Outside) -> None:
    keys = Keys(office.folder.parent / "keys")
    office.write("names", body="Other words.", clearances="[charges]")
    office.run("correct", "names", "--note", "A name was wrong.", "--yes")
    office.run("approve", "names", *key(keys, "da"))
    office.run("clear", "names", "charges", *key(keys, "deputy"))
    office.run("publish-due")
    office.run("export", "names", "-o", "../corrected.zip")
    file = str(office.folder.parent / "corrected.zip")
    parts = members(Path(file).read_bytes())
    assert "Its note to readers: A name was wrong." in parts["SUMMARY.txt"].decode()
    rows = json.loads(parts["releases/names/deliveries.json"])
    assert [(one["n"], one["action"], one["state"]) for one in rows] == [
        (1, "publish", "delivered"), (2, "correct", "delivered")
    ]  # fmt: skip
    found = verify(file, outside)
    assert not wrong(found)
    assert any("signatures are by keys that the file of signers lists" in one.says for one in found)
    assert "names: each approval (3, 3 signed) is in the journal." in [one.says for one in found]
    changed = changed_json("versions", lambda rows: rows.pop())
    changed(parts)
    assert "the journal freezes a version" in wrong(verify(packed(office.folder, reindexed(parts)), outside))


def test_each_version_that_was_ever_frozen_is_in_it(office: HereOffice, outside: Outside) -> None:
    office.write("far", embargo=FAR, body="The second words.")
    office.run("schedule", "far", "--yes")
    office.run("export", "far", "names", "-o", "../both.zip")
    parts = members((office.folder / "../both.zip").read_bytes())
    texts = [
        parts[name].decode() for name in sorted(parts) if name.startswith("releases/far/") and "release.txt" in name
    ]
    assert ["Zqwords" in text for text in texts] == [True, False]
    assert verify(str(office.folder / "../both.zip"), outside)[0].holds
    assert not wrong(verify(str(office.folder / "../both.zip"), outside))


def test_it_is_recorded_who_exported_what(office: HereOffice) -> None:
    found = office.json("export", "names", "-o", "../one.zip")
    lines = [json.loads(line) for line in office.run("journal", "--json").stdout.splitlines()]
    assert lines[-1]["event"] == "exported"
    assert lines[-1]["detail"]["index"] == found["index"]
    assert lines[-1]["detail"]["releases"] == ["names"]
    office.run("journal", "--verify", "--head", found["head"])


def test_several_are_each_in_it_or_refused(office: HereOffice) -> None:
    found = office.json("export", "names", "nothing", "-o", "../some.zip", expect=66)
    assert [one["slug"] for one in found["releases"]] == ["names"]
    assert [one["slug"] for one in found["refused"]] == ["nothing"]
    assert not wrong(verify(str(office.folder / "../some.zip"), Outside()))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nothing", "-o", "../x.zip"), 66),
        (("names",), 2),
        (("-o", "../x.zip"), 2),
        (("names", "-o", "newsroom/x.zip"), 77),
        (("names", "-o", "../keys/allowed_signers"), 77),
        (("names", "-o", "../no/such/x.zip"), 66),
        (("names", "--verify", "../x.zip"), 2),
        (("--verify", "../none.zip"), 66),
    ],
)
def test_what_can_not_be_done_is_refused_and_leaves_no_file(
    office: HereOffice, arguments: tuple[str, ...], code: int
) -> None:
    office.run("export", *arguments, expect=code)
    assert not (office.folder.parent / "x.zip").exists()
    assert not list((office.folder / ".pressrelease").glob("exporting-*"))


def test_a_dry_run_makes_nothing(office: HereOffice) -> None:
    before = office.run("journal").stdout
    office.run("export", "names", "-o", str(office.folder.parent / "x.zip"), "--dry-run")
    assert not (office.folder.parent / "x.zip").exists()
    assert office.run("journal").stdout == before


def test_on_either_database(store_url: str, tmp_path: Path) -> None:
    workspace = records.office(tmp_path / "office", store_url=store_url)
    context = records.schedule(workspace, "names")
    export(context, ["names"], tmp_path / "x.zip", sentence=lambda line: line.event)
    found = verify(str(tmp_path / "x.zip"), Outside())
    assert len(found) > 5
    assert not wrong(found)
    workspace.store.close()


# -- tampering: the archive as it is, with one part changed ---------------------------------------------------------


@settings(max_examples=60)
@given(place=st.integers(0, 1_000_000), which=st.integers(0, 1_000), put=st.integers(1, 255))
@example(place=0, which=0, put=1)
def test_no_changed_byte_goes_unseen(
    archive: bytes, tmp_path_factory: pytest.TempPathFactory, place: int, which: int, put: int
) -> None:
    parts = members(archive)
    name = sorted(parts)[which % len(parts)]
    content = bytearray(parts[name])
    content[place % len(content)] ^= put
    if name == "index.json":  # blanks between its values mean nothing, unless its own SHA-256 is known
        index = hashlib.sha256(parts[name]).hexdigest()
        changed = packed(tmp_path_factory.getbasetemp(), parts | {name: bytes(content)})
        assert wrong(verify(changed, Outside(index_sha256=index)))
    else:
        assert wrong(verify(packed(tmp_path_factory.getbasetemp(), parts | {name: bytes(content)}), Outside()))


def test_a_part_that_is_missing_or_added_is_seen(archive: bytes, tmp_path: Path) -> None:
    parts = members(archive)
    for name in parts:
        assert wrong(verify(packed(tmp_path, {key: parts[key] for key in parts if key != name}), Outside())), name
    assert "extra.txt is not listed" in wrong(verify(packed(tmp_path, parts | {"extra.txt": b""}), Outside()))


# -- tampering by somebody who also writes the index again ------------------------------------------------------------


def reindexed(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts with an index that fits them, as somebody with skill would make it."""
    index = json.loads(parts["index.json"])
    rest = {name: parts[name] for name in parts if name != "index.json"}
    index["files"] = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in rest.items()
    ]
    lines = [json.loads(line) for line in parts["journal.jsonl"].splitlines()]
    hashes = "".join(f"{line['hash']}\n" for line in lines)
    index["journal"] = {
        "head": f"{len(lines)}:{lines[-1]['hash']}", "hashes": hashlib.sha256(hashes.encode()).hexdigest()
    }  # fmt: skip
    return rest | {"index.json": json.dumps(index).encode()}


def changed_json(name: str, change: Callable[[list[dict[str, object]]], None]) -> Callable[[dict[str, bytes]], None]:
    def do(parts: dict[str, bytes]) -> None:
        rows = json.loads(parts[f"releases/names/{name}.json"])
        change(rows)
        parts[f"releases/names/{name}.json"] = json.dumps(rows).encode()

    return do


def replaced(ending: str, before: bytes, after: bytes) -> Callable[[dict[str, bytes]], None]:
    def do(parts: dict[str, bytes]) -> None:
        (name,) = [name for name in parts if name.endswith(ending)]
        assert before in parts[name]
        parts[name] = parts[name].replace(before, after, 1)

    return do


def chained_again(change: Callable[[dict[str, object]], None]) -> Callable[[dict[str, bytes]], None]:
    """Changes lines, and makes the whole chain again: what nothing inside can show."""

    def do(parts: dict[str, bytes]) -> None:
        lines, head = [], (0, BEGINNING)
        for raw in parts["journal.jsonl"].splitlines():
            line = json.loads(raw)
            if "event" not in line:
                lines.append(line)
                head = (line["n"], line["hash"])
                continue
            detail = json.loads(line["detail"])
            change(detail | {"event": line["event"]})
            event = Event(line["event"], line["slug"], line["version"], detail)
            made: Line = line_after(head, event, at=line["at"], actor="somebody", host=line["host"])
            lines.append(made._asdict())
            head = (made.n, made.hash)
        parts["journal.jsonl"] = "".join(json.dumps(line) + "\n" for line in lines).encode()

    return do


def first_line_cut(parts: dict[str, bytes]) -> None:
    parts["journal.jsonl"] = parts["journal.jsonl"].split(b"\n", 1)[1]


def last_line_cut(parts: dict[str, bytes]) -> None:
    parts["journal.jsonl"] = b"".join(parts["journal.jsonl"].splitlines(keepends=True)[:-1])


SKILLED: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "the text": (replaced("frozen.json", b"Words.", b"Other."), "not those that it was named for"),
    "the settings": (replaced("settings.json", b"Office", b"Ofice!"), "not what was frozen"),
    "an attachment": (replaced("sheet.pdf", b"a sheet", b"another"), "not the one that was frozen"),
    "the lift": (
        changed_json("versions", lambda rows: rows[0].update(lift="2020-01-05T17:00:00Z")), "it was named for"
    ),
    "the recipients": (
        changed_json("deliveries", lambda rows: rows.append(rows[0] | {"recipient": "x", "state": "waiting"})),
        "recipients at newsroom are not those",
    ),
    "a version left out": (changed_json("versions", lambda rows: rows.clear()), "a version"),
    "who approved": (changed_json("approvals", lambda rows: rows[0].update(by="x")), "is not in the journal"),
    "when it was approved": (
        changed_json("approvals", lambda rows: rows[0].update(at="2020-01-05T17:00:00Z")), "is not in the journal"
    ),
    "an approval left out": (changed_json("approvals", lambda rows: rows.pop()), "has an approval by deputy"),
    "the signed words": (
        changed_json("approvals", lambda rows: rows[0].update(signed='{"approves": "other"}')), "for something else"
    ),
    "another's signature": (
        changed_json("approvals", lambda rows: rows[0].update(signature=rows[1]["signature"])), "by a key listed for da"
    ),
    "a clearance": (changed_json("clearances", lambda rows: rows[0].update(by="da")), "not in the journal as it is"),
    "a clearance's words": (
        changed_json("clearances", lambda rows: rows[0].update(signed=str(rows[0]["signed"]).replace("still", "not"))),
        "not by a key listed",
    ),
    "a receipt": (changed_json("deliveries", lambda rows: rows[0].update(url="https://x.example")), "the receipt from"),
    "a delivery left out": (changed_json("deliveries", lambda rows: rows.clear()), "has a delivery to newsroom"),
    "a line of the journal": (replaced("journal.jsonl", b'"actor":"', b'"actor":"x'), "was changed"),
    "the journal's beginning": (first_line_cut, "Line 1 of the journal is missing"),
}  # fmt: skip


@pytest.mark.parametrize("what", SKILLED)
def test_a_change_is_seen_though_the_index_fits_it(archive: bytes, outside: Outside, tmp_path: Path, what: str) -> None:
    change, expected = SKILLED[what]
    parts = members(archive)
    change(parts)
    assert expected in wrong(verify(packed(tmp_path, reindexed(parts)), outside))


@pytest.mark.parametrize("change", [chained_again(lambda detail: None), last_line_cut], ids=["rewritten", "cut off"])
def test_what_is_known_from_elsewhere_shows_the_rest(
    archive: bytes, outside: Outside, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    parts = members(archive)
    index, head = parts["index.json"], json.loads(parts["index.json"])["journal"]["head"]
    change(parts)
    file = packed(tmp_path, reindexed(parts))
    assert "The head that you named is not in it." in wrong(verify(file, outside._replace(head=head)))
    known = outside._replace(index_sha256=hashlib.sha256(index).hexdigest())
    assert "The index is not the one that you named" in wrong(verify(file, known))


def test_signers_come_from_outside(archive: bytes, outside: Outside, tmp_path: Path) -> None:
    file = packed(tmp_path, members(archive))
    (unsure,) = [one for one in verify(file, Outside()) if "signatures" in one.says]
    assert unsure.holds is None
    assert "not by a key listed for da" in wrong(verify(file, outside._replace(signers=b"# nobody\n")))


# -- hostile archives -------------------------------------------------------------------------------------------------


def _hostile(folder: Path, parts: Mapping[str, bytes], add: Callable[[zipfile.ZipFile], None]) -> str:
    file = folder / "hostile.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, content in parts.items():
            whole.writestr(name, content)
        add(whole)
    return str(file)


def _link(whole: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    whole.writestr(info, "/etc/passwd")


HOSTILE: dict[str, tuple[Callable[[zipfile.ZipFile], None], str]] = {
    "a doubled name": (lambda whole: whole.writestr("index.json", "{}"), "two files with one name"),
    "a name in other letters": (lambda whole: whole.writestr("INDEX.json", "{}"), "two files with one name"),
    "an absolute path": (lambda whole: whole.writestr("/etc/passwd", ""), "leads to another folder"),
    "a drive": (lambda whole: whole.writestr("C:x", ""), "leads to another folder"),
    "a way out": (lambda whole: whole.writestr("releases/../../x", ""), "leads to another folder"),
    "a way out with backslashes": (lambda whole: whole.writestr("a\\..\\x", ""), "leads to another folder"),
    "a control character": (lambda whole: whole.writestr("a\x1b[2J", ""), "leads to another folder"),
    "a folder": (lambda whole: whole.writestr("folder/", ""), "another folder"),
    "a link": (_link, "a link"),
    "a bomb": (lambda whole: whole.writestr("bomb", b"\0" * (3 << 20)), "too large"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_is_refused(
    archive: bytes, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_archive, "LARGEST_FILE", 2 << 20)  # to make a small bomb
    add, expected = HOSTILE[what]
    (found,) = verify(_hostile(tmp_path, members(archive), add), Outside())
    assert found.holds is False
    assert expected in found.says


def test_sizes_that_are_lies_are_refused(archive: bytes, tmp_path: Path) -> None:
    data = bytearray(archive)
    directory = data.rindex(b"PK\x01\x02", 0, data.rindex(b"index.json"))
    for place in (directory + 20, directory + 24):  # the sizes of the last member, packed and unpacked
        lies = data.copy()
        lies[place : place + 4] = (len(data) * 40).to_bytes(4, "little")
        (tmp_path / "lies.zip").write_bytes(lies)
        assert wrong(verify(str(tmp_path / "lies.zip"), Outside()))


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + b"\0" * 40])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    assert wrong(verify(str(tmp_path / "x.zip"), Outside()))


@pytest.mark.parametrize(
    "index", [b"[]", b"null", b"[" * 100_000, b'{"format": "pressrelease-export"}', b"\xff"], ids=range(5)
)
def test_an_index_of_any_kind_is_refused_in_words(archive: bytes, tmp_path: Path, index: bytes) -> None:
    (found,) = verify(packed(tmp_path, members(archive) | {"index.json": index}), Outside())
    assert "was refused" in found.says


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_takes_the_signers_of_the_policy(office: HereOffice, call: Caller, archive: bytes) -> None:
    office.run("export", "names", "-o", "../x.zip")
    file = str(office.folder.parent / "x.zip")
    found = office.json("export", "--verify", file)
    assert found["holds"]
    assert any("3 signatures are by keys" in one["message"] for one in found["findings"])
    parts = members(Path(file).read_bytes())
    replaced("frozen.json", b"Words.", b"Other.")(parts)
    changed = packed(office.folder.parent, reindexed(parts))
    found = office.json("export", "--verify", changed, expect=65)
    assert not found["holds"]
    assert found["error"]["code"] == "archive_refused"


def test_anybody_can_check_one_without_a_workspace(
    call: Caller, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.zip").write_bytes(archive)
    monkeypatch.chdir(tmp_path)
    call("export", "--verify", "x.zip")
    assert "Everything that was checked holds." in call.out
    assert "not checked" in call.out


def test_signers_that_others_could_change_are_not_believed(office: HereOffice, template: HereOffice) -> None:
    signers = office.folder.parent / "keys" / "allowed_signers"
    signers.chmod(0o666)
    done = office.run("export", "--verify", str(template.folder.parent / "record.zip"), expect=2)
    assert "can't be trusted" in done.stderr


def test_the_documentation_has_the_hash_of_the_script() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "export-records.md"
    assert hashlib.sha256(script()).hexdigest() in page.read_text(encoding="utf-8")


def test_a_context_is_enough(tmp_path: Path) -> None:
    workspace = records.office(tmp_path / "office")
    records.schedule(workspace, "names")
    made = export(ServiceContext(workspace, "clerk"), ["names"], tmp_path / "x.zip", sentence=str)
    assert made.embargoes
    workspace.store.close()
