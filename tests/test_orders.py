"""Reports and orders in the store, on each database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fmn_core.config import Settings
from fmn_core.housekeeping import Housekeeper
from fmn_core.store import Report, Store, What

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ODD = "half \ud800 and zero \0"


def test_a_report_takes_the_place_of_the_last_one(store: Store) -> None:
    store.reports.put("worker.a", {"n": 1}, NOON)
    store.reports.put("worker.a", {"n": 2}, NOON + DAY)
    store.reports.put("worker_b", {ODD: [2**80]}, NOON)
    assert store.reports.find("worker.a") == Report("worker.a", {"n": 2}, NOON + DAY)
    assert store.reports.find("worker.") is None
    assert [one.name for one in store.reports.like("worker.")] == ["worker.a"]
    assert store.reports.find("worker_b") == Report("worker_b", {ODD: [2**80]}, NOON)


def test_an_order_is_open_until_it_is_answered_once(store: Store) -> None:
    first = store.orders.place(What.REPLAY, None, "root", NOON)
    second = store.orders.place(What.DROP, "7", ODD, NOON)
    assert [one.id for one in store.orders.open()] == [first, second]
    assert store.orders.done(first, f"done {ODD}" + "x" * 1000, NOON + DAY)
    assert not store.orders.done(first, "again", NOON + DAY)
    assert not store.orders.done("nonsense", "no", NOON)
    (still,) = store.orders.open()
    assert (still.id, still.what, still.argument, still.answer, still.done_at) == (second, "drop", "7", "", None)
    done = store.orders.latest()[-1]
    assert (done.argument, done.answer[:5], len(done.answer), done.done_at) == (None, "done ", 500, NOON + DAY)


def test_what_was_done_at_once_is_noted_and_never_open(store: Store) -> None:
    acted = store.orders.note(What.ACT_AS, "jane", "root", "she asked for help", NOON)
    store.orders.note(What.DISABLE, "joe", "root", "spam", NOON)
    store.orders.place(What.DROP, "jane", "root", NOON)
    assert [one.what for one in store.orders.open()] == ["drop"]
    assert [one.id for one in store.orders.about("jane")] == [acted]
    assert [one.what for one in store.orders.latest(2)] == ["drop", "disable"]
    assert [one.what for one in store.orders.latest(before=store.orders.latest()[1].id)] == ["act-as"]
    assert [one.what for one in store.orders.latest(whats=[What.DISABLE])] == ["disable"]


def test_both_are_forgotten_in_time(store: Store) -> None:
    store.orders.note(What.DISABLE, "joe", "root", "spam", NOON - 91 * DAY)
    store.orders.place(What.DROP, "7", "root", NOON - 91 * DAY)
    store.orders.note(What.ENABLE, "joe", "root", "", NOON - 89 * DAY)
    for name, age in (("worker.gone", 2), ("worker.here", 0), ("dead", 99)):
        store.reports.put(name, {}, NOON - age * DAY)
    forgotten = Housekeeper(store, Settings(), lambda: NOON).turn()
    assert (forgotten["orders"], forgotten["reports"]) == (1, 1)
    assert [one.what for one in store.orders.latest()] == ["enable", "drop"]
    assert [one.name for one in store.reports.like()] == ["dead", "worker.here"]
