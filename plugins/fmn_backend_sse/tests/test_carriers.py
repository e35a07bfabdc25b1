"""The contract of carriers, and both of them under it."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from redis_place import REDIS

from fmn_backend_sse.carrier import CarrierAway
from fmn_backend_sse.in_redis import RedisEvents
from fmn_backend_sse.in_sqlite import EventLog

SECOND = 1_000_000
NONE = 10**17


class Clock:
    now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["sqlite", "redis"])
def make(request, tmp_path, clock, stack):
    """Open the carrier once more, as another process would."""
    prefix = request.getfixturevalue("redis_prefix") if request.param == "redis" else ""

    def make(keep_seconds=60, keep_events=5, clock=clock):
        if prefix:
            carrier = RedisEvents(REDIS, prefix, keep_seconds, keep_events, clock)
        else:
            carrier = EventLog(tmp_path / "new" / "events.sqlite", keep_seconds, keep_events, 0.01, clock)
        return stack.enter_context(closing(carrier))

    return make


def say(carrier, user, *texts):
    for text in texts:
        assert carrier.append(user, f"{user}: {text}", "notification", text)


def window(carrier, user, behind=0, limit=100):
    return carrier.read({user: behind}, limit)[user]


def texts(carrier, user, behind=0, limit=100):
    return [event.data for event in window(carrier, user, behind, limit).events]


def test_everybody_has_events_of_their_own_in_order(make):
    carrier = make()
    for number in range(3):
        say(carrier, "jane", f"jane's {number}")
        say(carrier, "joe", f"joe's {number}")
    assert texts(carrier, "jane") == ["jane's 0", "jane's 1", "jane's 2"]
    second = window(carrier, "jane").events[1].id
    found = carrier.read({"jane": second, "joe": 0, "nobody": 0}, 2)
    assert {user: [event.data for event in one.events] for user, one in found.items()} == {
        "jane": ["jane's 2"],
        "joe": ["joe's 0", "joe's 1"],
        "nobody": [],
    }
    assert texts(carrier, "jane", NONE) == []


def test_an_event_keeps_its_name_and_any_text(make):
    carrier = make()
    carrier.append("žaneta:*[x]", "k", "digest", '{"a":"žluťoučký\\n"}')
    (event,) = window(carrier, "žaneta:*[x]").events
    assert event[1:] == ("digest", '{"a":"žluťoučký\\n"}')


def test_the_same_notification_is_one_event(make):
    carrier = make(keep_events=2)
    say(carrier, "jane", "first")
    assert not carrier.append("jane", "jane: first", "notification", "again")
    assert texts(carrier, "jane") == ["first"]
    say(carrier, "jane", "second", "third")
    assert not carrier.append("jane", "jane: first", "notification", "again, and no longer there")
    assert texts(carrier, "jane") == ["second", "third"]


def test_what_is_too_much_is_forgotten_of_that_user_only(make):
    carrier = make(keep_events=3)
    say(carrier, "joe", "joe's")
    say(carrier, "jane", *"012")
    ids = [event.id for event in window(carrier, "jane").events]
    assert window(carrier, "jane").horizon < ids[0]
    say(carrier, "jane", *"34")
    assert texts(carrier, "jane") == ["2", "3", "4"]
    assert window(carrier, "jane").horizon == ids[1]
    assert texts(carrier, "joe") == ["joe's"]
    assert window(carrier, "joe").horizon < ids[0]


def test_what_is_too_old_is_forgotten_whether_or_not_anything_comes(make, clock):
    carrier = make(keep_seconds=60)
    say(carrier, "jane", "old")
    old = carrier.last()
    clock.now += 61
    assert texts(carrier, "jane") == []
    assert window(carrier, "jane").horizon == old
    say(carrier, "jane", "new")
    clock.now -= 61
    assert texts(carrier, "jane") == ["new"]


def test_ids_grow_whatever_the_clock_does(make, clock):
    carrier = make()
    assert carrier.last() == 0
    say(carrier, "jane", "a")
    assert carrier.last() == clock.now * SECOND
    clock.now -= 30
    say(carrier, "joe", "b")
    say(carrier, "jane", "c")
    first, second = (event.id for event in window(carrier, "jane").events)
    assert first < window(carrier, "joe").events[0].id < second == carrier.last()
    clock.now += 3000
    say(carrier, "jane", "d")
    assert carrier.last() == clock.now * SECOND


def test_without_a_clock_of_its_own_it_has_the_time(make):
    import time

    carrier = make(clock=time.time)
    say(carrier, "jane", "now")
    assert abs(carrier.last() / SECOND - time.time()) < 60


def test_news_name_their_users(make):
    carrier = make()
    assert carrier.news(0, 0.01) == (0, set())
    say(carrier, "jane", "a")
    say(carrier, "joe", "b")
    position, users = carrier.news(0, 10)
    assert users == {"jane", "joe"}
    assert carrier.news(position, 0.01) == (position, set())
    say(carrier, "joe", "c")
    assert carrier.news(position, 10).users == {"joe"}


def test_who_waits_for_news_is_woken(make):
    carrier, other = make(), make()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_news, carrier)
        say(other, "jane", "a")
        assert waiting.result(20) == {"jane"}


def wait_for_news(carrier):
    position = 0
    while True:
        position, users = carrier.news(position, 1)
        if users:
            return users


def test_a_position_that_nobody_gave_means_that_all_was_lost(make):
    carrier = make()
    say(carrier, "jane", "a")
    assert carrier.news(NONE, 0.01) == (carrier.last(), None)


def test_generations_are_news_and_grow(make, clock):
    carrier, other = make(), make()
    assert window(carrier, "jane").generation == 0
    first = carrier.generation("jane")
    assert other.generation("jane") == first == window(other, "jane").generation > 0
    position = carrier.last()
    other.revoke("jane")
    assert carrier.news(position, 10).users == {"jane"}
    assert carrier.generation("jane") > first
    assert texts(carrier, "jane") == []
    clock.now += 1000
    assert carrier.generation("jane") == window(carrier, "jane").generation > first


def test_events_outlive_the_process_and_are_seen_by_others(make):
    one, other = make(), make()
    say(one, "jane", "a")
    assert texts(other, "jane") == ["a"]
    one.close()
    one.close()
    assert texts(one, "jane") == ["a"]


def test_many_writers_lose_nothing(make):
    carriers = [make(keep_events=1000) for _ in range(4)]
    threads = [
        threading.Thread(target=say, args=(one, "jane", *(f"{place}-{n}" for n in range(50))))
        for place, one in enumerate(carriers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = window(carriers[0], "jane", limit=1000).events
    assert len({event.data for event in events}) == len(events) == 200
    assert [event.id for event in events] == sorted({event.id for event in events})


def test_processes_that_make_the_file_at_the_same_time_wait_for_each_other(tmp_path, stack):
    for number in range(100):  # SQLite's own way of waiting fails one of a hundred here
        logs = [stack.enter_context(closing(EventLog(tmp_path / str(number), 60, 5))) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(EventLog.append, logs, ["jane"] * 4, "abcd", [""] * 4, ["data"] * 4))


def test_redis_news_that_were_cut_off_may_be_about_anybody(redis_prefix, stack):
    carrier = stack.enter_context(closing(RedisEvents(REDIS, redis_prefix, 60, 5)))
    say(carrier, "jane", "a")
    position = carrier.last()
    say(carrier, "joe", "b")
    say(carrier, "jane", "c")
    carrier._redis.xtrim(f"{redis_prefix}:news", maxlen=1, approximate=False)
    assert carrier.news(position, 1) == (carrier.last(), None)


def test_redis_forgets_what_nobody_asks_for(redis_prefix, stack):
    carrier = stack.enter_context(closing(RedisEvents(REDIS, redis_prefix, 60, 1)))
    say(carrier, "jane", "a", "b")
    carrier.generation("jane")
    lasting = {key.decode().removeprefix(redis_prefix) for key in carrier._redis.keys(f"{redis_prefix}:*")
               if carrier._redis.pttl(key) < 0}  # fmt: skip
    assert lasting == {":latest", ":latest-of", ":generations", ":news"}


def test_redis_that_is_not_there_is_told_without_its_password():
    carrier = RedisEvents("redis://me:secret@127.0.0.1:1/0", "x", 60, 5)
    with pytest.raises(CarrierAway, match=r"Redis at redis://me:\*\*\*@127.0.0.1:1/0 cannot be used"):
        carrier.append("jane", "k", "notification", "a")


def test_processes_write_one_file(tmp_path):
    path = tmp_path / "new" / "events.sqlite"
    script = (
        "import sys; from pathlib import Path; from fmn_backend_sse.in_sqlite import EventLog\n"
        "log = EventLog(Path(sys.argv[1]), 60, 1000)\n"
        "for n in range(50): log.append('jane', f'{sys.argv[2]}-{n}', 'notification', '')\n"
    )
    others = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abc"]
    assert [other.wait() for other in others] == [0, 0, 0]
    with closing(EventLog(path, 60, 1000)) as log:
        assert len(window(log, "jane", limit=1000).events) == 150


def test_nobody_else_can_read_the_file(tmp_path):
    with closing(EventLog(tmp_path / "new" / "events.sqlite", 60, 5)) as log:
        say(log, "jane", "a")
        assert {path.stat().st_mode & 0o077 for path in log.path.parent.iterdir()} == {0}


def test_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CarrierAway, match="file"):
        EventLog(tmp_path / "file" / "events.sqlite", 60, 5).append("jane", "a", "a", "a")


def test_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "events.sqlite").write_text("no database" * 100)
    with pytest.raises(CarrierAway, match="not a database"):
        EventLog(tmp_path / "events.sqlite", 60, 5).last()
