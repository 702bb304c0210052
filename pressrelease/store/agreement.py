"""Compare the record of a release with its journal, cheaply enough to check before every send.

One query brings the rows and the number of each release's last line. A release's lines are read again only if that
number is new; the lines of single deliveries, which a mailing has thousands of, are never read. Whether the recipients
are those that were frozen is checked once for each version and remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from pressrelease.release import digest_of_recipients
from pressrelease.release.delivery import Action, Delivery
from pressrelease.status.dossier import same_person
from pressrelease.store.connection import Ask, in_parts
from pressrelease.store.journal import LINE_COLUMNS, Line
from pressrelease.store.replay import (
    ReplayedApproval,
    ReplayedRelease,
    clearances_differ,
    replay,
    row_differs,
)
from pressrelease.store.rows import Row

#: The layout that introduced what is queried here.
SINCE = 13

#: How many releases are remembered, and how many recipients.
KEPT = 20_000
KEPT_RECIPIENTS = 500_000

#: The lines about a release as a whole or about everything, and those of a stop and its end. Each has an index of its
#: own.
OF_RELEASES = "substr(event, 1, 9) <> 'delivery.'"
OF_STOPS = "event IN ('stopped', 'resumed')"

_COLUMNS = f"""
    r.slug, r.version, r.word, r.lift, r.wall, r.zones, r.late_accepted_at, r.outlets, r.source_hash, r.author,
    r.scheduled_by, a.id AS approval, a.by, a.at, a.person, c.stopped,
    (SELECT max(n) FROM journal j WHERE j.slug = r.slug AND {OF_RELEASES}) AS line,
    (SELECT event FROM journal WHERE {OF_STOPS} ORDER BY n DESC LIMIT 1) AS last_stop, r.event_group,
    (SELECT l.slug || ' ' || l.version FROM event_lifts l WHERE l.event_group = r.event_group) AS lifted, r.n, r.note
"""
_JOINED = """
    LEFT JOIN control c ON c.id = 1
    LEFT JOIN approvals a ON a.slug = r.slug AND a.version = r.version AND a.withdrawn_at IS NULL
