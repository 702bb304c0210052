"""What `when` is asked: in a workspace with its zone and hour, and without one with those given."""

from __future__ import annotations

from datetime import datetime, time

from pressrelease.cli.session import Session
from pressrelease.errors import NotFound, PressReleaseError, Usage
from pressrelease.system import clock
from pressrelease.when import Embargo, read_embargo, read_rfc3339, read_zone


def meaning(
    session: Session, text: str, *, now: str | None, timezone: str | None, release_time: str | None
) -> tuple[Embargo, datetime]:
    """The reading of `text`, and the present that it was read in (UTC). Raises EmbargoRefused, Usage."""
    present = read_rfc3339(now) if now else clock.utc_now()
    hour = _hour(release_time) if release_time else None
    close = time(17)
    try:
        office = session.workspace.config.office
    except NotFound:
        if timezone is None:
            raise Usage(
                "Outside a workspace, `when` needs a time zone.",
                hint=f'pressrelease when "{text}" --timezone America/Los_Angeles',
                code="zone_needed",
            ) from None
    except PressReleaseError:
        # A phrase can be read beside a config that can't be, if the command line says the rest.
        if timezone is None or hour is None:
            raise
    else:
        timezone, hour, close = timezone or office.timezone, hour or office.release_time, office.close
    read_zone(timezone)
    return read_embargo(text, now=present, timezone=timezone, release_time=hour or time(9, 0), close=close), present


def _hour(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Usage(f"{text} is not a time of day.", hint="Write it like this: --release-time 09:00") from None
