"""Compose frozen versions and render them for their outlets, in memory, each version composed once."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pressrelease.config import Config
from pressrelease.config.outlet_keys import keeps_public_site
from pressrelease.errors import StateUnreadable
from pressrelease.message import Body, Message, Source, compose, mark_of, render
from pressrelease.outlets import Outlet, RenderedMessage
from pressrelease.publishing.approved_config import ApprovedConfig
from pressrelease.publishing.render_process import render_apart_or_here
from pressrelease.release import Release, from_canonical, is_named
from pressrelease.release.delivery import Action, Delivery, Earlier
from pressrelease.store import Reader, Store
from pressrelease.store.records import FrozenVersion

#: How many composed releases are kept in memory, and how many bytes of attachments with them.
KEPT = 256
KEPT_BYTES = 64 * 1024 * 1024

#: How many versions are composed at the same time. Composing is CPU work, and Python runs one thread at a time: sixty
#: threads would only slow each other down. A second one works while the first waits for the disk.
COMPOSED_AT_ONCE = 2

#: A frozen text of this many characters or more is heavy: composing it may take seconds. Its body is rendered in a
#: separate process, one at a time.
HEAVY = 64 * 1024

#: How many renders are made ahead of their lift, and how many bytes of them; the rest is rendered when sent.
AHEAD = 20_000
AHEAD_BYTES = 64 * 1024 * 1024


#: A followed release is named only if it went out at least this long before the lift. Longer than composing ahead of a
#: lift, and than recording an answer, can take.
SURELY_OUT = timedelta(minutes=1)


class Heavy(Exception):
    """A version that takes too long to compose while others wait. Call `make_ahead` in another thread."""


#: What a render was made of: the delivery's number, version and lift.
_Made = tuple[int, str, datetime | None]


#: What a message was composed for: slug, version, its number, and what it is to its recipients.
_Composed = tuple[str, str, int, Action]


def _made(delivery: Delivery) -> _Made:
    return delivery.id, delivery.version, delivery.lift


def _size(message: Message) -> int:
    """Return the bytes that a message's enclosures take."""
    return sum(len(enclosure.content) for enclosure in message.enclosures)


def public_url(config: Config, slug: str, outlets: tuple[str, ...]) -> str:
    """Return the address of a release on the office's own newsroom, "" if it doesn't go there."""
    for name in outlets:
        outlet = config.outlets.get(name)
        if outlet is not None and keeps_public_site(outlet) and outlet.settings.get("url"):
            return f"{str(outlet.settings['url']).rstrip('/')}/{slug}/"
    return ""


def may_be_read(release: Release, read: Reader, lift: datetime) -> Release:
    """Return a release as it may be read at its lift: it names the release it follows only if that one is out by then.

    It must have been out for some time, so that every try, and every render made ahead, has the same text.
    """
    if not release.follows or read.was_out(release.follows, lift - SURELY_OUT):
        return release
    return release._replace(follows="")


