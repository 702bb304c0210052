"""Send to a server with Mastodon's API, and search its own posts before sending again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pressrelease.message import Message
from pressrelease.message.message import must_be_out
from pressrelease.message.short_form import MASTODON, ShortForm, short_form
from pressrelease.outlets import RenderedMessage
from pressrelease.outlets.answers import server_time
from pressrelease.outlets.http import Http, HttpAnswer, HttpOutlet, failure_of
from pressrelease.outlets.mastodon.posts import Trace, begins_with, made_before, receipt_of, trace_of
from pressrelease.outlets.mastodon.software import Software, software_of
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Earlier, Receipt, Repeats
from pressrelease.system.clock import utc_now

if TYPE_CHECKING:
    from pressrelease.outlets.mastodon.follow_up import FollowUp

MEDIA_TYPE = "application/json"

#: Mastodon keeps a key for an hour; what is sent in its last minutes may arrive after it.
REMEMBERED = timedelta(minutes=50)

#: A server may finish a request this long after its client was gone; a search that comes sooner proves nothing.
SETTLING = timedelta(seconds=60)

#: How many posts are read at a time, and how many times, to get back to the first try.
PAGE, PAGES = 40, 5

#: No post has this number: deleting it changes nothing, and a token that may not write is refused.
NO_POST = "0"

#: What a server answers about a post that is no longer there.
GONE = frozenset({404, 410})


class Mastodon(HttpOutlet):
    """One account on one server."""

    abilities = Abilities(correct=True, withdraw=True, provable=True)

    def __init__(self, name: str, *, url: str, token: str, visibility: str, http: Http) -> None:
        super().__init__(name, url=url, http=http)
        self._authorization = f"Bearer {token}"
        self._visibility = visibility
        self._software: Software | None = None

    @property
    def repeats(self) -> Repeats:
        """Mastodon keeps the key; any other server, and one not asked yet, is only searched."""
        if self._software is not None and self._software.keeps_keys:
            return Repeats(told_apart=True, within=REMEMBERED, findable=True)
        return Repeats(told_apart=False, findable=True, settle=SETTLING)

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return the post's fields. The limit is Mastodon's default; a higher one of a server is not used."""
        del key, recipient
        must_be_out(message)
        short = short_form(message, MASTODON)
        fields = {
            "status": short.text,
            "visibility": self._visibility,
            "language": message.office.language.partition("-")[0].lower(),
        }
        return RenderedMessage(json.dumps(fields, ensure_ascii=False).encode(), MEDIA_TYPE, short)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Post it. Mastodon itself returns the post that the same key made before."""
        del recipient
        deadline = self._http.deadline()
        if self._software is None:
            with contextlib.suppress(DeliveryFailed):  # the post itself will show what is wrong
                self._learn(deadline)
        return self._posted(rendered.content, key, deadline)

    def _posted(self, body: bytes, key: str, deadline: float) -> Receipt:
        receipt = receipt_of(self._asked("POST", "/api/v1/statuses", deadline, body=body, key=key))
        if receipt is None:
            words = f"{self._http.called} accepted it, but did not say which post it made"
            raise DeliveryFailed(Certainty.UNSURE, words)
        return receipt

    def find(self, rendered: RenderedMessage, *, key: str, recipient: str, since: datetime) -> Receipt | None:
        """Search the account's own posts. Without the permission to read them, only Mastodon's key can tell."""
        del key, recipient
        deadline = self._http.deadline()
        kept_keys = self._software is not None and self._software.keeps_keys
        software = self._learn(deadline)
        if kept_keys and not software.keeps_keys:
            words = f"{self._http.called} changed its software; its posts are checked in a minute"
            raise DeliveryFailed(Certainty.NOT_SENT, words, retry_after=SETTLING)
        try:
            return self._look(rendered.prepared, since, deadline)
        except DeliveryFailed as failure:
            if failure.certainty is not Certainty.FOR_GOOD:
                raise
            if software.keeps_keys and utc_now() - since < REMEMBERED:
                return None
            raise DeliveryFailed(
                Certainty.FOR_GOOD,
                f"a first try may have arrived, and that can't be looked up: {failure.reason}. Look at the account",
                credentials=failure.credentials,
            ) from None

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return the corrected post with its note, or, for a withdrawal, the words that are shown to nobody."""
        from pressrelease.outlets.mastodon.follow_up import body_of, follow_up_of

        del key, recipient, earlier
        follow_up = follow_up_of(message, self._visibility)
        return RenderedMessage(body_of(follow_up), MEDIA_TYPE, follow_up)

    def replace(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Edit the posts that are there. If none is, post the corrected version: the original is never posted again."""
        del recipient
        follow_up: FollowUp = rendered.prepared
        deadline = self._http.deadline()
        self._learn(deadline)
        edited = self._edited(self._names_of(follow_up, earlier, deadline), rendered.content, deadline)
        if edited is None and all(one.remote_id for one in earlier):
            # Somebody deleted the post. An earlier try may have posted the corrected version in its place.
            edited = self._edited(self._searched(follow_up, deadline), rendered.content, deadline)
        if edited is not None:
            return edited
        # By the first one's key: a late try of that one then finds this post in its place, for as long as Mastodon
        # keeps keys. If it had arrived after all, it is what this returns.
        doubted = next((one.key for one in earlier if one.remote_id is None), key)
        receipt = self._posted(rendered.content, doubted, deadline)
        if doubted != key:
            self._answered("PUT", f"/api/v1/statuses/{receipt.remote_id}", deadline, body=rendered.content)
        return receipt

    def _edited(self, names: Sequence[str], body: bytes, deadline: float) -> Receipt | None:
        """Edit these posts, and return the last one's receipt; None if none of them is there any more."""
        edited = None
        for name in names:
            answer = self._answered("PUT", f"/api/v1/statuses/{name}", deadline, body=body, accepted=GONE)
            if answer.status not in GONE and (receipt := receipt_of(answer.json())) is not None:
                edited = receipt
            elif answer.status not in GONE or self._exists(name, deadline):
                words = f"{self._http.called} did not change the post: change or delete it there"
                raise DeliveryFailed(Certainty.FOR_GOOD, words)
        return edited

    def withdraw(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Delete every post of the release; one already gone is fine."""
        del key, recipient
        follow_up: FollowUp = rendered.prepared
        deadline = self._http.deadline()
        keeps_keys = self._learn(deadline).keeps_keys
        for one in earlier:
            if keeps_keys and one.remote_id is None:
                self._use_up(one.key, rendered.content, deadline)
        for name in self._names_of(follow_up, earlier, deadline):
            self._answered("DELETE", f"/api/v1/statuses/{name}", deadline, accepted=GONE)
        return Receipt()

    def _use_up(self, key: str, words: bytes, deadline: float) -> None:
        """Take an earlier post's key, so that a late try of it is refused for as long as Mastodon keeps keys.

        If that post is there after all, Mastodon returns it; otherwise it makes one that is addressed to nobody. Either
        is deleted.
        """
        answer = self._answered("POST", "/api/v1/statuses", deadline, body=words, key=key, accepted=GONE)
        made = receipt_of(answer.json())
        if answer.status not in GONE and made is not None:
            self._answered("DELETE", f"/api/v1/statuses/{made.remote_id}", deadline, accepted=GONE)

    def _names_of(self, follow_up: FollowUp, earlier: Sequence[Earlier], deadline: float) -> list[str]:
        """Return the ids of the release's posts: of the receipts, and, where one is missing, of the account's own."""
        names = [one.remote_id for one in earlier if one.remote_id and one.remote_id.isalnum()]
        if any(one.remote_id is None for one in earlier):
            names += self._searched(follow_up, deadline)
        return list(dict.fromkeys(names))

    def _searched(self, follow_up: FollowUp, deadline: float) -> list[str]:
        """Search as `_search` does, and say what to do if that is not certain."""
        try:
            return self._search(follow_up, deadline)
        except DeliveryFailed as failure:
            if failure.certainty is not Certainty.FOR_GOOD:
                raise
            words = "an earlier post may be there, and that can't be looked up"
            raise DeliveryFailed(Certainty.FOR_GOOD, f"{words}: {failure.reason}. Look at the account") from None

    def _search(self, follow_up: FollowUp, deadline: float) -> list[str]:
        """Return the ids of the account's own posts since the first lift that are this release's.

        Raises DeliveryFailed if that is not certain.
        """
        names, perhaps = [], False
        for post in self._own_posts(follow_up.since, deadline):
            content = str(post.get("content") or "")
            linked = trace_of(content, text="", link=follow_up.link) is Trace.PERHAPS
            if begins_with(content, follow_up.headlines) and (linked or not follow_up.link):
                names.append(str(post.get("id")))
            perhaps = perhaps or (linked and str(post.get("id")) not in names)
        if perhaps and not names:
            raise self._other_words()
        return [name for name in names if name.isalnum()]

    def _exists(self, name: str, deadline: float) -> bool:
        """Whether a post is there, as far as the token may see: some servers can't edit one."""
        try:
            return self._answered("GET", f"/api/v1/statuses/{name}", deadline, accepted=GONE).status not in GONE
        except DeliveryFailed as failure:
            if failure.certainty is not Certainty.FOR_GOOD:
                raise
            return True

    def warm(self, sends: int = 4) -> None:
        """Open connections ahead, and learn the server's software; send nothing of a release."""
        super().warm(sends)
        with contextlib.suppress(DeliveryFailed):
            self._learn(self._http.deadline())

    def probe(self) -> str:
        """Ask whose token it is, what it may do, how long a post may be, and how a repeat is recognized there."""
        called, deadline = self._http.called, self._http.deadline()
        account = self._asked("GET", "/api/v1/accounts/verify_credentials", deadline)
        name = account.get("acct") if isinstance(account, dict) else None
        if not isinstance(name, str):
            raise DeliveryFailed(Certainty.NOT_SENT, f"{called} does not answer as Mastodon does")
        software = self._learn(deadline)
        if software.longest is not None and software.longest < MASTODON.characters:
            words = f"{called} accepts posts of up to {software.longest} characters, and ours have up to 500"
            raise DeliveryFailed(Certainty.FOR_GOOD, words)
        self._may_write(deadline)
        return f"{called} accepts posts from @{name}; {self._telling(account, deadline)}; nothing was posted"

    # -- the server ---------------------------------------------------------------------------------------

    def _learn(self, deadline: float) -> Software:
        """Ask for the server's software. One that does not say is taken for one that keeps no keys."""
        for api in (2, 1):
            answer = self._http.ask(
                "GET",
                f"{self._url}/api/v{api}/instance",
                headers={"Accept": MEDIA_TYPE},
                deadline=deadline,
                changes_nothing=True,
            )
            found = software_of(answer, api=api)
            if found is not None:
                self._software = found
                return found
            failure = failure_of(answer, self._http.called, changes_nothing=True)
            if failure is not None and failure.certainty is Certainty.NOT_SENT:
                raise failure
        self._software = Software("", keeps_keys=False)
        return self._software

    def _may_write(self, deadline: float) -> None:
        """Raise DeliveryFailed if the token may not post; tested by deleting a post that can't exist."""
        answer = self._http.ask(
            "DELETE",
            f"{self._url}/api/v1/statuses/{NO_POST}",
            headers={"Authorization": self._authorization, "Accept": MEDIA_TYPE},
            deadline=deadline,
            changes_nothing=True,
        )
        if answer.status in {401, 403}:
            words = f"{self._http.called} does not let this token post ({answer.status}): it needs write:statuses"
            raise DeliveryFailed(Certainty.FOR_GOOD, words, credentials=True)

    def _telling(self, account: Any, deadline: float) -> str:
        """Return how a repeat is recognized there, in words."""
        keeps = self._software is not None and self._software.keeps_keys
        try:
            self._page(account, deadline)
        except DeliveryFailed as failure:
            if failure.certainty is not Certainty.FOR_GOOD:
                raise
            if keeps:
                return "a repeat is recognized for 50 minutes by its key, and later not: the token lacks read:statuses"
            return (
                "IF SENDING IS INTERRUPTED, YOU DECIDE WHETHER TO SEND AGAIN: this server keeps no"
                " keys, and the token lacks read:statuses"
            )
        how = (
            "by its key for 50 minutes, and in the account's posts"
            if keeps
            else "in the account's posts, after a minute"
        )
        return f"a repeat is recognized {how}"

    def _look(self, sent: ShortForm, since: datetime, deadline: float) -> Receipt | None:
        """Return the post that an earlier try left; None if there is none.

        Raises DeliveryFailed if that is not certain.
        """
        perhaps = False
        for post in self._own_posts(since, deadline):
            trace = trace_of(str(post.get("content") or ""), text=sent.text, link=sent.link)
            if trace is Trace.OURS and (receipt := receipt_of(post)) is not None:
                return receipt
            perhaps = perhaps or trace is Trace.PERHAPS
        if perhaps:
            raise self._other_words()
        return None

    def _other_words(self) -> DeliveryFailed:
        words = f"{self._http.called} has a post with this release's link and other words"
        return DeliveryFailed(Certainty.FOR_GOOD, words)

    def _own_posts(self, since: datetime, deadline: float) -> Iterator[dict[str, Any]]:
        """Yield the account's own posts since a moment of our clock, newest first.

        Raises DeliveryFailed in the end if there are more than can be read.
        """
        account = self._asked("GET", "/api/v1/accounts/verify_credentials", deadline)
        oldest = ""
        for _ in range(PAGES):
            posts, apart = self._page(account, deadline, before=oldest)
            for post in posts:
                if isinstance(post, dict):
                    if made_before(post, since + apart):
                        return
                    yield post
            if not posts:
                return
            oldest = str(posts[-1].get("id") or "") if isinstance(posts[-1], dict) else ""
        raise DeliveryFailed(Certainty.FOR_GOOD, f"{self._http.called} has too many newer posts")

    def _page(self, account: Any, deadline: float, *, before: str = "") -> tuple[list[Any], timedelta]:
        """Return a page of the account's posts, newest first, and how far the server's clock is ahead of ours."""
        name = account.get("id") if isinstance(account, dict) else None
        if not isinstance(name, str) or not name.isalnum():
            raise DeliveryFailed(Certainty.FOR_GOOD, f"{self._http.called} does not say whose token this is")
        query = {"limit": str(PAGE), "exclude_reblogs": "true", **({"max_id": before} if before else {})}
        answer = self._answered("GET", f"/api/v1/accounts/{name}/statuses?{urlencode(query)}", deadline)
        posts = answer.json()
        if not isinstance(posts, list):
            raise DeliveryFailed(Certainty.FOR_GOOD, f"{self._http.called} does not list the account's posts")
        server_now = server_time(answer.headers)
        return posts, timedelta(0) if server_now is None else server_now - utc_now()

    def _asked(
        self,
        method: str,
        route: str,
        deadline: float,
        *,
        body: bytes | None = None,
        key: str = "",
    ) -> Any:
        return self._answered(method, route, deadline, body=body, key=key).json()

    def _answered(
        self,
        method: str,
        route: str,
        deadline: float,
        *,
        body: bytes | None = None,
        key: str = "",
        accepted: Collection[int] = (),
    ) -> HttpAnswer:
        headers = {"Authorization": self._authorization, "Accept": MEDIA_TYPE}
        if body is not None:
            headers |= {"Content-Type": MEDIA_TYPE, **({"Idempotency-Key": key} if key else {})}
        looks = method == "GET"
        answer = self._http.ask(
            method, self._url + route, body=body, headers=headers, deadline=deadline, changes_nothing=looks
        )
        failure = failure_of(answer, self._http.called, changes_nothing=looks)
        if failure is not None and answer.status not in accepted:
            # 403 is a token without the scope, or an account that was closed.
            failure.credentials = answer.status in {401, 403}
            failure.retry_after = failure.retry_after or _rest_of_ban(answer)
            raise failure
        return answer


def _rest_of_ban(answer: HttpAnswer) -> timedelta | None:
    """Return how long a 429 lasts, from `X-RateLimit-Reset`, by the server's own clock."""
    if answer.status != 429:
        return None
    from email.utils import parsedate_to_datetime

    try:
        until = datetime.fromisoformat(answer.headers["x-ratelimit-reset"])
        now = parsedate_to_datetime(answer.headers["date"])
        return max(until.astimezone(UTC) - now, timedelta(0))
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
