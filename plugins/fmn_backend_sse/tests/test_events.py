import sqlite3
import subprocess
import sys
import threading

import pytest

from fmn_backend_sse.events import EventLog


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_log(tmp_path, clock):
    made = []

    def make(keep_seconds=60, keep_events=5):
        made.append(EventLog(tmp_path / "new" / "events.sqlite", keep_seconds, keep_events, clock))
        return made[-1]

    yield make
    for log in made:
        log.close()


def test_everybody_has_events_of_their_own_in_order(make_log):
    log = make_log()
    for number in range(3):
        log.append("jane", f"j{number}", f"jane's {number}")
        log.append("joe", f"k{number}", f"joe's {number}")
    assert [event.data for event in log.after("jane", 0)] == ["jane's 0", "jane's 1", "jane's 2"]
    second = log.after("jane", 0)[1].id
    assert [event.data for event in log.after("jane", second)] == ["jane's 2"]
    assert log.after("nobody", 0) == []


def test_the_same_notification_is_one_event(make_log):
    log = make_log()
    log.append("jane", "same", "first")
    log.append("jane", "same", "again")
    assert [event.data for event in log.after("jane", 0)] == ["first"]


def test_what_is_too_much_is_forgotten_of_that_user_only(make_log):
    log = make_log(keep_events=3)
    log.append("joe", "k", "joe's")
    for number in range(10):
        log.append("jane", f"j{number}", str(number))
    assert [event.data for event in log.after("jane", 0)] == ["7", "8", "9"]
    assert len(log.after("joe", 0)) == 1


def test_what_is_too_old_is_forgotten_whether_or_not_anything_comes(make_log, clock):
    log = make_log(keep_seconds=60)
    log.append("jane", "old", "old")
    clock.now += 61
    assert log.after("jane", 0) == []
    log.append("joe", "new", "new")
    clock.now -= 61
    assert log.after("jane", 0) == []


def test_ids_grow_even_when_everything_is_forgotten(make_log, clock):
    log = make_log(keep_seconds=60)
    assert log.last() == 0
    log.append("jane", "a", "a")
    first = log.last()
    clock.now += 61
    log.append("joe", "b", "b")
    log.append("joe", "b", "b")
    assert log.last() > first


def test_news_name_their_users(make_log):
    log = make_log()
    assert log.users_since(0) == (0, set())
    log.append("jane", "a", "a")
    log.append("joe", "b", "b")
    position, users = log.users_since(0)
    assert users == {"jane", "joe"}
    assert log.users_since(position) == (position, set())


def test_events_outlive_the_process_and_are_seen_by_others(make_log):
    one, other = make_log(), make_log()
    one.append("jane", "a", "a")
    assert [event.data for event in other.after("jane", 0)] == ["a"]
    one.close()
    one.close()
    assert [event.data for event in one.after("jane", 0)] == ["a"]


def test_many_writers_lose_nothing(make_log, tmp_path):
    log = make_log(keep_events=1000)
    script = (
        "import sys; from pathlib import Path; from fmn_backend_sse.events import EventLog\n"
        "log = EventLog(Path(sys.argv[1]), 60, 1000, lambda: 1000.0)\n"
        "for n in range(50): log.append('jane', f'{sys.argv[2]}-{n}', '')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "new" / "events.sqlite")]
    others = [subprocess.Popen([*command, name]) for name in "ab"]
    threads = [
        threading.Thread(target=lambda t=t: [log.append("jane", f"{t}-{n}", "") for n in range(50)]) for t in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait() for other in others] == [0, 0]
    assert len(log.after("jane", 0, limit=1000)) == 200


def test_nobody_else_can_read_the_file(make_log):
    log = make_log()
    log.append("jane", "a", "a")
    assert {path.stat().st_mode & 0o077 for path in log.path.parent.iterdir()} == {0}


def test_folder_that_cannot_be_made_is_told(tmp_path, clock):
    (tmp_path / "file").write_text("")
    with pytest.raises(sqlite3.Error, match="file"):
        EventLog(tmp_path / "file" / "events.sqlite", 60, 5, clock).append("jane", "a", "a")
