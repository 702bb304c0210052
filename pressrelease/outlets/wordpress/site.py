"""WordPress's REST API: where it answers, and what its refusals mean.

Pretty addresses (`/wp-json/wp/v2/posts`) exist only if the site has pretty permalinks; `/?rest_route=` always does.
Which of them answers is found out by the first look, and remembered.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pressrelease.outlets.http import Http, HttpAnswer, failure_of
from pressrelease.release.delivery import Certainty, DeliveryFailed

#: A page of posts with their texts, in bytes: a release has up to 1 MiB, and a slug up to three posts.
LARGEST_LOOK = 8 << 20

#: What WordPress refuses with (`code` in its JSON), if its status alone says too little or something else.
_WORDS = {
    "rest_cannot_publish": "this user doesn't have permission to publish there",
    "rest_cannot_create": "this user doesn't have permission to write there",
    "rest_cannot_edit": "this user doesn't have permission to change that post",
    "rest_cannot_edit_others": "this user doesn't have permission to change posts by others",
    "rest_cannot_delete": "this user doesn't have permission to delete that",
    "rest_forbidden_status": "it rejected the user name or application password",
    "rest_upload_unknown_error": "it does not accept an attachment of that type or size",
    "rest_upload_file_too_big": "it does not accept an attachment of that size",
    "rest_upload_user_quota_exceeded": "its space for attachments is full",
}
_CREDENTIALS = {"rest_forbidden_status", "rest_cannot_publish", "rest_cannot_create", "rest_not_logged_in"}


#: How WordPress names what it shows: the shortlink and the REST address (Link headers, and the head), the body's class.
_SHOWN = (
    re.compile(r"""[?&](?:p|page_id|attachment_id)=(\d+)["'>]{1,2}[^>\n]{0,20}rel=["']?shortlink"""),
    re.compile(r"""rel=["']?shortlink["']? href=["'][^"']*[?&](?:p|page_id|attachment_id)=(\d+)["']"""),
    re.compile(r"""/wp/v2/(?:posts|pages|media)/(\d+)["'>]"""),
    re.compile(r"""<body[^>]*class=["'][^"'>]*\b(?:postid|page-id|attachmentid)-(\d+)\b"""),
)
_MARKED_POST = re.compile(r"<!-- pressrelease [0-9a-f]{32} ([0-9a-f]{32})(?: [0-9a-z]{1,9})? -->")


@dataclass(frozen=True)
class Shown:
    """What an address shows: the number of the post or page, None if it is not given; and the marks in its text."""

    id: int | None
    marks: frozenset[str]


@dataclass(frozen=True)
class Post:
    """A post as WordPress has it; `content` is as it was written, "" if it was not asked for."""

    id: int
    slug: str
    status: str
    link: str
    content: str = ""


