"""Send to WordPress: look, upload, post, check, look again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape, unescape
from typing import Any

from pressrelease.message import Enclosure, Message
from pressrelease.message.message import must_be_out
from pressrelease.outlets import RenderedMessage
from pressrelease.outlets.http import HttpOutlet
from pressrelease.outlets.wordpress.draft import (
    WITHDRAWN,
    PostDraft,
    Withdrawal,
    draft_of,
    mark_in,
    media_in,
    media_slug,
    withdrawal_of,
)
from pressrelease.outlets.wordpress.removal import changed_already, clear_media, clear_revisions, is_notice
from pressrelease.outlets.wordpress.site import Post, WordPressSite, media_of, post_of
from pressrelease.release.delivery import Abilities, Action, Certainty, DeliveryFailed, Earlier, Receipt, Repeats

MEDIA_TYPE = "application/json"
_STATES = "publish,future,draft,pending,private"
_POST_FIELDS = "id,slug,status,link"

#: PHP goes on for as long as this, 30 s by its own default, after its caller has hung up: a look that comes sooner
#: finds no post, and a moment later there are two.
SETTLING = timedelta(seconds=60)


@dataclass(frozen=True)
class Taxonomy:
    """Categories or tags: WordPress's route, its word, and whether a missing one may be made."""

    route: str
    word: str
    may_be_made: bool


CATEGORIES = Taxonomy("categories", "category", may_be_made=False)
TAGS = Taxonomy("tags", "tag", may_be_made=True)


