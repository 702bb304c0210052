"""Compare lists of recipients as they are now with those that a release is for, or that the last one went to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.status.evaluation import Dossier, ListChange

if TYPE_CHECKING:
    from pressrelease.config import Config, OutletConfig
    from pressrelease.services import ServiceContext


def list_changes(dossier: Dossier, config: Config, folder: Path) -> Iterator[ListChange]:
    """Yield how many joined and left each list since the release was scheduled; only lists that differ.

    A list that can't be read is left out: `check` reports what is wrong with it. A file that was not written since is
    not opened, because `status` is typed all day.
    """
    for name in dict.fromkeys(one.outlet for one in dossier.deliveries if one.is_open and one.recipient):
        outlet = config.outlets.get(name)
        if outlet is None or not outlet.enabled or _untouched(outlet, dossier, folder):
            continue
        from pressrelease.outlets import mailboxes, mailboxes_now

        now = mailboxes_now(outlet, folder)
        then = mailboxes(outlet, [one.recipient for one in dossier.deliveries if one.outlet == name])
        if now and then and now.keys() != then.keys():
            yield ListChange(name, joined=len(now.keys() - then.keys()), left=len(then.keys() - now.keys()))


def _untouched(outlet: OutletConfig, dossier: Dossier, folder: Path) -> bool:
    """Return whether an outlet's list is a file that was last written before the version was frozen."""
    named = outlet.settings.get("recipients")
    if not isinstance(named, str) or dossier.terms is None:
        return False
    try:
        found = (folder / named).stat()
    except OSError:
        return False
    return max(found.st_mtime, found.st_ctime) < dossier.terms.frozen_at.timestamp()


#: The share of new recipients, compared with those of the last release, from which on a list needs confirmation.
ASKED_ABOUT = Fraction(1, 5)

#: How many releases that are out are looked through for the last one that went to an outlet.
LOOKED_THROUGH = 50


class ListGrowth(NamedTuple):
    """An outlet's list to which many were added since `since`, the last release that went there."""

    outlet: str
    joined: int
    now: int
    since: str

    @property
    def words(self) -> str:
        """What a person must agree to, in a sentence."""
        are = "recipient is" if self.joined == 1 else "recipients are"
        return f"{self.outlet}: {self.joined:,} of {self.now:,} {are} new since {self.since} went out."


def grew(then: int, joined: int) -> bool:
    """Return whether so many newcomers are asked about; `then` is how many the last release went to, 0 for none."""
    return then > 0 and joined >= then * ASKED_ABOUT


def list_growth(context: ServiceContext, slug: str, people: Mapping[str, Sequence[str]]) -> tuple[ListGrowth, ...]:
    """Return the lists that grew by a fifth or more since the last other release that went to each.

    `people` are the recipients of each outlet now. An outlet that no release went to has nothing to compare with.
    """
    lists = {outlet: those for outlet, those in people.items() if tuple(those) != ("",)}
    if not lists or not context.store.exists:
        return ()
    found = []
    for outlet, (since, then) in _last_sent(context, slug, list(lists)).items():
        new = set(_mailboxes(context, outlet, lists[outlet]))
        joined = len(new - set(_mailboxes(context, outlet, then)))
        if grew(len(then), joined):
            found.append(ListGrowth(outlet, joined, len(new), since))
    return tuple(found)


def _mailboxes(context: ServiceContext, outlet: str, addresses: Sequence[str]) -> Sequence[str]:
    """Return addresses as they are compared: two spellings of one are one."""
    from pressrelease.outlets import mailboxes

    return list(mailboxes(context.config.outlets[outlet], addresses)) or addresses


def _last_sent(context: ServiceContext, slug: str, outlets: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
    """Return, for each outlet, the last other release that went there, and its recipients; none for a new outlet."""
    read = context.store.read
    rows = read.rows(
        "SELECT slug, version, outlets FROM releases WHERE NOT open AND word <> 'killed' AND slug <> :slug"
        " ORDER BY lift DESC LIMIT :most",
        {"slug": slug, "most": LOOKED_THROUGH},
    )
    found: dict[str, tuple[str, list[str]]] = {}
    for row in rows:
        for outlet in [name for name in outlets if name not in found and name in json.loads(row["outlets"])]:
            sent = read.rows(
                "SELECT recipient FROM deliveries WHERE slug = :slug AND version = :version AND outlet = :outlet"
                " AND first_sent_at IS NOT NULL",
                {"slug": row["slug"], "version": row["version"], "outlet": outlet},
            )
            if sent:
                found[outlet] = str(row["slug"]), [str(one["recipient"]) for one in sent]
    return found