class RenderCache:
    """Composes each (release, version) once, for all its recipients. Safe for several threads."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self._covered = ApprovedConfig(config, store)
        self._messages: OrderedDict[_Composed, Message] = OrderedDict()
        self._message_bytes = 0
        self._ahead: dict[_Made, RenderedMessage] = {}
        self._ahead_bytes = 0
        self._lock = threading.Lock()
        self._gates: dict[_Composed, threading.Lock] = {}
        self._ordinary = threading.BoundedSemaphore(COMPOSED_AT_ONCE)
        self._heavy = threading.BoundedSemaphore(1)

    def make(self, outlet: Outlet, delivery: Delivery, earlier: Sequence[Earlier] = ()) -> RenderedMessage:
        """Return what `outlet` will send for `delivery`; `earlier` is what a correction or a withdrawal follows.

        Raises: StateUnreadable if the frozen version is damaged.
        """
        if earlier:
            return outlet.prepare_follow_up(
                self.message(delivery), key=delivery.key, recipient=delivery.recipient, earlier=earlier
            )
        with self._lock:
            ready = self._ahead.pop(_made(delivery), None)
            if ready is not None:
                self._ahead_bytes -= len(ready.content)
                return ready
        return outlet.prepare(self.message(delivery), key=delivery.key, recipient=delivery.recipient)

    def why_changed(self, deliveries: Sequence[Delivery]) -> dict[int, str]:
        """Return, by number, why some deliveries must not leave: which key of config.toml is not what was approved."""
        return self._covered.why_changed(deliveries)

    def make_ahead(self, outlet: Outlet, delivery: Delivery, *, heavy: bool = False) -> bool:
        """Render ahead for when `delivery` leaves. Return False if there is no room for more.

        Raises: Heavy for a heavy version, unless `heavy` is true, which means that nobody waits.
        """
        if _made(delivery) in self._ahead or delivery.n > 1 or delivery.withdraws:
            return True  # what it goes as is decided by the claim
        if len(self._ahead) >= AHEAD or self._ahead_bytes >= AHEAD_BYTES:
            return False
        message = self.message(delivery, heavy=heavy)
        made = outlet.prepare(message, key=delivery.key, recipient=delivery.recipient)
        with self._lock:
            self._ahead[_made(delivery)] = made
            self._ahead_bytes += len(made.content)
        return True

    @property
    def made_ahead(self) -> int:
        """How many renders are kept for what leaves later."""
        return len(self._ahead)

    def keep_only(self, coming: Iterable[Delivery]) -> None:
        """Drop every render made ahead except these: the others were rescheduled or called off."""
        wanted = {_made(delivery) for delivery in coming}
        with self._lock:
            self._ahead = {made: rendered for made, rendered in self._ahead.items() if made in wanted}
            self._ahead_bytes = sum(len(rendered.content) for rendered in self._ahead.values())

    def message(self, delivery: Delivery, *, heavy: bool = True) -> Message:
        """Return the composed message of the delivery's frozen version. Raises StateUnreadable if that is damaged.

        Raises: Heavy for one that is not composed yet and would take long, unless `heavy` is true.
        """
        name = (delivery.slug, delivery.version, delivery.n, delivery.action)
        with self._lock:
            gate = self._gates.setdefault(name, threading.Lock())
        # Each version is composed by one thread. A caller that must not wait for a heavy one doesn't wait here.
        if not gate.acquire(blocking=heavy):
            raise Heavy(delivery.slug)
        try:
            with self._lock:
                message = self._messages.get(name)
                if message is not None and message.lift == delivery.lift:
                    self._messages.move_to_end(name)
                    return message
            message = self._compose(delivery, heavy=heavy)
            with self._lock:
                self._keep(name, message)
            return message
        finally:
            with self._lock:
                self._gates.pop(name, None)
            gate.release()

    def _keep(self, name: _Composed, message: Message) -> None:
        """Keep a message, and drop the least recently used ones. The newest always stays."""
        earlier = self._messages.pop(name, None)
        self._messages[name] = message
        self._message_bytes += _size(message) - (_size(earlier) if earlier else 0)
        while len(self._messages) > 1 and (len(self._messages) > KEPT or self._message_bytes > KEPT_BYTES):
            _, oldest = self._messages.popitem(last=False)
            self._message_bytes -= _size(oldest)

    def _compose(self, delivery: Delivery, *, heavy: bool) -> Message:
        frozen = self._store.read.frozen(delivery.slug, delivery.version)
        if frozen is None or delivery.lift is None:
            raise StateUnreadable(
                f"The approved text of {delivery.slug} is missing from the database. It was not sent."
            )
        if len(frozen.canonical) >= HEAVY and not heavy:
            raise Heavy(delivery.slug)
        if len(frozen.canonical) < HEAVY:
            with self._ordinary:
                return self._composed(delivery, frozen, render)
        with self._heavy:
            return self._composed(delivery, frozen, render_apart_or_here)

    def _composed(self, delivery: Delivery, frozen: FrozenVersion, render: Callable[[Source], Body]) -> Message:
        assert delivery.lift is not None  # noqa: S101  (checked by `_compose`)
        release = from_canonical(frozen.canonical)
        if not is_named(
            delivery.version,
            release,
            attachment_hashes=frozen.attachments,
            lift=frozen.lift,
            outlets=frozen.outlets,
            wall=frozen.wall,
            recipients=frozen.recipients,
            settings=frozen.settings,
        ):
            raise StateUnreadable(f"The stored text of {delivery.slug} is not the approved one. It was not sent.")
        attachments = {}
        for path, sha256 in frozen.attachments.items():
            content = self._store.read.blob(sha256)
            if content is None or hashlib.sha256(content).hexdigest() != sha256:
                raise StateUnreadable(f"An attachment of {delivery.slug} is not the approved one. It was not sent.")
            attachments[path] = content
        config = self._covered.as_frozen(frozen.settings)
        message = compose(
            may_be_read(release, self._store.read, delivery.lift),
            version=delivery.version,
            office=config.office,
            lift=delivery.lift,
            url=public_url(config, delivery.slug, frozen.outlets),
            attachments=attachments,
            render=render,
        )
        secret = self._store.read.store_id()
        follows_mark = "" if message.release.follows else mark_of(release.follows, secret)
        message = replace(message, mark=mark_of(release.slug, secret), follows_mark=follows_mark)
        if delivery.n == 1 and not delivery.withdraws:
            return message
        from pressrelease.publishing.follow_ups import as_follow_up  # only if there is a correction or a withdrawal

        return as_follow_up(message, delivery, self._store.read)
