"""The transport without a broker: durable queues in one SQLite file, for several processes and threads. Floor F2.

Work that is out belongs to an owner (one for each open transport). When an owner dies, what it held goes to others at
once; as long as it lives, nobody takes anything away from it, however slow it is.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fmn_core.errors import TransportError

from .base import MOST_LOSSES, DeadLetter, Envelope, Outgoing, Transport
from .owners import Owner, Owners
from .queue_file import QueueFile

#: seconds between two looks for owners that died
BURY_EVERY = 0.2
#: seconds for which it is kept what was told
NEWS_LAST = 60.0
#: seconds between two looks for work: the first pause and what it grows to
SHORTEST_PAUSE, LONGEST_PAUSE = 0.005, 0.05

_PUBLISH = "INSERT INTO work (queue, payload) VALUES (?, ?)"
_DEPTH = "SELECT count(*) FROM work WHERE queue = ?"

_READY = "SELECT 1 FROM work WHERE queue = ? AND owner = '' AND due <= ? LIMIT 1"
_WAKE = "UPDATE work SET due = 0 WHERE queue = ? AND owner = '' AND due > 0 AND due <= ?"
_OLDEST = "SELECT id, lost FROM work WHERE queue = ? AND owner = '' AND due = 0 ORDER BY id LIMIT ?"
_TAKE = """UPDATE work SET owner = ?, attempts = attempts + 1 WHERE id IN (SELECT value FROM json_each(?))
    RETURNING id, queue, payload, attempts, lost"""

_ACK = "DELETE FROM work WHERE owner = ? AND id IN (SELECT value FROM json_each(?))"
_RETRY = "UPDATE work SET owner = '', lost = 0, due = ? WHERE owner = ? AND id = ?"
_REJECT = """INSERT INTO dead (queue, payload, attempts, reason, died_at)
    SELECT queue, payload, attempts, ?, ? FROM work WHERE owner = ? AND id = ?"""

_BURY = "INSERT INTO dead (queue, payload, attempts, reason, died_at) VALUES (?, ?, 0, ?, ?)"
_TELL = "INSERT INTO news (topic, payload, at) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM news WHERE at < ?"
_LATEST = "SELECT seq FROM sqlite_sequence WHERE name = 'news'"
_HEARD = "SELECT id, payload FROM news WHERE topic = ? AND id > ? ORDER BY id"

_OWNERS = "SELECT DISTINCT owner FROM work WHERE owner <> ''"
_KILLERS = "SELECT id FROM work WHERE owner = ? AND lost >= ?"
_TAKE_BACK = "UPDATE work SET owner = '', lost = lost + 1 WHERE owner = ?"
_LEAVE = "UPDATE work SET owner = '' WHERE owner = ?"

_DEAD = "SELECT CAST(id AS TEXT), queue, payload, reason, died_at, attempts FROM dead ORDER BY id LIMIT ?"
_DEAD_COUNT = "SELECT count(*) FROM dead"
_REPLAY = """INSERT INTO work (queue, payload)
    SELECT queue, payload FROM dead WHERE CAST(id AS TEXT) IN (SELECT value FROM json_each(?)) ORDER BY id"""
_DROP = "DELETE FROM dead WHERE CAST(id AS TEXT) IN (SELECT value FROM json_each(?))"


class EmbeddedTransport(Transport):
    """Queues in a file.

    :param path: the file; its folder must exist
    :param clock: seconds since the epoch
    :param sleep: waits so many seconds
    :raises TransportError: if the file cannot be opened or is something else
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        place = Path(path).absolute()
        if not place.parent.is_dir():
            raise TransportError(f"queue file {str(place)!r}: its folder does not exist")
        self._clock, self._sleep = clock, sleep
        self._file = QueueFile(place)
        self._owners = Owners(place.with_name(f"{place.name}.owners"))
        self._me: Owner | None = None
        self._held: dict[str, int] = {}
        self._listened: dict[str, int] = {}
        self._bury_at = 0.0

    def publish_all(self, outgoing: Sequence[Outgoing]) -> None:
        if outgoing:
            with self._file.writing() as db:
                db.executemany(_PUBLISH, outgoing)

    def pass_on(self, outgoing: Sequence[Outgoing], done: Sequence[Envelope]) -> None:
        if outgoing or done:
            with self._file.writing() as db:
                db.executemany(_PUBLISH, outgoing)
                db.execute(_ACK, (self._name, _tags(done)))

    def receive(self, queues: Sequence[str], limit: int = 1, timeout: float = 0.0) -> list[Envelope]:
        if self._me is None:
            self._me = self._owners.join()
            self._take_back_from_strangers()
        end = time.monotonic() + timeout
        pause = SHORTEST_PAUSE
        while True:
            self._bury_the_dead(self._me)
            if self._is_ready(queues) and (taken := self._take(queues, limit, self._me)):
                return taken
            left = end - time.monotonic()
            if left <= 0:
                return []
            self._sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _is_ready(self, queues: Sequence[str]) -> bool:
        """Tell whether it is worth while to lock the file."""
        now = self._clock()
        with self._file.reading() as db:
            return any(db.execute(_READY, (queue, now)).fetchone() for queue in queues)

    def _take(self, queues: Sequence[str], limit: int, me: Owner) -> list[Envelope]:
        now = self._clock()
        with self._file.writing() as db:
            db.executemany(_WAKE, [(queue, now) for queue in queues])
            oldest = sorted(row for queue in queues for row in db.execute(_OLDEST, (queue, limit)))
            rows = db.execute(_TAKE, (me.name, json.dumps(_together(oldest, limit)))).fetchall()
        return [Envelope(queue, payload, id_, attempts, lost) for id_, queue, payload, attempts, lost in sorted(rows)]

    def _bury_the_dead(self, me: Owner) -> None:
        """Take back what dead owners held."""
        if time.monotonic() < self._bury_at:
            return
        self._bury_at = time.monotonic() + BURY_EVERY
        for owner in self._owners.dead(but=me.name):
            try:
                self._take_back(owner.name)
            except BaseException:
                owner.leave()
                raise
            owner.bury()

    def _take_back_from_strangers(self) -> None:
        """Take back what is held under names that never joined here: the file was copied without its folder."""
        with self._file.reading() as db:
            holders = {name for (name,) in db.execute(_OWNERS)}
        for name in holders - self._owners.names():
            self._take_back(name)

    def _take_back(self, owner: str) -> None:
        with self._file.writing() as db:
            for (killer,) in db.execute(_KILLERS, (owner, MOST_LOSSES)).fetchall():
                self._bury_work(db, owner, killer, f"{MOST_LOSSES + 1} processes died while they held it")
            db.execute(_TAKE_BACK, (owner,))

    def _bury_work(self, db: sqlite3.Connection, owner: str, id_: object, reason: str) -> None:
        db.execute(_REJECT, (reason, self._clock(), owner, id_))
        db.execute(_ACK, (owner, json.dumps([id_])))

    def ack(self, envelopes: Iterable[Envelope]) -> None:
        self.pass_on((), list(envelopes))

    def retry(self, envelope: Envelope, after: float) -> None:
        with self._file.writing() as db:
            db.execute(_RETRY, (self._clock() + after, self._name, envelope.tag))

    def reject(self, envelope: Envelope, reason: str) -> None:
        with self._file.writing() as db:
            self._bury_work(db, self._name, envelope.tag, reason)

    def bury(self, queue: str, payload: bytes, reason: str) -> None:
        with self._file.writing() as db:
            db.execute(_BURY, (queue, payload, reason, self._clock()))

    def depth(self, queue: str) -> int:
        with self._file.reading() as db:
            return int(db.execute(_DEPTH, (queue,)).fetchone()[0])

    def dead_letters(self, limit: int = 1000) -> list[DeadLetter]:
        with self._file.reading() as db:
            return [DeadLetter(*row) for row in db.execute(_DEAD, (limit,))]

    def dead_count(self) -> int:
        with self._file.reading() as db:
            return int(db.execute(_DEAD_COUNT).fetchone()[0])

    def replay(self, ids: Iterable[str]) -> int:
        wanted = (json.dumps(list(ids)),)
        with self._file.writing() as db:
            db.execute(_REPLAY, wanted)
            return db.execute(_DROP, wanted).rowcount

    def drop(self, ids: Iterable[str]) -> int:
        with self._file.writing() as db:
            return db.execute(_DROP, (json.dumps(list(ids)),)).rowcount

    def hold(self, queue: str) -> bool:
        if queue not in self._held and (descriptor := self._owners.hold(queue)) is not None:
            self._held[queue] = descriptor
        return queue in self._held

    def broadcast(self, topic: str, payload: bytes) -> None:
        now = self._clock()
        with self._file.writing() as db:
            db.execute(_FORGET, (now - NEWS_LAST,))
            db.execute(_TELL, (topic, payload, now))

    def heard(self, topic: str) -> list[bytes]:
        with self._file.reading() as db:
            if topic not in self._listened:
                latest = db.execute(_LATEST).fetchone()
                self._listened[topic] = latest[0] if latest else 0
                return []
            rows = db.execute(_HEARD, (topic, self._listened[topic])).fetchall()
        if rows:
            self._listened[topic] = rows[-1][0]
        return [payload for _, payload in rows]

    def close(self) -> None:
        if self._me is not None:
            self._leave(self._me)
            self._me = None
        while self._held:
            os.close(self._held.popitem()[1])
        self._file.close()

    def _leave(self, me: Owner) -> None:
        try:
            with self._file.writing() as db:
                db.execute(_LEAVE, (me.name,))
        except TransportError:
            me.leave()  # others find the file without its lock, and take back what is held
        else:
            me.bury()

    @property
    def _name(self) -> str:
        """The name under which this transport holds work; nothing is held under the empty one."""
        return self._me.name if self._me else "nobody"


def _tags(envelopes: Sequence[Envelope]) -> str:
    return json.dumps([envelope.tag if isinstance(envelope.tag, int) else None for envelope in envelopes])


def _together(oldest: list[tuple[int, int]], limit: int) -> list[int]:
    """Choose what goes out as one batch.

    What owners died with goes out in ever smaller batches, in the end alone: so that what killed them is found, and
    its neighbours are not taken for it.

    :param oldest: id and number of losses of each piece that is ready
    :returns: ids
    """
    if not oldest:
        return []
    losses = oldest[0][1]
    alike = itertools.takewhile(lambda row: row[1] == losses, oldest)
    return [id_ for id_, _ in itertools.islice(alike, max(1, limit >> 3 * losses))]