class WordPress(HttpOutlet):
    """One site."""

    repeats = Repeats(told_apart=True, settle=SETTLING)
    abilities = Abilities(correct=True, withdraw=True, provable=True)

    def __init__(
        self, name: str, *, site: WordPressSite, categories: Sequence[str | int] = (), tags: Sequence[str | int] = ()
    ) -> None:
        super().__init__(name, url=site.url, http=site.http)
        self._site = site
        self._wanted = ((CATEGORIES, tuple(categories)), (TAGS, tuple(tags)))
        self._known: dict[tuple[str, str | int], int] = {}

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return the post, with attachments still under their own names: WordPress assigns their addresses."""
        del recipient
        must_be_out(message)
        draft = draft_of(message, outlet=self.name, key=key)
        content = json.dumps(draft.fields({}), ensure_ascii=False, indent=1).encode()
        return RenderedMessage(content, MEDIA_TYPE, draft)

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return the corrected post with its dated note, or the notice in place of a withdrawn one."""
        del earlier
        if message.action is not Action.WITHDRAW:
            return self.prepare(message, key=key, recipient=recipient)
        withdrawal = withdrawal_of(message, outlet=self.name, key=key)
        content = json.dumps(withdrawal.fields(()), ensure_ascii=False, indent=1).encode()
        return RenderedMessage(content, MEDIA_TYPE, withdrawal)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Publish it once, or find that it is published."""
        del key, recipient
        draft: PostDraft = rendered.prepared
        deadline = self._site.deadline()
        with _nothing_posted():
            before = self._ours_before(draft, deadline)
            if before is not None and mark_in(before.content) == draft.mark:
                self._must_be_shown(draft, before, deadline, new=False)
                with changed_already("the post is there"):
                    clear_media(self._site, before, media_in(before.content), deadline)
                return self._receipt(before)
            media = {enclosure.name: self._media(enclosure, deadline) for enclosure in draft.enclosures}
            terms = {taxonomy.route: self._terms(taxonomy, deadline, make=True) for taxonomy, _ in self._wanted}
        earlier = media_in(before.content) if before else ()
        fields = {
            **draft.fields(
                {name: address for name, (_, address) in media.items()},
                [*earlier, *(number for number, _ in media.values())],
            ),
            **{route: ids for route, ids in terms.items() if ids},
        }
        route = f"posts/{before.id}" if before else "posts"
        reply = self._site.change(route, fields, deadline, query={"_fields": _POST_FIELDS})
        posted = post_of(reply)
        if posted is None:
            words = f"{self._site.called} accepted it, but did not say which post it made"
            raise DeliveryFailed(Certainty.UNSURE, words)
        post = self._updated(draft, posted) if before else self._proven(draft, posted, deadline)
        self._must_be_shown(draft, post, deadline, new=before is None)
        if earlier:
            with changed_already("the post is changed"):
                clear_media(self._site, replace(post, content=str(fields["content"])), earlier, deadline)
        return self._receipt(post)

    def withdraw(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Change every post of the release to the notice, and remove its attachments and earlier texts.

        The trash would free the slug for a late first version. For the same reason a notice that only editors see is
        made where there is no post.
        """
        del key, recipient
        withdrawal: Withdrawal = rendered.prepared
        deadline = self._site.deadline()
        ids = [int(one.remote_id) for one in earlier if one.remote_id and one.remote_id.isdecimal()]
        for last in (False, True):
            posts = self._of_series(withdrawal, ids, deadline)
            for post in posts:
                self._noticed(withdrawal, post, deadline)
            if last or any(post.slug == withdrawal.slug or is_notice(post) for post in posts):
                return self._receipt(posts[0]) if posts else Receipt()
            hidden = {**withdrawal.fields(()), "slug": withdrawal.slug, "status": "private"}
            self._site.change("posts", hidden, deadline, query={"_fields": _POST_FIELDS})
        raise AssertionError  # pragma: no cover

    def _of_series(self, withdrawal: Withdrawal, ids: Sequence[int], deadline: float) -> list[Post]:
        """Return the release's posts: those of the receipts, and those with its mark at its slug or beside it."""
        found = []
        for number in dict.fromkeys(ids):
            query = {"context": "edit", "_fields": f"{_POST_FIELDS},content.raw"}
            post = post_of(self._site.look(f"posts/{number}", query, deadline))
            if post is not None and post.status != "trash":
                found.append(post)
        for post in self._at(_beside(withdrawal.slug), deadline):
            mark = mark_in(post.content)
            if mark is not None and mark.series == withdrawal.mark.series:
                found.append(post)
        return list({post.id: post for post in found}.values())

    def _noticed(self, withdrawal: Withdrawal, post: Post, deadline: float) -> None:
        """Change one post to the notice, then remove what it had."""
        media = set(media_in(post.content))
        for enclosure in withdrawal.enclosures:
            media |= {number for number, _ in self._media_there(enclosure, deadline)}
        fields = withdrawal.fields(media)
        content = str(fields["content"])
        if not is_notice(post):
            self._site.change(f"posts/{post.id}", fields, deadline, query={"_fields": _POST_FIELDS})
        with changed_already("the post is a notice now"):
            clear_media(self._site, replace(post, content=content), media, deadline)
            clear_revisions(self._site, post, deadline)

    def warm(self, sends: int = 4) -> None:
        """Connect, and look up what the office always sends along; send nothing of a release."""
        super().warm(sends)
        with contextlib.suppress(DeliveryFailed):
            for taxonomy, _ in self._wanted:
                self._terms(taxonomy, self._site.deadline(), make=False)

    def probe(self) -> str:
        """Ask who we are there and what we may do."""
        deadline = self._site.deadline()
        wanted = {"context": "edit", "_fields": "id,name,capabilities"}
        reply = self._site.look("users/me", wanted, deadline)
        able = reply.get("capabilities") if isinstance(reply, dict) else None
        if not isinstance(able, dict):
            raise DeliveryFailed(
                Certainty.NOT_SENT, f"{self._site.called} does not say what this user has permission to do"
            )
        for capability, words in (("publish_posts", "publish posts"), ("upload_files", "upload attachments")):
            if not able.get(capability):
                reason = f"{self._site.called}: {self._site.username} doesn't have permission to {words}"
                raise DeliveryFailed(Certainty.FOR_GOOD, reason, credentials=True)
        for taxonomy, _ in self._wanted:
            self._terms(taxonomy, deadline, make=False)
        return f"{self._site.called} accepts posts from {self._site.username}; nothing was posted"

    # -- the post -----------------------------------------------------------------------------------------

    def _at(self, slugs: Sequence[str], deadline: float) -> list[Post]:
        """Return every post at these slugs, in any state but the trash."""
        query = {
            "slug": ",".join(slugs),
            "status": _STATES,
            "context": "edit",
            "_fields": f"{_POST_FIELDS},content.raw",
            "per_page": "20",
        }
        reply = self._site.look("posts", query, deadline)
        return [post for post in map(post_of, reply if isinstance(reply, list) else ()) if post is not None]

    def _ours_before(self, draft: PostDraft, deadline: float) -> Post | None:
        """Return what is at the slug before the post: nothing, or this very release. Raises for anything else."""
        for post in self._at([draft.slug], deadline):
            mark = mark_in(post.content)
            if mark is None or mark.series != draft.mark.series:
                raise DeliveryFailed(
                    Certainty.FOR_GOOD,
                    f"{self._site.called} already has a post at this release's slug that this outlet did not write "
                    f"(number {post.id}, {post.status}); move one of them",
                )
            if mark.n == WITHDRAWN:
                words = f"the release was withdrawn at {self._site.called}, so no version of it is published there"
                raise DeliveryFailed(Certainty.FOR_GOOD, words)
            if mark.n > draft.mark.n:
                words = f"{self._site.called} has a corrected version already, and it stays"
                raise DeliveryFailed(Certainty.FOR_GOOD, words)
            if post.status != "publish":
                raise DeliveryFailed(
                    Certainty.FOR_GOOD,
                    f"{self._site.called} has the post (number {post.id}), but somebody there made it {post.status}",
                )
            return post
        return None

    def _updated(self, draft: PostDraft, posted: Post) -> Post:
        """Return an earlier version's post with this one's text. Never withdrawn: that would unpublish the earlier."""
        if (posted.slug, posted.status) == (draft.slug, "publish"):
            return posted
        words = f"{self._site.called} has this version, but made it {posted.status} at another address or out of sight"
        raise DeliveryFailed(Certainty.FOR_GOOD, f"{words}: check post number {posted.id} there")

    def _proven(self, draft: PostDraft, posted: Post, deadline: float) -> Post:
        """Return the one post at its slug, published. Anything else that this delivery left there is withdrawn."""
        found: list[Post] = []
        with contextlib.suppress(DeliveryFailed):
            # A repeat that crossed with a slow first one: one of the two was given slug-2.
            found = [post for post in self._at(_beside(draft.slug), deadline) if mark_in(post.content) == draft.mark]
        ours = {post.id: post for post in (posted, *found)}
        good = [post for post in ours.values() if (post.slug, post.status) == (draft.slug, "publish")]
        kept = min(good, key=lambda post: post.id) if good else None
        for post in ours.values():
            if post is not kept:
                self._take_back(post, deadline, proven=kept is not None)
        if kept is not None:
            return kept
        if posted.slug != draft.slug:
            words = (
                f"{self._site.called} already has something at this slug and used another one; the post was taken back"
            )
        else:
            words = f"{self._site.called} made the post {posted.status} instead of publishing it; it was taken back"
        raise DeliveryFailed(Certainty.FOR_GOOD, words)

    def _must_be_shown(self, draft: PostDraft, post: Post, deadline: float, *, new: bool) -> None:
        """Raise DeliveryFailed if the post's own address shows something else, and withdraw a `new` post.

        Pages have a name space of their own in WordPress: a page at the same slug keeps the address to itself. An
        address that shows nothing (a cache, a login wall) is trusted, unless a page is known to have it.
        """
        other: int | None = None
        shown, hidden = None, False
        with contextlib.suppress(DeliveryFailed):
            shown, hidden = self._site.shown_at(post.link, deadline)
        if shown is not None and (shown.id == post.id or draft.mark.key in shown.marks):
            return
        if shown is not None and shown.id is not None:
            other = shown.id
        else:
            with contextlib.suppress(DeliveryFailed):
                other = self._page_at(draft.slug, post.link, deadline, hidden=hidden)
        if other is None:
            return
        if new:
            self._take_back(post, deadline, proven=False)
        words = f"{self._site.called} keeps the release's address for something else (number {other})"
        done = "the post was taken back" if new else f"check post number {post.id} there"
        raise DeliveryFailed(Certainty.FOR_GOOD, f"{words}: {done}; rename one of them")

    def _page_at(self, slug: str, link: str, deadline: float, *, hidden: bool) -> int | None:
        """Return the number of the page that has this very address, or keeps it `hidden`; None for none."""
        wanted = {"slug": slug, "_fields": f"{_POST_FIELDS},parent"}
        try:
            # A page that is not published has no address yet, but still keeps the post from that address.
            reply = self._site.look("pages", {**wanted, "status": _STATES, "context": "edit"}, deadline)
        except DeliveryFailed:  # this user may not see those
            reply = self._site.look("pages", wanted, deadline)
        for one in reply if isinstance(reply, list) else ():
            page = post_of(one)
            if page is not None and (
                page.link.rstrip("/") == link.rstrip("/")
                or (hidden and page.status != "publish" and not one.get("parent"))
            ):
                return page.id
        return None

    def _take_back(self, post: Post, deadline: float, *, proven: bool) -> None:
        try:
            self._site.trash(post.id, deadline)
        except DeliveryFailed:
            if not proven:
                words = (
                    f"{self._site.called} gave the post another address or state ({post.status}), and it"
                    f" could not be taken back: check post number {post.id} there"
                )
                raise DeliveryFailed(Certainty.FOR_GOOD, words) from None

    def _receipt(self, post: Post) -> Receipt:
        return Receipt(url=post.link or None, remote_id=str(post.id))

    # -- what goes with it --------------------------------------------------------------------------------

    def _media(self, enclosure: Enclosure, deadline: float) -> tuple[int, str]:
        """Return an attachment's number and address in the media library, after adding it if it isn't there yet."""
        there = self._media_there(enclosure, deadline)
        if not there:
            fields = {"slug": media_slug(enclosure), "title": enclosure.words, "alt_text": enclosure.alt}
            there = media_of(
                [self._site.upload(fields, enclosure.name, enclosure.content, enclosure.media_type, deadline)]
            )
        if not there:
            raise DeliveryFailed(Certainty.NOT_SENT, f"{self._site.called} does not give an attachment's address")
        return there[0]

    def _media_there(self, enclosure: Enclosure, deadline: float) -> list[tuple[int, str]]:
        """Return the numbers and addresses of an attachment in the media library, found by its content."""
        wanted = {"slug": media_slug(enclosure), "_fields": "id,source_url"}
        return media_of(self._site.look("media", wanted, deadline))

    def _terms(self, taxonomy: Taxonomy, deadline: float, *, make: bool) -> list[int]:
        """Return the numbers of the configured categories or tags, each looked up once."""
        wanted = next(names for known, names in self._wanted if known is taxonomy)
        ids = []
        for name in wanted:
            known = self._known.get((taxonomy.route, name)) or self._term(taxonomy, name, deadline, make=make)
            if known is not None:
                self._known[taxonomy.route, name] = known
                ids.append(known)
        return ids

    def _term(self, taxonomy: Taxonomy, name: str | int, deadline: float, *, make: bool) -> int | None:
        if isinstance(name, int):
            found = self._site.look(f"{taxonomy.route}/{name}", {"_fields": "id"}, deadline)
            if found is not None:
                return name
        else:
            # WordPress keeps and searches names as HTML.
            query = {"search": escape(name, quote=False), "per_page": "100", "_fields": "id,name"}
            reply = self._site.look(taxonomy.route, query, deadline)
            for term in reply if isinstance(reply, list) else ():
                if unescape(str(term.get("name"))).casefold() == name.casefold():
                    return int(term["id"])
            if taxonomy.may_be_made:
                return self._made(taxonomy, name, deadline) if make else None
        words = f"{self._site.called} has no {taxonomy.word} {name!r}: create it there, or correct config.toml"
        raise DeliveryFailed(Certainty.FOR_GOOD, words)

    def _made(self, taxonomy: Taxonomy, name: str, deadline: float) -> int:
        reply: Any = self._site.change(taxonomy.route, {"name": escape(name, quote=False)}, deadline)
        if not isinstance(reply, dict) or not isinstance(reply.get("id"), int):
            raise DeliveryFailed(Certainty.NOT_SENT, f"{self._site.called} did not make the {taxonomy.word} {name!r}")
        return int(reply["id"])


def _beside(slug: str) -> list[str]:
    """Return the slugs that WordPress gives to posts that want this one."""
    return [slug, *(f"{slug}-{number}" for number in range(2, 5))]


@contextmanager
def _nothing_posted() -> Iterator[None]:
    """Make every failure in the block a sure one: the release wasn't posted by it."""
    try:
        yield
    except DeliveryFailed as failure:
        if failure.certainty is Certainty.UNSURE:
            failure.certainty = Certainty.NOT_SENT
        raise
