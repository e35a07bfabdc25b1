"""Which carrier a configuration asks for."""

from __future__ import annotations

from fmn_core import Settings

from .carrier import EventCarrier
from .settings import SseSettings

#: name of the file, in the data folder
EVENTS_FILE = "events.sqlite"


def open_carrier(settings: Settings) -> EventCarrier:
    """Return the carrier of a configuration: Redis if there is one, else a file in the data folder."""
    options = settings.section("sse", SseSettings)
    if settings.redis.url:
        from .in_redis import RedisEvents

        return RedisEvents(settings.redis.url, options.redis_prefix, options.keep_seconds, options.keep_events)
    from .in_sqlite import EventLog

    path = settings.data_dir / EVENTS_FILE
    return EventLog(path, options.keep_seconds, options.keep_events, options.poll)
