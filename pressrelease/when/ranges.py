"""Find the two ends of a window: "between A and B", "A to B", "not before A and not after B"."""

from __future__ import annotations

from dataclasses import dataclass

from pressrelease.when.phrase import CLOCKLIKE, DAYLIKE, TIMES
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.tokens import Clock, Connector, Part, Punctuation, RangeWord, UnknownWord, ZoneMention


@dataclass(frozen=True)
class Range:
    """The parts before and after what joins them."""

    left: tuple[Part, ...]
    right: tuple[Part, ...]


def find_range(parts: tuple[Part, ...]) -> Range | None:
    """Return the two sides of a phrase that names a start and an end; None for one that doesn't."""
    joints = [index for index in range(len(parts)) if _joins(parts, index)]
    if not joints:
        return None
    if len(joints) > 1:
        raise NoReading(Why.TWO_RANGES)
    index = joints[0]
    begins = next(
        (i for i, part in enumerate(parts) if isinstance(part, RangeWord) and part.tie is Connector.BETWEEN), 0
    )
    if all(any(isinstance(part, DAYLIKE) for part in side) for side in (parts[:begins], parts[begins:])):
        raise NoReading(Why.DAY_BEFORE_BETWEEN)
    return Range(parts[:index], parts[index + 1 :])


def _joins(parts: tuple[Part, ...], index: int) -> bool:
    part = parts[index]
    before, after = parts[:index], parts[index + 1 :]
    if not (any(isinstance(other, TIMES) for other in before) and any(isinstance(other, TIMES) for other in after)):
        return False
    lower = any(
        isinstance(other, RangeWord) and other.tie in {Connector.NOT_BEFORE, Connector.FROM, Connector.AFTER}
        for other in before
    )
    between = any(isinstance(other, RangeWord) and other.tie is Connector.BETWEEN for other in before)
    if isinstance(part, RangeWord):
        if part.tie is Connector.AND:
            return between and _alike(before, after)
        if part.tie is Connector.BY:
            return lower
        if part.tie is Connector.UNTIL:
            return lower and _alike(before, after)
        if part.tie in {Connector.THROUGH, Connector.TO}:
            return _alike(before, after)
    if isinstance(part, Punctuation) and part.mark == "-":
        if not _alike(before, after):
            return False
        # "4 a.m. CT - 5 a.m. ET" is one instant given twice; `instant` checks that they agree.
        return not (_zoned_clock(before) and _kind_after(after) == "clock" and _zone_follows(after))
    return False


def _alike(before: tuple[Part, ...], after: tuple[Part, ...]) -> bool:
    """Return whether both sides are hours, or both days, or one of them a day with its hour."""
    if _kind_before(before) == _kind_after(after) != "":
        return True
    return all(
        any(isinstance(part, CLOCKLIKE) for part in side) and any(isinstance(part, DAYLIKE) for part in side)
        for side in (before, after)
    )


def _kind(part: Part) -> str:
    return "clock" if isinstance(part, CLOCKLIKE) else "day" if isinstance(part, DAYLIKE) else ""


def _kind_before(parts: tuple[Part, ...]) -> str:
    for part in reversed(parts):
        if isinstance(part, (Punctuation, ZoneMention, UnknownWord)) and not (
            isinstance(part, Punctuation) and part.mark not in "()."
        ):
            continue
        if isinstance(part, TIMES) and not _kind(part):
            continue
        return _kind(part)
    return ""


def _kind_after(parts: tuple[Part, ...]) -> str:
    for part in parts:
        if isinstance(part, RangeWord) and part.tie is Connector.AT:
            continue
        return _kind(part)
    return ""


def _zoned_clock(parts: tuple[Part, ...]) -> bool:
    return bool(parts) and isinstance(parts[-1], ZoneMention)


def _zone_follows(parts: tuple[Part, ...]) -> bool:
    return len(parts) > 1 and isinstance(parts[0], Clock) and isinstance(parts[1], ZoneMention)
