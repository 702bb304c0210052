"""Whether a follow-up says what was promised: it shares a word with the promise that not every release has."""

from __future__ import annotations

import re
from functools import lru_cache

#: Words of every release, and of every promise: none shows what is promised.
_COMMON = frozenset(
    "about additional after also and announce announced announcement april are attorney august available be been"
    " before being between briefing by can city coming conference county date dates day days december department"
    " detail details district due during each end evening february follow for friday from further further general had"
    " has have held hold hour hours information issue issued january july june later made make march media meeting"
    " monday month more morning next noon not november october office on once only other our out p.m police post posted"
    " press provide provided public publish published release released releases report saturday schedule scheduled"
    " september shall share sheriff shortly soon state statement such sunday than that the their them then there these"
    " they this thursday time to today tomorrow tonight tuesday update updates was website wednesday week weekend weeks"
    " were when which will with within year you".split()
)
#: Words that say the same of what becomes public.
_SAME = (
    {"name", "named", "names", "naming", "identi"},
    {"photo", "photog", "pictur", "image", "images", "bookin", "mugsho"},
    {"video", "videos", "footag", "record", "dashca", "body-w"},
    {"findin", "result", "review", "audit", "analys"},
    {"charge", "compla", "indict", "decisi", "decide"},
)
_STEM = 6


def says_what_was_promised(promise: str, text: str) -> bool:
    """Return whether `text`, the whole of a follow-up, has a word of what was promised; any does if nothing is named.

    "The identities of those arrested will be released" is kept by "Names of six arrested", and not by "Holiday hours".
    """
    wanted = _stems(promise)
    return not wanted or bool(wanted & _stems(text))


@lru_cache(maxsize=256)
def _stems(text: str) -> frozenset[str]:
    words = {word for word in re.findall(r"[a-z][a-z'-]{2,}", text.lower().replace("’", "'")) if word not in _COMMON}
    stems = {word.removesuffix("'s")[:_STEM].removesuffix("s") for word in words}
    for number, same in enumerate(_SAME):
        if any(stem.startswith(tuple(same)) for stem in stems):
            stems.add(f"={number}")
    return frozenset(stems)