"""

#: What is on record of releases by slug, a row an approval.
BY_SLUG = f"SELECT {_COLUMNS} FROM releases r {_JOINED} WHERE r.slug IN ({{}})"

#: All of them.
EVERY_RELEASE = f"SELECT {_COLUMNS} FROM releases r {_JOINED} ORDER BY r.slug"

#: The same, with each of the deliveries that are asked about.
BY_DELIVERY = (
    f"SELECT d.id, d.outlet, d.recipient, d.version AS of_version, d.state, d.owner, d.attempts, d.n AS of_n,"
    f" d.action, d.claims, d.unanswered, {_COLUMNS},"
    " EXISTS (SELECT 1 FROM closed_outlets x WHERE x.outlet = d.outlet) AS closed"
    f" FROM deliveries d LEFT JOIN releases r ON r.slug = d.slug {_JOINED} WHERE d.id IN ({{}})"
)

#: The clearances of each release's current version.
CLEARANCES = (
    "SELECT c.* FROM releases r JOIN clearances c ON c.slug = r.slug AND c.version = r.version WHERE r.slug IN ({})"
)
EVERY_CLEARANCE = "SELECT c.* FROM releases r JOIN clearances c ON c.slug = r.slug AND c.version = r.version"

#: The lines about releases as a whole.
LINES = f"SELECT {LINE_COLUMNS} FROM journal WHERE slug IN ({{}}) AND {OF_RELEASES}"

#: The recipients of each version of a release, and how many the current one has. A withdrawal goes to some of them.
RECIPIENTS = "SELECT slug, version, outlet, recipient FROM deliveries WHERE slug IN ({}) AND action <> 'withdraw'"
COUNTS = (
    "SELECT d.slug, count(*) AS number FROM releases r JOIN deliveries d ON d.slug = r.slug AND d.version = r.version"
    " AND d.n = r.n AND d.action <> 'withdraw' WHERE r.slug IN ({}) GROUP BY d.slug"
)

#: The columns of such a row that are compared with the journal.
_COMPARED = itemgetter(
    "version", "word", "lift", "wall", "late_accepted_at", "outlets", "source_hash", "author", "scheduled_by",
    "approval", "by", "at", "person", "stopped", "last_stop",
    "event_group", "lifted", "n", "note",
)  # fmt: skip

#: A set of recipients: slug, version, outlet, digest.
_Set = tuple[str, str, str, str]
_NONE = (-1, None)


class Agreement:
    """What the journal says of each release, cached by the number of its last line. Safe for several threads."""

    def __init__(self) -> None:
        self._expected: OrderedDict[str, tuple[int | None, ReplayedRelease | None]] = OrderedDict()
        self._recipients: OrderedDict[_Set, frozenset[str]] = OrderedDict()
        self._agreed: dict[str, tuple[ReplayedRelease | None, list[tuple[Any, ...]]]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Forget everything: another database has replaced the one that was queried."""
        with self._lock:
            self._expected.clear()
            self._recipients.clear()
            self._agreed.clear()
            self._count = 0

    def of_releases(
        self, ask: Ask, slugs: Sequence[str], deliveries: Mapping[str, Iterable[Delivery]] = MappingProxyType({})
    ) -> dict[str, str]:
        """Return, by slug, how the record and the journal differ, in words; nothing for those that agree.

        `deliveries` are those of each release that may be sent soon.
        """
        rows = list(in_parts(ask, BY_SLUG, slugs))
        expected = self._expected_of(ask, rows)
        found = self._compare(rows, expected)
        found |= compare_clearances(expected, _clearances(ask, expected))
        current = {row["slug"]: one for row in rows if (one := expected[row["slug"]]) and one.version == row["version"]}
        sets = self._sets_of(ask, current)
        counts = _counts(ask, list(current))
        for slug, one in current.items():
            if slug in found or one.recipients is None:
                continue
            whole = set(one.recipients) == set(sets[slug])
            if not whole or counts.get(slug, 0) != sum(map(len, sets[slug].values())):
                found[slug] = "its recipients are not the scheduled ones"
                continue
            for delivery in deliveries.get(slug, ()):
                if delivery.version == one.version and _is_elsewhere(
                    one, sets[slug], delivery.outlet, delivery.recipient
                ):
                    found[slug] = f"it was not scheduled for {delivery.outlet}"
                    break
        return found

    def of_deliveries(self, ask: Ask, ids: Sequence[int]) -> tuple[list[Row], dict[int, str]]:
        """Return the record of deliveries, a row each, and by delivery number how it differs from the journal.

        Each row has the `clearances` of its release's version, a list of rows of their own.
        """
        rows = list(in_parts(ask, BY_DELIVERY, ids))
        known = [row for row in rows if row["slug"] is not None]
        expected = self._expected_of(ask, known)
        differ = self._compare(known, expected)
        cleared = _clearances(ask, expected)
        differ |= compare_clearances(expected, cleared)
        sets = self._sets_of(
            ask,
            {
                slug: one
                for slug, one in expected.items()
                if one is not None and (slug not in differ or one.word == "killed")
            },
        )
        single: list[Row] = [
            {**row, "clearances": cleared.get(row["slug"], ())} for row in {row["id"]: row for row in rows}.values()
        ]
        found: dict[int, str] = {}
        for row in single:
            slug = row["slug"]
            if slug is None or row["of_version"] != row["version"]:
                continue  # another guard reports this
            one = expected[slug]
            if row["action"] == Action.WITHDRAW.value:
                if words := _withdrawal_differs(one, sets.get(slug, {}), row):
                    found[row["id"]] = words
            elif slug in differ:
                found[row["id"]] = differ[slug]
            elif one is not None and _is_elsewhere(one, sets[slug], row["outlet"], row["recipient"]):
                found[row["id"]] = differ[slug] = f"it was not scheduled for {row['outlet']}"
        for row in single:  # one extra delivery in the record stops all of its release, but no withdrawal
            if row["slug"] in differ and row["action"] != Action.WITHDRAW.value:
                found.setdefault(row["id"], differ[row["slug"]])
        return single, found

    def recipients(self, ask: Ask, slug: str, version: str, digests: Mapping[str, str]) -> dict[str, frozenset[str]]:
        """Return each outlet's recipients according to the rows, if their digest is the one given; no others."""
        wanted = [(slug, version, outlet, digest) for outlet, digest in digests.items()]
        return {one[2]: people for one, people in self._learn(ask, wanted).items()}

    def _compare(self, rows: Sequence[Row], expected: Mapping[str, ReplayedRelease | None]) -> dict[str, str]:
        """Return what `compare` finds. Rows that agreed last time and have not changed are not compared again."""
        seen: dict[str, list[tuple[Any, ...]]] = {}
        for row in rows:
            seen.setdefault(row["slug"], []).append(_COMPARED(row))
        new = {slug for slug, values in seen.items() if self._agreed.get(slug) != (expected[slug], values)}
        if not new:
            return {}
        found = compare([row for row in rows if row["slug"] in new], expected)
        with self._lock:
            if len(self._agreed) > KEPT:
                self._agreed.clear()
            self._agreed |= {slug: (expected[slug], seen[slug]) for slug in new if slug not in found}
        return found

    def _expected_of(self, ask: Ask, rows: Sequence[Row]) -> dict[str, ReplayedRelease | None]:
        """Return what the journal says of each release as of the line that its row was read with."""
        last: dict[str, int | None] = {row["slug"]: row["line"] for row in rows}
        with self._lock:
            found = {
                slug: self._expected[slug][1] for slug, n in last.items() if self._expected.get(slug, _NONE)[0] == n
            }
        new = [slug for slug in last if slug not in found]
        if not new:
            return found
        lines: dict[str, list[Line]] = {slug: [] for slug in new}
        for row in in_parts(ask, LINES, new):
            line = Line(**row)
            if line.n <= (last[line.slug] or 0):  # what was written since is for a later check
                lines[line.slug].append(line)
        for slug in new:
            found[slug] = replay(sorted(lines[slug], key=lambda line: line.n))
        with self._lock:
            for slug in new:
                self._expected[slug] = last[slug], found[slug]
                self._expected.move_to_end(slug)
            while len(self._expected) > KEPT:
                self._expected.popitem(last=False)
        return found

    def _sets_of(self, ask: Ask, expected: Mapping[str, ReplayedRelease]) -> dict[str, dict[str, frozenset[str]]]:
        """Return the recipients of each outlet, by slug, as far as the rows match what was frozen."""
        wanted = [
            (slug, one.version, outlet, digest)
            for slug, one in expected.items()
            for outlet, digest in (one.recipients or {}).items()
        ]
        found: dict[str, dict[str, frozenset[str]]] = {slug: {} for slug in expected}
        for (slug, _, outlet, _), people in self._learn(ask, wanted).items():
            found[slug][outlet] = people
        return found

    def _learn(self, ask: Ask, wanted: Sequence[_Set]) -> dict[_Set, frozenset[str]]:
        with self._lock:
            found = {one: self._recipients[one] for one in wanted if one in self._recipients}
        new = [one for one in wanted if one not in found]
        if not new:
            return found
        people: dict[tuple[str, str, str], set[str]] = {}
        for row in in_parts(ask, RECIPIENTS, sorted({one[0] for one in new})):
            people.setdefault((row["slug"], row["version"], row["outlet"]), set()).add(row["recipient"])
        fresh = {}
        for one in new:
            listed = people.get(one[:3], set())
            if digest_of_recipients(listed) == one[3]:
                fresh[one] = frozenset(listed)
        with self._lock:
            for one, listed_once in fresh.items():
                self._count += len(listed_once) if one not in self._recipients else 0
                self._recipients[one] = listed_once
            while self._count > KEPT_RECIPIENTS and len(self._recipients) > 1:
                self._count -= len(self._recipients.popitem(last=False)[1])
        return found | fresh


