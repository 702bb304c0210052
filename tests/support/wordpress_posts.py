"""A small WordPress: posts with revisions, and a media library, by the rules of its REST API that outlets rely on.

A slug that another post has, in any state but the trash, becomes slug-2; the trash frees it; each change of a post adds
a revision; `search` looks into texts. `test_wordpress_site.py` asks a real one.
"""

from __future__ import annotations

import email
from dataclasses import dataclass, field
from email.policy import HTTP
from typing import Any

from social_servers import Asked, SocialServer, Told


@dataclass
class WordPressPosts(SocialServer):
    """One site, with one user who may do what `may_delete` says."""

    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    revisions: dict[int, dict[int, str]] = field(default_factory=dict)
    media: dict[int, dict[str, Any]] = field(default_factory=dict)
    may_delete: bool = True
    made: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def is_write(self, asked: Asked) -> bool:
        return asked.method != "GET"

    def answer(self, asked: Asked) -> Told:
        route = asked.path.removeprefix("/wp-json/wp/v2/").split("/")
        if not asked.path.startswith("/wp-json/"):
            return self._page(asked.path)
        if route[0] == "media":
            return self._media(asked, route)
        if len(route) >= 3:
            return self._revision(asked, int(route[1]), route[3:])
        return self._post(asked, route) if route[0] == "posts" else Told(200, [])

    def write(self, slug: str, content: str, *, status: str = "publish", number: int = 0) -> int:
        """A post as somebody made it by hand; its number."""
        number = number or self._number()
        wanted = slug
        others = {post["slug"] for other, post in self.posts.items() if other != number and post["status"] != "trash"}
        count = 1
        while slug in others:
            count += 1
            slug = f"{wanted}-{count}"
        self.posts[number] = {
            "id": number,
            "slug": slug,
            "status": status,
            "link": f"{self.url}/{slug}/",
            "title": "",
            "content": {"raw": content},
        }
        return number

    @property
    def public(self) -> dict[str, str]:
        """What everybody can read: the text at each slug."""
        return {
            post["slug"]: post["title"] + "\n" + post["content"]["raw"]
            for post in self.posts.values()
            if post["status"] == "publish"
        }

    def _number(self) -> int:
        self.made += 1
        return 100 + self.made

    def _page(self, path: str) -> Told:
        found = [post for post in self.posts.values() if post["link"] == f"{self.url}{path}"]
        shown = [post for post in found if post["status"] == "publish"]
        if not shown:
            return Told(404)
        return Told(200, None, {"Link": f"<{self.url}/?p={shown[0]['id']}>; rel=shortlink"})

    def _post(self, asked: Asked, route: list[str]) -> Told:
        number = int(route[1]) if len(route) > 1 else 0
        if number and number not in self.posts:
            return Told(404, {"code": "rest_post_invalid_id"})
        if asked.method == "GET":
            return Told(200, self.posts[number]) if number else Told(200, self._found(asked))
        if asked.method == "DELETE":
            self.posts[number] |= {"status": "trash", "slug": f"{self.posts[number]['slug']}__trashed"}
            return Told(200, self.posts[number])
        given = asked.json
        if not number:
            number = self.write(given["slug"], "", status=given["status"])
        post = self.posts[number]
        post |= {name: given[name] for name in ("status", "title") if name in given}
        post["content"] = {"raw": given["content"]}
        self.revisions.setdefault(number, {})[self._number()] = given["content"]
        return Told(200, post)

    def _found(self, asked: Asked) -> list[dict[str, Any]]:
        states = asked.query.get("status", ["publish"])[0].split(",")
        slugs = asked.query["slug"][0].split(",") if "slug" in asked.query else None
        words = asked.query.get("search", [""])[0]
        return [
            post
            for post in self.posts.values()
            if post["status"] in states and (slugs is None or post["slug"] in slugs) and words in post["content"]["raw"]
        ]

    def _revision(self, asked: Asked, number: int, which: list[str]) -> Told:
        kept = self.revisions.get(number, {})
        if asked.method == "GET":
            return Told(200, [{"id": one, "content": {"raw": text}} for one, text in kept.items()])
        if not self.may_delete:
            return Told(403, {"code": "rest_cannot_delete", "data": {"status": 403}})
        return Told(200, {"deleted": True}) if kept.pop(int(which[0]), None) else Told(404, {"code": "gone"})

    def _media(self, asked: Asked, route: list[str]) -> Told:
        number = int(route[1]) if len(route) > 1 else 0
        if asked.method == "POST":
            head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
            parts = email.message_from_bytes(head + asked.body, policy=HTTP).iter_parts()  # type: ignore[attr-defined]
            fields = {part.get_param("name", header="content-disposition"): part for part in parts}
            number = self._number()
            name = fields["file"].get_filename()
            self.media[number] = {
                "id": number,
                "slug": fields["slug"].get_content().strip(),
                "source_url": f"{self.url}/wp-content/uploads/{number}-{name}",
            }
            return Told(201, self.media[number])
        if asked.method == "GET" and not number:
            return Told(200, [one for one in self.media.values() if one["slug"] == asked.query["slug"][0]])
        if number not in self.media:
            return Told(404, {"code": "rest_post_invalid_id"})
        if asked.method == "GET":
            return Told(200, self.media[number])
        if not self.may_delete:
            return Told(403, {"code": "rest_cannot_delete", "data": {"status": 403}})
        if asked.query.get("force") != ["true"]:
            return Told(501, {"code": "rest_trash_not_supported", "data": {"status": 501}})
        return Told(200, {"deleted": True, "previous": self.media.pop(number)})
