"""The shelf in Redis, for processes on many machines; the only home of the redis library. Floor F2.

Answers, their label and the note of a failure change in one transaction. There is no lock: whoever takes, takes what
was put last.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fmn_core.errors import DecodeError, ShelfError
from fmn_core.lookups import Answers, Failure, Label

from .base import Shelf, failure_row, label_row, pack, read_failure, read_label, unpack

#: what all our keys begin with
PREFIX = "fmn:lookups"
#: seconds that an answer of Redis may take
PATIENCE = 5.0

Read = TypeVar("Read")


class RedisShelf(Shelf):
    """Keys of a Redis with the last answers.

    :param url: ``redis://``, ``rediss://`` or ``unix://``
    :param prefix: what all keys begin with, another one in each test
    """

    def __init__(self, url: str, prefix: str = PREFIX, patience: float = PATIENCE) -> None:
        self._labels, self._failures, self._data = f"{prefix}:labels", f"{prefix}:failures", f"{prefix}:data:"
        self._prefix = prefix
        self._place = re.sub(r"//([^:/@]*):[^@]*@", r"//\1:***@", url)
        with self._explained():
            # one more try, at once: the connection may be an old one that the server has closed
            self._redis: Any = redis.Redis.from_url(
                url, socket_timeout=patience, socket_connect_timeout=patience, retry=Retry(NoBackoff(), 1)
            )

    @property
    def role(self) -> str:
        """See :attr:`Shelf.role`."""
        return self._prefix

    @property
    def place(self) -> str:
        """See :attr:`Shelf.place`."""
        return self._place

    def labels(self) -> dict[str, Label]:
        """See :meth:`Shelf.labels`."""
        return self._all(self._labels, read_label)

    def failures(self) -> dict[str, Failure]:
        """See :meth:`Shelf.failures`."""
        return self._all(self._failures, read_failure)

    def _all(self, key: str, read: Callable[[bytes], Read | None]) -> dict[str, Read]:
        with self._explained():
            rows: dict[bytes, bytes] = self._redis.hgetall(key)
            found = {source.decode("utf-8", "replace"): read(row) for source, row in sorted(rows.items())}
            return {source: one for source, one in found.items() if one is not None}

    def take(self, source: str) -> Answers | None:
        """See :meth:`Shelf.take`."""
        with self._explained():
            row, packed = self._redis.pipeline().hget(self._labels, source).get(self._data + source).execute()
        label = read_label(row or b"")
        if label is None or packed is None:
            return None
        try:
            return Answers(unpack(packed), label)
        except DecodeError:
            return None

    def put(self, source: str, answers: Answers) -> None:
        """See :meth:`Shelf.put`."""
        packed = pack(answers.data)
        with self._explained():
            together = self._redis.pipeline()
            together.set(self._data + source, packed)
            together.hset(self._labels, source, label_row(answers.label))
            together.hdel(self._failures, source)
            together.execute()

    def note_failure(self, source: str, failure: Failure) -> None:
        """See :meth:`Shelf.note_failure`."""
        with self._explained():
            self._redis.hset(self._failures, source, failure_row(failure))

    def close(self) -> None:
        """See :meth:`Shelf.close`."""
        with contextlib.suppress(redis.RedisError, OSError):
            self._redis.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError, ValueError) as error:
            raise ShelfError(f"Redis at {self._place} cannot be used: {error}") from error
