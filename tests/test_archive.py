"""The archive: what was kept is found, by all that a search may say, and forgotten in time."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from fmn_core.archivist import Archivist
from fmn_core.codec import encode_message
from fmn_core.config import ConsumerSettings, Settings, TransportSettings
from fmn_core.consumer import Consumer
from fmn_core.history import Search
from fmn_core.housekeeping import Housekeeper
from fmn_core.model import Facts, Message
from fmn_core.store import Archived
from fmn_core.summaries import SummaryBook
from fmn_core.transport import open_transport
from fmn_core.transport.base import ARCHIVE

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def message(number: int, topic: str = "a.b.c.toys.made", packages=(), users=()) -> Message:
    facts = Facts("toys", "made", packages=frozenset(packages), usernames=frozenset(users))
    return Message(f"id-{number}", topic, {"number": number}, sent_at=NOON + number * HOUR, facts=facts)


def keep(store, *messages: Message) -> int:
    return store.archive.put([Archived.of(one, NOON + 100 * HOUR) for one in messages])


def found(store, since=0, until=100, **more) -> list[int]:
    search = Search(NOON + since * HOUR, NOON + until * HOUR, **more)
    numbers = [one.body["number"] for batch in store.archive.find(search) for one in batch]
    assert store.archive.count(search) == len(numbers)
    return numbers


def test_messages_are_found_by_all_that_a_search_may_say(store):
    keep(store, message(1, packages=["kernel"]), message(2, "a.b.c.boats.sunk", ["kernel", "bash"], ["ava"]))
    keep(store, message(3, users=["ava", "mei"]), message(4))
    assert found(store) == [4, 3, 2, 1], "latest first"
    assert found(store, 2, 4) == [3, 2]
    assert found(store, topics=frozenset(["a.b.c.boats.sunk", "never.seen"])) == [2]
    assert found(store, topics=frozenset()) == []
    assert found(store, terms=(frozenset(["p:kernel"]),)) == [2, 1]
    assert found(store, terms=(frozenset(["p:kernel", "p:bash"]), frozenset(["u:ava"]))) == [2]
    assert found(store, terms=(frozenset(),)) == []
    assert len(found(store, every=2)) == 2
    assert store.archive.topics(NOON, NOON + 100 * HOUR) == {"a.b.c.toys.made": 3, "a.b.c.boats.sunk": 1}
    assert store.archive.span() == (NOON + HOUR, NOON + 4 * HOUR)


def test_many_messages_of_one_moment_come_each_once(store):
    at_once = [Message(f"id-{n}", "t", {"number": n}, sent_at=NOON, facts=Facts("t", "s")) for n in range(1203)]
    assert keep(store, *at_once) == 1203
    assert sorted(found(store)) == list(range(1203))


def test_what_is_kept_already_stays_as_it_is(store):
    assert keep(store, message(1, packages=["kernel"])) == 1
    assert keep(store, message(1, packages=["bash"]), message(2)) == 1
    assert found(store, terms=(frozenset(["p:bash"]),)) == []
    assert store.archive.get("id-1").body == {"number": 1}
    assert store.archive.get("id-3") is None


def test_a_search_that_brings_very_many_reads_on_where_it_was(store, monkeypatch):
    monkeypatch.setattr("fmn_core.store.archive._KEYS", 1000)
    moments = [NOON + number // 700 * HOUR for number in range(2400)]
    facts = Facts("t", "s", packages=frozenset(["kernel"]))
    keep(store, *(Message(f"id-{n}", "t", {"number": n}, sent_at=at, facts=facts) for n, at in enumerate(moments)))
    numbers = found(store, terms=(frozenset(["p:kernel", *(f"p:{n}" for n in range(5000))]),))
    assert sorted(numbers) == list(range(2400))
    assert [moments[n] for n in numbers] == sorted(moments, reverse=True)


def test_what_is_forgotten_while_somebody_reads_is_left_out(store):
    keep(store, *(message(number) for number in range(3)))
    batches = store.archive.find(Search(NOON, NOON + 100 * HOUR))
    store.archive.forget(NOON + 2 * HOUR)
    assert [[one.body["number"] for one in batch] for batch in batches] == [[2]]


def test_a_clock_that_is_wrong_keeps_no_message_for_ever(store):
    late = Message("id", "t", {"number": 1}, sent_at=NOON + 10**6 * HOUR, facts=Facts("t", "s"))
    store.archive.put([Archived.of(late, NOON)])
    assert store.archive.span() == (NOON, NOON)


def test_strangers_text_is_kept_as_far_as_a_database_takes_it(store):
    odd = Message("id\0\ud800", "topic\0", {"number": 7, "text": "\0\ud800"}, sent_at=None,
                  facts=Facts("t", "s", packages=frozenset(["a\0b", "x" * 10_000])))  # fmt: skip
    assert keep(store, odd) == 1
    assert found(store, until=101) == [7]
    assert found(store, until=101, terms=(frozenset(["p:a\0b"]), frozenset(["p:" + "x" * 10_000]))) == [7]
    assert store.archive.get("id\0\ud800").body["number"] == 7


def test_housekeeping_forgets_what_is_old_or_too_much(store):
    keep(store, *(message(number) for number in range(48)))
    day = Housekeeper(store, Settings(archive={"keep_days": 1}), lambda: NOON + 48 * HOUR)
    assert day.turn()["archive"] == 24
    assert found(store)[-1] == 24
    assert store.archive.shrink(10**6) == 0
    assert store.archive.shrink(10) == 24
    assert store.archive.span() is None


@pytest.fixture
def transport(tmp_path):
    with closing(open_transport(f"embedded:///{tmp_path / 'queue.sqlite'}", TransportSettings())) as opened:
        yield opened


def test_what_the_consumer_takes_is_kept_and_what_cannot_be_read_set_aside(store, transport):
    Consumer(ConsumerSettings(junk=(".junk",)), archive=True).handle(
        transport, [encode_message(message(1)), encode_message(message(2, "a.b.c.junk"))]
    )
    transport.publish(ARCHIVE, [b"no message"])
    stage = Archivist(SummaryBook(), lambda: store.archive, lambda: NOON + 100 * HOUR)
    stage.handle(transport, transport.receive([ARCHIVE], 10))
    assert (transport.depth(ARCHIVE), found(store), transport.dead_count()) == (0, [1], 1)
    transport.publish(ARCHIVE, [encode_message(message(1))])
    stage.handle(transport, transport.receive([ARCHIVE], 10))
    assert stage.counts == {"archived": 1, "known": 1, "rejected": 1}


def test_without_an_archive_the_consumer_queues_nothing_for_it(transport):
    Consumer(ConsumerSettings()).handle(transport, [encode_message(message(1))])
    assert transport.depth(ARCHIVE) == 0
