"""The newsroom's lists of releases: the newest, and each full year in a file of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from urllib.parse import urlsplit

from pressrelease.message.localization import zone_of
from pressrelease.outlets.newsroom.frame import INDEX, MAP_HEAD, OURS, NewsroomSite, contact_box, page_around
from pressrelease.outlets.newsroom.record import PageRecord
from pressrelease.release import ReleaseKind

#: How many releases the first list holds.
LATEST = 200


def list_pages(records: Sequence[PageRecord], site: NewsroomSite) -> dict[str, str]:
    """Return the lists, by file name: the newest as given, year by year, and each full year in a file of its own."""
    zone = zone_of(site.office.timezone)
    years = {
        year: list(group) for year, group in groupby(records, lambda record: record.published.astimezone(zone).year)
    }
    latest = {record.slug for record in records[:LATEST]}
    shown = {year: [record for record in group if record.slug in latest] for year, group in years.items()}
    older = [year for year, group in years.items() if len(shown[year]) < len(group)]
    pages = {INDEX: _list_page(shown, site, older=older)}
    for year in older:
        pages[f"{year}.html"] = _list_page({year: years[year]}, site, named=f"{site.words.newsroom}, {year}")
    return pages


def withdrawn_map(records: Sequence[PageRecord], site: NewsroomSite) -> str:
    """Return the addresses of withdrawn releases, a line each, "" if there is none.

    nginx can include it in a `map`, and Apache reads it as a RewriteMap: "/names-released/ 1;".
    """
    root = urlsplit(site.url).path.rstrip("/")
    gone = sorted(record.slug for record in records if record.canceled)
    lines = [f"{root}/{slug}/{page} 1;\n" for slug in gone for page in ("", INDEX)]
    return MAP_HEAD + "".join(lines) if lines else ""


def _list_page(
    years: Mapping[int, Sequence[PageRecord]], site: NewsroomSite, *, older: Sequence[int] = (), named: str = ""
) -> str:
    words = site.words
    title = named or words.newsroom
    parts = ['<div class="inner">', f"<h1>{title}</h1>"]
    for year, records in years.items():
        if records:
            items = "".join(_item(record, site) for record in records)
            parts.append(f'<h2 class="year">{year}</h2>\n<ul class="releases">{items}</ul>')
    if not years:
        parts.append(f"<p>{words.none_yet}</p>")
    if older:
        links = "".join(f'<li><a href="{year}.html">{year}</a></li>' for year in older)
        parts.append(
            f'<nav class="older" aria-labelledby="older"><h2 id="older">{words.older}</h2><ul>{links}</ul></nav>'
        )
    parts += [contact_box(site.office.contact, words), "</div>"]
    own = site.url and f"{site.url}/{f'{next(iter(years))}.html' if named else ''}"
    return page_around(
        site,
        title=f"{title} – {site.office.name}",
        description=f"{title} – {site.office.name}",
        head=[OURS, *([f'<link rel="canonical" href="{_(own)}">'] if own else [])],
        main="\n".join(part for part in parts if part),
        up="",
        listed=not named,
    )


def _item(record: PageRecord, site: NewsroomSite) -> str:
    words = site.words
    summary = f"<p>{_(record.summary)}</p>" if record.summary else ""
    return (
        f'\n<li><p class="meta"><time datetime="{site.stamp(record.published)}">'
        f"{_(site.local(record.published))}</time> · {words.kind(ReleaseKind(record.kind))}</p>"
        f'<h3><a href="{record.slug}/{site.folder_link}">{_(site.title_of(record))}</a></h3>{summary}</li>'
    )


def _(text: str) -> str:
    return escape(text, quote=True)
