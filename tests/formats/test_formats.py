"""IPTC's formats against IPTC's own schemas."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from needed import needs_module

from pressrelease.config import Office
from pressrelease.formats.news_item import Edition, PubStatus, editors_note, identity
from pressrelease.formats.newsml import newsml
from pressrelease.formats.ninjs import ninjs
from pressrelease.message import Message, compose
from pressrelease.release import Contact, Release
from pressrelease.release.delivery import Action

IPTC = Path(__file__).parents[1] / "examples" / "iptc"
LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
CREATED = LIFT - timedelta(days=3)
OFFICE = Office(
    "Office of the District Attorney",
    "America/Los_Angeles",
    url="https://www.da.example",
    contact=Contact("Press", "530 555 0100", "media@da.example"),
)
RELEASE = Release(
    slug="names-released",
    headline="Names released & charges filed",
    embargo="the week of 9/24",
    body="Nineteen people were **arrested** over the *weekend*.\n\n- one\n- two\n\n## What follows\n\nMore < less.",
    subhead="Nineteen people",
    dateline="AUBURN, Calif.",
    keywords=("courts", "trafficking"),
    editor_note="Photos at 10.",
)
AHEAD = Edition(1, CREATED, embargoed_until=LIFT)
NS = {"n": "http://iptc.org/std/nar/2006-10-01/"}


def composed(release: Release = RELEASE, office: Office = OFFICE, url: str = "") -> Message:
    return compose(release, version="v1", office=office, lift=LIFT, url=url, attachments={})


MESSAGE = composed()


@pytest.fixture(scope="module")
def ninjs_schemas() -> list[Any]:
    """Validators for 3.1, and for 3.2 as announced: the same with its own name."""
    jsonschema = needs_module("jsonschema")
    needs_module("rfc3339_validator")
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    geo = json.loads((IPTC / "GeoJSON.json").read_text(encoding="utf-8"))
    named = Resource.from_contents(geo, default_specification=DRAFT202012)
    addresses = ("https://geojson.org/schema/GeoJSON.json", "https://geojson.org/schema/GeoJSON.json#")
    registry = Registry().with_resources([(address, named) for address in addresses])
    schema = json.loads((IPTC / "ninjs-schema_3.1.json").read_text(encoding="utf-8"))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return [
        jsonschema.Draft202012Validator(one, registry=registry, format_checker=checker)
        for one in (schema, schema | {"$id": schema["$id"].replace("3.1", "3.2")})
    ]


@pytest.fixture(scope="module")
def newsml_schema() -> Any:
    etree = needs_module("lxml.etree")
    # The schema names W3C's xml.xsd; it is the one beside it, and nothing is fetched.
    parser = etree.XMLParser(no_network=True)
    return etree.XMLSchema(etree.parse(str(IPTC / "NewsML-G2_2.35-spec-All-Power.xsd"), parser))


def test_the_schema_is_really_asked(ninjs_schemas: list[Any]) -> None:
    document = json.loads(ninjs(MESSAGE, AHEAD))
    for schema in ninjs_schemas:
        schema.validate(document)
        for wrong in ({"embargoedUntil": "banana"}, {"embargoedReason": "a courtesy"}, {"pubStatus": "cancelled"}):
            assert not schema.is_valid(document | wrong), wrong


EDITIONS = [
    AHEAD,
    Edition(1, CREATED),
    Edition(2, CREATED, PubStatus.WITHHELD, LIFT),
    Edition(2, CREATED),
    Edition(3, CREATED, PubStatus.CANCELED),
]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("url", ["", "https://www.da.example/news/names-released/"])
def test_ninjs_is_valid(ninjs_schemas: list[Any], edition: Edition, url: str) -> None:
    document = json.loads(ninjs(composed(url=url), edition))
    for schema in ninjs_schemas:
        schema.validate(document)


@pytest.mark.parametrize("edition", EDITIONS)
def test_newsml_is_valid(newsml_schema: Any, edition: Edition) -> None:
    from lxml import etree

    newsml_schema.assertValid(etree.fromstring(newsml(MESSAGE, edition)))


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@examples(25)
@example(headline="", note="", dateline="", keyword="\r", body="", language="en-US")
@example(headline="\r", note="\r", dateline="\u2028", keyword="\x0b", body="\r", language="en-US")
@given(headline=words, note=words, dateline=words, keyword=words, body=words, language=st.sampled_from(["en-US", "es"]))
def test_no_words_make_either_invalid(
    ninjs_schemas: list[Any], newsml_schema: Any, headline: str, note: str, dateline: str, keyword: str, body: str,
    language: str,
) -> None:  # fmt: skip
    from lxml import etree

    release = RELEASE._replace(headline=headline, editor_note=note, dateline=dateline, keywords=(keyword,), body=body)
    message = composed(release, OFFICE._replace(language=language))
    for schema in ninjs_schemas:
        schema.validate(json.loads(ninjs(message, AHEAD)))
    item = etree.fromstring(newsml(message, AHEAD))
    newsml_schema.assertValid(item)
    assert len(item.findall(".//n:inlineData", NS)) == 1


def test_what_ninjs_says() -> None:
    document = json.loads(ninjs(MESSAGE, AHEAD))
    assert document["standard"]["version"] == "3.2"
    assert document["pubStatus"] == "usable"
    assert document["embargoedUntil"] == "2018-09-24T09:00:00-07:00"
    assert document["language"] == "en-US"
    assert document["version"] == "1"
    assert [one["value"] for one in document["headlines"]] == ["Names released & charges filed", "Nineteen people"]
    for body in document["bodies"]:
        assert body["charCount"] == len(body["value"])
    plain = document["bodies"][0]
    assert plain["wordCount"] == len(plain["value"].split())
    assert plain["value"].startswith("AUBURN, Calif.")
    assert "\n\n" in plain["value"]
    assert document["edNote"].splitlines() == [
        "STRICTLY EMBARGOED. Not for public release until Monday, Sept. 24, 2018, 9 a.m. PDT.",
        "Photos at 10.",
    ]


@pytest.mark.parametrize(
    ("edition", "status", "embargo", "note"),
    [
        (Edition(1, CREATED), "usable", False, "Photos"),
        (Edition(1, CREATED, PubStatus.WITHHELD, LIFT), "withheld", True, "WITHHELD"),
        (Edition(2, CREATED, PubStatus.CANCELED, LIFT), "canceled", False, "CANCELED"),
    ],
)
def test_the_status_in_both(edition: Edition, status: str, embargo: bool, note: str) -> None:
    document = json.loads(ninjs(MESSAGE, edition))
    assert document["pubStatus"] == status
    assert ("embargoedUntil" in document) is embargo
    assert document["edNote"].startswith(note)
    item = newsml(MESSAGE, edition).decode()
    assert f'<pubStatus qcode="stat:{status}"/>' in item
    assert ("<embargoed>2018-09-24T09:00:00-07:00</embargoed>" in item) is embargo
    assert "sig:" not in item
    # A withdrawn item can be found by its headline, and has nothing else of the text.
    for words in ("Nineteen people", "AUBURN", "More", "Photos at 10"):
        assert (words in item) is (status != "canceled"), words
        assert (words in json.dumps(document)) is (status != "canceled"), words
    assert "Names released" in item
    assert document["headlines"][0]["value"].startswith("Names released")


def test_a_correction_says_what_was_wrong_in_both() -> None:
    message = dataclasses.replace(MESSAGE, n=2, note="The count was wrong.", action=Action.CORRECT)
    edition = Edition(2, CREATED)
    document = json.loads(ninjs(message, edition))
    assert (document["version"], document["pubStatus"]) == ("2", "usable")
    assert document["edNote"].splitlines() == ["CORRECTION. The count was wrong.", "Photos at 10."]
    item = newsml(message, edition).decode()
    assert ' version="2" ' in item
    assert '<signal qcode="sig:correction"/>' in item
    canceled = newsml(message, Edition(3, CREATED, PubStatus.CANCELED)).decode()
    assert "do not use, and take down what was published.\nThe count was wrong.</edNote>" in canceled
    assert "sig:" not in canceled


def test_a_release_keeps_its_identity() -> None:
    later = composed(RELEASE._replace(headline="Another headline"))
    assert identity(later) == identity(MESSAGE)
    assert identity(composed(RELEASE._replace(slug="another"))) != identity(MESSAGE)
    assert identity(composed(url="https://x.example/names/")) == "https://x.example/names/"


def test_an_author_who_tells_editors_nothing() -> None:
    silent = composed(RELEASE._replace(editor_note=""))
    assert editors_note(silent, Edition(1, CREATED)) == ""
    assert b"edNote" not in ninjs(silent, Edition(1, CREATED))


def test_a_word_file_is_marked_as_a_proof() -> None:
    needs_module("docx")
    from docx import Document

    from pressrelease.formats.docx import docx

    content = docx(composed(RELEASE._replace(headline="Names\x07 released")), AHEAD)
    assert zipfile.is_zipfile(io.BytesIO(content))
    told = [paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs]
    assert told[0].startswith("PROOF")
    assert "embargoed until Monday, Sept. 24, 2018, 9 a.m. PDT" in told[0]
    assert told[1:3] == ["Names released", "Nineteen people"]
    assert any(line.startswith("AUBURN, Calif.") for line in told)
    assert told[-1] == "More < less."