class WordPressSite:
    """One site, as one user."""

    def __init__(self, url: str, *, username: str, password: str, http: Http) -> None:
        self.url = url
        self.username = username
        self.http = http
        self._authorization = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        self._plain_addresses: bool | None = None

    @property
    def called(self) -> str:
        """The site's name in reasons."""
        return self.http.called

    def deadline(self) -> float:
        """Return when a send that starts now must have ended, on the pause clock."""
        return self.http.deadline()

    # -- requests -----------------------------------------------------------------------------------------

    def look(self, route: str, query: Mapping[str, str], deadline: float) -> Any:
        """Return what is at a route, None if there is nothing. Changes nothing. Raises DeliveryFailed."""
        noisy = False
        kinds = (False, True) if self._plain_addresses is None else (self._plain_addresses,)
        for plain in kinds:
            answer = self._ask("GET", route, query, plain=plain, deadline=deadline, changes_nothing=True)
            reply = answer.json()
            if _is_rest(answer, reply):
                self._plain_addresses = plain
                if answer.status == 404:
                    return None
                self._raise_for(answer, reply, changes_nothing=True)
                return reply
            noisy = noisy or _has_json_inside(answer)
            failure = failure_of(answer, self.called, changes_nothing=True)
            if failure is not None and answer.status > 404:
                raise failure
        if failure is not None and answer.status != 404:
            raise failure
        if noisy:
            words = f"{self.called} answers with more than JSON: a plugin or PHP adds a notice"
            raise DeliveryFailed(Certainty.NOT_SENT, words)
        words = f"{self.called} has no WordPress at this address, or its REST API is switched off"
        raise DeliveryFailed(Certainty.FOR_GOOD, words)

    def shown_at(self, link: str, deadline: float) -> tuple[Shown | None, bool]:
        """Return what the public gets at an address of the site, and whether it is nothing.

        The first is None if the answer does not say.

        Raises: DeliveryFailed.
        """
        headers = {"Accept": "text/html", "Cache-Control": "no-cache"}
        answer = self.http.ask(
            "GET", link, headers=headers, deadline=deadline, changes_nothing=True, largest=LARGEST_LOOK
        )
        return shown_in(answer) if answer.status == 200 else None, answer.status in {404, 410}

    def change(
        self, route: str, fields: Mapping[str, Any], deadline: float, *, query: Mapping[str, str] | None = None
    ) -> Any:
        """Post fields to a route. Return the JSON that came back, None if it is none. Raises DeliveryFailed."""
        body = json.dumps(fields, ensure_ascii=False).encode()
        return self._change("POST", route, deadline, query=query, body=body, media_type="application/json")

    def upload(self, fields: Mapping[str, str], name: str, content: bytes, media_type: str, deadline: float) -> Any:
        """Add a file to the media library, with its description, in one request."""
        from urllib3 import encode_multipart_formdata

        parts: list[Any] = [*fields.items(), ("file", (name, content, media_type))]
        body, form_type = encode_multipart_formdata(parts)
        wanted = {"_fields": "id,source_url"}
        return self._change("POST", "media", deadline, query=wanted, body=body, media_type=form_type)

    def trash(self, post: int, deadline: float) -> None:
        """Move a post to the trash, or delete it if the site has no trash. One that is gone is no failure."""
        for query in ({}, {"force": "true"}):
            answer = self._ask("DELETE", f"posts/{post}", query, deadline=deadline)
            if answer.status != 501:
                break
        if answer.status not in {404, 410}:
            self._raise_for(answer, answer.json())

    def remove(self, route: str, deadline: float) -> None:
        """Delete what is at a route, for good. What is gone is no failure. Raises DeliveryFailed."""
        answer = self._ask("DELETE", route, {"force": "true"}, deadline=deadline)
        if answer.status not in {404, 410}:
            self._raise_for(answer, answer.json())

    def _change(
        self,
        method: str,
        route: str,
        deadline: float,
        *,
        query: Mapping[str, str] | None,
        body: bytes,
        media_type: str,
    ) -> Any:
        answer = self._ask(method, route, query or {}, deadline=deadline, body=body, media_type=media_type)
        reply = answer.json()
        self._raise_for(answer, reply)
        return reply

    def _ask(
        self,
        method: str,
        route: str,
        query: Mapping[str, str],
        *,
        deadline: float,
        plain: bool | None = None,
        body: bytes | None = None,
        media_type: str = "",
        changes_nothing: bool = False,
    ) -> HttpAnswer:
        headers = {"Authorization": self._authorization, "Accept": "application/json"}
        if media_type:
            headers["Content-Type"] = media_type
        return self.http.ask(
            method,
            self._address(route, query, plain=bool(self._plain_addresses if plain is None else plain)),
            body=body,
            headers=headers,
            deadline=deadline,
            changes_nothing=changes_nothing,
            largest=LARGEST_LOOK,
        )

    def _address(self, route: str, query: Mapping[str, str], *, plain: bool) -> str:
        if plain:
            return f"{self.url}/?{urlencode({'rest_route': f'/wp/v2/{route}', **query})}"
        return f"{self.url}/wp-json/wp/v2/{route}{'?' if query else ''}{urlencode(query)}"

    def _raise_for(self, answer: HttpAnswer, reply: Any, *, changes_nothing: bool = False) -> None:
        failure = failure_of(answer, self.called, changes_nothing=changes_nothing)
        if failure is None:
            return
        code = code_of(reply)
        if code in _WORDS and answer.status >= 400:
            # WordPress says 500 to a file that it doesn't take.
            reason = f"{self.called} refused: {_WORDS[code]} ({answer.status})"
            raise DeliveryFailed(Certainty.FOR_GOOD, reason, credentials=code in _CREDENTIALS or failure.credentials)
        raise failure


def code_of(reply: Any) -> str:
    """Return the name of a refusal in WordPress's JSON; a parameter's own, if one was refused."""
    if not isinstance(reply, dict):
        return ""
    data = reply.get("data")
    details = data.get("details") if isinstance(data, dict) else None
    if isinstance(details, dict):
        for detail in details.values():
            if isinstance(detail, dict) and isinstance(detail.get("code"), str):
                return str(detail["code"])
    return str(reply.get("code") or "")


def post_of(reply: Any) -> Post | None:
    """Return a post in WordPress's JSON; None if it is none."""
    if not isinstance(reply, dict) or not isinstance(reply.get("id"), int):
        return None
    content = reply.get("content")
    raw = content.get("raw") if isinstance(content, dict) else ""
    return Post(
        id=reply["id"],
        slug=str(reply.get("slug") or ""),
        status=str(reply.get("status") or ""),
        link=str(reply.get("link") or ""),
        content=str(raw or ""),
    )


def media_of(reply: Any) -> list[tuple[int, str]]:
    """Return the number and the address of each attachment in WordPress's JSON."""
    found = []
    for one in reply if isinstance(reply, list) else ():
        address = one.get("source_url") if isinstance(one, dict) else None
        if isinstance(address, str) and address.startswith(("https://", "http://")) and isinstance(one.get("id"), int):
            found.append((one["id"], address))
    return found


def shown_in(answer: HttpAnswer) -> Shown | None:
    """Return which post or page an answer shows, by its Link headers, its head, or its body's class."""
    text = answer.headers.get("link", "") + "\n" + answer.body.decode("utf-8", "replace")
    marks = frozenset(_MARKED_POST.findall(text))
    for pattern in _SHOWN:
        if found := pattern.search(text):
            return Shown(int(found[1]), marks)
    return Shown(None, marks) if marks else None


def _has_json_inside(answer: HttpAnswer) -> bool:
    """Return whether an answer is WordPress's JSON with something before or after it."""
    if not 200 <= answer.status < 300:
        return False
    text = answer.body.decode("utf-8", "replace")
    for found in list(re.finditer(r"[\[{]", text))[:20]:
        try:
            reply, _ = json.JSONDecoder().raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if _is_rest(answer, reply):
            return True
    return False


def _is_rest(answer: HttpAnswer, reply: Any) -> bool:
    """Return whether the REST API answered, and not a page of the site or of a server in front of it."""
    if isinstance(reply, list):
        return 200 <= answer.status < 300
    return isinstance(reply, dict) and ("id" in reply or "code" in reply)
