"""A proof: exactly what an outlet would get, or the release in a format that people and programs read.

The frozen version if a release is scheduled, or else its draft as it is now. Reaches no outlet, and changes nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pressrelease.errors import ConfigRefused, EmbargoRefused, NotFound, PressReleaseError, Usage
from pressrelease.formats.news_item import Edition, PubStatus
from pressrelease.message import Message
from pressrelease.release import Release
from pressrelease.release.delivery import Delivery, DeliveryState, delivery_key
from pressrelease.services import ServiceContext
from pressrelease.services.placing import (
    move_into_place,
    must_be_private,
    reporting_disk_errors,
    taken,
)
from pressrelease.status.dossier import FileFact
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store import Reader
from pressrelease.system import clock, files


@dataclass(frozen=True)
class Proof:
    """One version, composed. `remarks` are what its reader must know; `outlets` is where it goes.

    `recipients` are those of its deliveries, outlet by outlet, and empty for a draft. `unapproved` is whether it waits
    for an approval.
    """

    message: Message
    edition: Edition
    frozen: bool
    outlets: tuple[str, ...]
    recipients: dict[str, tuple[str, ...]]
    remarks: tuple[str, ...] = ()
    unapproved: bool = False


@dataclass(frozen=True)
class Rendered:
    """The bytes of a proof. `outlet` and `recipient` are "" if it is for none."""

    content: bytes
    media_type: str
    outlet: str = ""
    recipient: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def words(self) -> str | None:
        """The content as text that a terminal can show; None if it is no text."""
        try:
            text = self.content.decode()
        except UnicodeDecodeError:
            return None
        return text if all(character >= " " or character in "\n\r\t" for character in text) else None


# -- which version -------------------------------------------------------------------------------------------


def proof_of(context: ServiceContext, slug: str) -> Proof:
    """Return the frozen version of a scheduled release, or else its draft.

    Raises NotFound, Refused, StateUnreadable.
    """
    now = clock.utc_now()
    if context.store.exists and context.store.read.release(slug) is not None:
        return _of_scheduled(context, slug, now)
    return _of_draft(context, slug, now)


def _of_scheduled(context: ServiceContext, slug: str, now: datetime) -> Proof:
    from pressrelease.publishing.rendering import RenderCache
    from pressrelease.store.rows import from_micros

    report = context.report(slug)
    release, release_status = report.dossier.release, report.status
    remarks = []
    if release.lift is None:
        remarks.append(f"{slug} goes out as soon as it is approved. It is shown as if that were now.")
    if report.dossier.file is not FileFact.SAME:
        remarks.append(f"releases/{slug}.md has changed. This is version {release.version[:12]}, as it was scheduled.")
    if report.dossier.changed:
        remarks.append(f"{report.dossier.changed} since it was scheduled. The text is shown as it was approved.")
    delivery = Delivery(
        0, slug, release.version, "", "", DeliveryState.WAITING, lift=release.lift or now.replace(microsecond=0)
    )
    message = RenderCache(context.config, context.store).message(delivery)
    status = PubStatus.USABLE
    if release_status.state is ReleaseState.KILLED:
        status = PubStatus.CANCELED
    elif release_status.blocked:
        status = PubStatus.WITHHELD
    frozen = context.store.read.rows(
        "SELECT frozen_at FROM versions WHERE slug = :slug AND version = :version",
        {"slug": slug, "version": release.version},
    )
    number = _versions_that_left(context.store.read, slug, but=release.version) + 1
    recipients: dict[str, tuple[str, ...]] = {}
    for one in report.dossier.deliveries:
        recipients[one.outlet] = (*recipients.get(one.outlet, ()), one.recipient)
    return Proof(
        message,
        Edition(number, from_micros(frozen[0]["frozen_at"]), status, _ahead(release.lift, now)),
        frozen=True,
        outlets=release.outlets,
        recipients=recipients,
        remarks=tuple(remarks),
        unapproved=release_status.state is ReleaseState.UNAPPROVED,
    )


def _of_draft(context: ServiceContext, slug: str, now: datetime) -> Proof:
    from pressrelease.config.frozen import frozen_settings, settings_name
    from pressrelease.message import compose
    from pressrelease.publishing.rendering import may_be_read, public_url
    from pressrelease.release import version_of

    release = context.library.read(slug)
    remarks = [f"{slug} is not scheduled: this is the draft as it is now."]
    lift, wall = _lift_of_draft(context, release, now, remarks)
    attachments = {one.path: context.library.attachment(release, one) for one in release.attachments}
    outlets = tuple(dict.fromkeys(release.outlets or context.config.default_outlets))
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in attachments.items()}
    readable = may_be_read(release, context.store.read, lift or now) if context.store.exists else None
    message = compose(
        readable or release._replace(follows=""),
        version=version_of(
            release,
            attachment_hashes=hashes,
            lift=lift,
            outlets=outlets,
            wall=wall,
            recipients=_recipient_digests(context, outlets),
            settings=settings_name(frozen_settings(context.config, outlets)),
        ),
        office=context.config.office,
        lift=lift or now.replace(microsecond=0),
        url=public_url(context.config, slug, outlets),
        attachments=attachments,
    )
    earlier = 0
    if context.store.exists:
        earlier = _versions_that_left(context.store.read, slug)
    edition = Edition(earlier + 1, now, PubStatus.WITHHELD, _ahead(lift, now))
    return Proof(message, edition, frozen=False, outlets=outlets, recipients={}, remarks=tuple(remarks))


def _recipient_digests(context: ServiceContext, outlets: Sequence[str]) -> dict[str, str]:
    """Return the digest of each outlet's recipients, as scheduling would freeze them.

    Empty if an outlet can't be opened.
    """
    from pressrelease.release import digests_of
    from pressrelease.services.scheduling import Recipients

    recipients = Recipients(context)
    try:
        return digests_of({name: recipients.of(name) for name in outlets})
    except (PressReleaseError, LookupError):
        return {}  # an outlet that is gone, or whose list is refused; scheduling would refuse it


def _lift_of_draft(
    context: ServiceContext, release: Release, now: datetime, remarks: list[str]
) -> tuple[datetime | None, str]:
    """Return the lift that scheduling would propose, with its wall time.

    None for `immediate`, and if the embargo has no reading.
    """
    from pressrelease.check import embargo_of
    from pressrelease.services.lifts import kept, last_lift
    from pressrelease.when import EmbargoKind, say

    last = last_lift(context, release.slug, now=now)
    try:
        embargo = embargo_of(release, context.config, now=now)
    except EmbargoRefused as refused:
        if last is not None and not release.embargo:
            return last.moment, last.wall
        remarks.append(f"The embargo is not clear, so this is shown as if it went out now: {refused.message}")
        return None, ""
    if (chosen := kept(last, embargo)) is not None:
        return chosen.moment, chosen.wall
    if embargo.kind is EmbargoKind.WINDOW and embargo.lift is not None:
        moment = say(embargo.lift, timezone=context.config.office.timezone, now=now)
        remarks.append(f"“{embargo.text}” is not an exact time. This is shown as if it went out {moment}.")
    return embargo.lift, embargo.wall


def _ahead(lift: datetime | None, now: datetime) -> datetime | None:
    return lift if lift is not None and lift > now else None


#: Replaces every secret in a proof: it is valid as a password of any kind and as a webhook's secret.
STAND_IN = "whsec_" + "A" * 43 + "="


# -- as an outlet gets it --------------------------------------------------------------------------------------


def for_outlet(context: ServiceContext, proof: Proof, name: str, recipient: str | None = None) -> Rendered:
    """Return what one outlet would get, to the byte, for `recipient` or else the first on its list.

    Raises: NotFound for an outlet that config.toml doesn't have, or somebody who gets nothing there.
    """
    from pressrelease.outlets import open_outlet

    configured = context.config.outlets.get(name)
    if configured is None:
        known = sorted(context.config.outlets)
        raise NotFound(
            f"There is no outlet {name}.",
            hint=f"config.toml has {', '.join(known)}.",
            code="no_such_outlet",
            candidates=known,
        )
    message, remarks = proof.message, []
    if name not in proof.outlets:
        remarks.append(f"{message.slug} does not go to {name}. It goes to {', '.join(proof.outlets)}.")
    workspace = context.workspace
    try:  # nothing is sent, so no secret is needed that a proofreader may not have
        outlet = open_outlet(configured, context.config.office, workspace.folder, lambda _: STAND_IN)
    except ConfigRefused:  # it is more than a password: an Apprise URL
        outlet = open_outlet(configured, context.config.office, workspace.folder, workspace.secret)
    try:
        people = proof.recipients.get(name) or outlet.recipients()
        chosen = people[0] if recipient is None else recipient
        if chosen not in people:
            raise NotFound(
                f"{message.slug} does not go to {recipient} through {name}.",
                hint="Leave out --recipient to see what the first person on the list gets.",
                code="no_such_recipient",
            )
        if len(people) > 1 and recipient is None:
            remarks.append(f"{name} has {len(people)} recipients. This is what {chosen} gets.")
        key = delivery_key(message.slug, message.version, name, chosen)
        rendered = outlet.prepare(message, key=key, recipient=chosen)
        return Rendered(rendered.content, rendered.media_type, name, chosen, tuple(remarks))
    finally:
        outlet.close()


# -- in a format -----------------------------------------------------------------------------------------------


def _versions_that_left(read: Reader, slug: str, *, but: str = "") -> int:
    """Return how many versions of a release anybody may have:

    what was only scheduled is no edition for a wire service.
    """
    query = (
        "SELECT count(DISTINCT version) AS n FROM deliveries"
        " WHERE slug = :slug AND version <> :but AND first_sent_at IS NOT NULL"
    )
    return int(read.rows(query, {"slug": slug, "but": but})[0]["n"])


def keep(context: ServiceContext, rendered: Rendered, file: Path, *, force: bool) -> Path:
    """Write a proof into a file, 0600, completely or not at all. Raises NotPermitted, NotFound, WillRetry."""
    file = Path(os.path.abspath(file))  # noqa: PTH100  (`..` is taken out, links are not followed)
    must_be_private(context, file, what="A proof")
    if file.is_dir():
        raise Usage(f"{file} is a folder.", hint="Name a file in it.", code="a_folder")
    if not force and os.path.lexists(file):
        raise taken(file)
    with reporting_disk_errors(file.parent, what="The proof"), files.beside(file, 0o600) as (temporary, stream):
        stream.write(rendered.content)
        files.finish(stream)
        move_into_place(temporary, file, force=force)
        files.sync_folder(file.parent)
    return file