def compare(rows: Sequence[Row], expected: Mapping[str, ReplayedRelease | None]) -> dict[str, str]:
    """Return, by slug, how rows differ from what the journal says of their releases, in words."""
    approvals: dict[str, dict[int, Row]] = {}
    releases: dict[str, Row] = {}
    for row in rows:
        releases[row["slug"]] = row
        if row["approval"] is not None:
            approvals.setdefault(row["slug"], {})[row["approval"]] = row
    found = {}
    for slug, row in releases.items():
        if differs := _differs(expected[slug], row, list(approvals.get(slug, {}).values())):
            found[slug] = differs
    return found


def compare_clearances(
    expected: Mapping[str, ReplayedRelease | None], rows: Mapping[str, Sequence[Row]]
) -> dict[str, str]:
    """Return, by slug, how the rows of clearances differ from what the journal says, in words."""
    found = {}
    for slug, one in expected.items():
        if one is not None and (differs := clearances_differ(one, rows.get(slug, ()))):
            found[slug] = differs
    return found


def _clearances(ask: Ask, expected: Mapping[str, ReplayedRelease | None]) -> dict[str, list[Row]]:
    """Return the clearances on record by slug; asks nothing if the journal says that none is needed."""
    found: dict[str, list[Row]] = {}
    slugs = [slug for slug, one in expected.items() if one is not None and one.clearances]
    for row in in_parts(ask, CLEARANCES, slugs):
        found.setdefault(row["slug"], []).append(row)
    return found


def _differs(expected: ReplayedRelease | None, row: Row, given: Sequence[Row]) -> str:
    try:
        if row["last_stop"] == "stopped" and not row["stopped"]:
            return "the journal says that everything is stopped"
        if any(one["person"] != same_person(one["by"]) for one in given):
            return "an approval is recorded under two names"
        return row_differs(expected, row, [ReplayedApproval(one["by"], one["at"]) for one in given])
    except (ValueError, TypeError):
        return "its row can't be read"


def _is_elsewhere(expected: ReplayedRelease, sets: Mapping[str, frozenset[str]], outlet: str, recipient: str) -> bool:
    """Return whether a delivery goes to an outlet or a recipient that was not frozen with its version."""
    if expected.outlets is not None and outlet not in expected.outlets:
        return True
    return expected.recipients is not None and recipient not in sets.get(outlet, frozenset())


def _withdrawal_differs(one: ReplayedRelease | None, sets: Mapping[str, frozenset[str]], row: Row) -> str:
    """Return how a withdrawal differs from the journal, in words; "" if a person asked for it, for that recipient.

    Whatever else of the release's record was changed is no reason to leave it with its readers.
    """
    if one is None or one.word != "killed" or (one.version, one.n) != (row["version"], row["n"]):
        return "the journal knows of no withdrawal"
    if one.note != (row["note"] or ""):
        return "the journal has another note"
    return (
        f"it was not scheduled for {row['outlet']}" if _is_elsewhere(one, sets, row["outlet"], row["recipient"]) else ""
    )


def _counts(ask: Ask, slugs: Sequence[str]) -> dict[str, int]:
    return {row["slug"]: row["number"] for row in in_parts(ask, COUNTS, slugs)}
