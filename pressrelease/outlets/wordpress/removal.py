"""Remove what a changed post no longer has: attachments, and the earlier texts that editors can still read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pressrelease.outlets.wordpress.draft import WITHDRAWN, mark_in
from pressrelease.outlets.wordpress.site import Post, WordPressSite
from pressrelease.release.delivery import Certainty, DeliveryFailed


def clear_media(site: WordPressSite, post: Post, media: Iterable[int], deadline: float) -> None:
    """Delete attachments that the post doesn't have any more, and that no other post or page has.

    An attachment is named by its content, so two releases may share one. Raises DeliveryFailed.
    """
    for number in sorted(set(media)):
        reply = site.look(f"media/{number}", {"_fields": "id,source_url"}, deadline)
        address = reply.get("source_url") if isinstance(reply, dict) else None
        if not isinstance(address, str) or not address or address in post.content:
            continue
        if not _is_used(site, address, post, deadline):
            site.remove(f"media/{number}", deadline)


def _is_used(site: WordPressSite, address: str, post: Post, deadline: float) -> bool:
    """Whether another post, in any state, or a public page has this address in its text."""
    states = {"status": "publish,future,draft,pending,private", "context": "edit", "_fields": "id,content.raw"}
    for route, query in (("posts", states), ("pages", {"_fields": "id,content.rendered"})):
        reply = site.look(route, {"search": address, "per_page": "20", **query}, deadline)
        for found in reply if isinstance(reply, list) else ():
            if isinstance(found, dict) and not (route == "posts" and found.get("id") == post.id):
                text = found.get("content")
                if address in str(text.get("raw") or text.get("rendered") or "" if isinstance(text, dict) else ""):
                    return True
    return False


def clear_revisions(site: WordPressSite, post: Post, deadline: float) -> None:
    """Delete the earlier texts of a withdrawn post, which only editors see, if the site allows it.

    WordPress itself allows it to nobody (`map_meta_cap` of a revision), a plugin may. Raises DeliveryFailed only to be
    tried again.
    """
    query = {"context": "edit", "per_page": "100", "_fields": "id,content.raw"}
    try:
        reply = site.look(f"posts/{post.id}/revisions", query, deadline)
        for found in reply if isinstance(reply, list) else ():
            text = found.get("content") if isinstance(found, dict) else None
            earlier = Post(0, "", "", "", str(text.get("raw") or "") if isinstance(text, dict) else "")
            if isinstance(found, dict) and isinstance(found.get("id"), int) and not is_notice(earlier):
                site.remove(f"posts/{post.id}/revisions/{found['id']}", deadline)
    except DeliveryFailed as failure:
        if failure.certainty is not Certainty.FOR_GOOD:
            raise


def is_notice(post: Post) -> bool:
    """Whether a post is the notice of a withdrawal already."""
    mark = mark_in(post.content)
    return mark is not None and mark.n == WITHDRAWN


@contextmanager
def changed_already(what: str) -> Iterator[None]:
    """Say in every failure of the block what is done already: the rest is to be tried again, or a person's."""
    try:
        yield
    except DeliveryFailed as failure:
        words = f"{what}, but an attachment or an earlier text of it is still there: {failure.reason}"
        raise DeliveryFailed(failure.certainty, words, retry_after=failure.retry_after) from None
