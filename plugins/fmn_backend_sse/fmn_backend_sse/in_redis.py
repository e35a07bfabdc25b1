"""The carrier in Redis, for processes on many machines: a stream for each user, and one of news that wakes servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from . import scripts
from .carrier import MICRO, CarrierAway, Event, EventCarrier, News, Window

#: seconds that an answer of Redis may take
PATIENCE = 5.0
#: seconds that we let Redis wait for news; less than an answer may take
BLOCK = 1.0
#: pieces of news taken at once
MANY_NEWS = 1000


class RedisEvents(EventCarrier):
    """Keys of a Redis.

    :param url: ``redis://``, ``rediss://`` or ``unix://``
    :param prefix: what all keys begin with
    :param keep_seconds: older events are forgotten
    :param keep_events: of each user the latest so many are kept
    :param clock: seconds since the epoch; None for the clock of Redis, which is the same for all
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        keep_seconds: float,
        keep_events: int,
        clock: Callable[[], float] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.place = "Redis at " + re.sub(r"//([^:/@]*):[^@]*@", r"//\1:***@", url)
        self._prefix, self._keep, self._keep_events, self._clock = prefix, int(keep_seconds * MICRO), keep_events, clock
        self._latest, self._generations, self._news = f"{prefix}:latest", f"{prefix}:generations", f"{prefix}:news"
        self._latest_of, self._events = f"{prefix}:latest-of", f"{prefix}:events:"
        self._block = min(BLOCK, patience / 2)
        with self._explained():
            # one more try, at once: the connection may be an old one that the server has closed
            self._redis: Any = redis.Redis.from_url(
                url, socket_timeout=patience, socket_connect_timeout=patience, retry=Retry(NoBackoff(), 1)
            )
        self._append, self._read, self._renew = map(
            self._redis.register_script, (scripts.APPEND, scripts.READ, scripts.RENEW)
        )

    def append(self, user: str, key: str, name: str, data: str) -> bool:
        """See :meth:`EventCarrier.append`."""
        keys = [self._latest, self._news, self._latest_of, f"{self._prefix}:seen:{key}", self._events + user]
        return bool(self._run(self._append, keys, self._now(), self._keep, self._keep_events, user, name, data))

    def read(self, positions: Mapping[str, int], limit: int) -> dict[str, Window]:
        """See :meth:`EventCarrier.read`."""
        keys = [self._latest, self._generations, self._latest_of, *(self._events + user for user in positions)]
        asked = [part for user, position in positions.items() for part in (user, position)]
        last, *found = self._run(self._read, keys, self._now(), self._keep, limit, *asked)
        return {user: _window(int(last), row) for user, row in zip(positions, found, strict=True)}

    def last(self) -> int:
        """See :meth:`EventCarrier.last`."""
        with self._explained():
            return int(self._redis.get(self._latest) or 0)

    def news(self, position: int, patience: float) -> News:
        """See :meth:`EventCarrier.news`."""
        block = max(1, int(min(patience, self._block) * 1000))
        with self._explained():
            found = self._redis.xread({self._news: f"{position}-0"}, count=MANY_NEWS, block=block)
        rows = _rows(found)
        if not rows:
            last = self.last()
            return News(last, None) if last < position else News(position, set())  # less: Redis lost what it had
        users = {fields[b"user"].decode() for _, fields in rows}
        # news are cut off at some length: each names the one before it
        missed = int(rows[0][1][b"before"]) > position
        return News(_number(rows[-1][0]), None if missed else users)

    def generation(self, user: str) -> int:
        """See :meth:`EventCarrier.generation`."""
        return int(self._run(self._renew, [self._latest, self._generations, self._news], self._now(), user, "keep"))

    def revoke(self, user: str) -> None:
        """See :meth:`EventCarrier.revoke`."""
        self._run(self._renew, [self._latest, self._generations, self._news], self._now(), user, "renew")

    def close(self) -> None:
        """See :meth:`EventCarrier.close`."""
        with suppress(redis.RedisError, OSError):
            self._redis.close()

    def _now(self) -> str:
        return str(int(self._clock() * MICRO)) if self._clock else ""

    def _run(self, script: Any, keys: Sequence[str], *arguments: object) -> Any:
        with self._explained():
            return script(keys=keys, args=arguments)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError, ValueError) as error:
            raise CarrierAway(f"{self.place} cannot be used: {error}") from error


def _rows(found: Any) -> list[Any]:
    """Return the rows of the only stream that was asked for; versions of the library say it as a list or a mapping."""
    streams = list(found.values() if isinstance(found, dict) else (rows for _, rows in found or ()))
    return [row for part in streams for row in (part[0] if part and isinstance(part[0], list) else part)]


def _number(entry: bytes) -> int:
    return int(entry.partition(b"-")[0])


def _window(last: int, row: Sequence[Any]) -> Window:
    generation, horizon, entries = row
    events = tuple(Event(_number(entry), fields[1].decode(), fields[3].decode()) for entry, fields in entries)
    return Window(last, int(generation), int(horizon), events)
