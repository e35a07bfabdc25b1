"""The clerk, its errands and the bookkeeper: what is told to the store, and what is done that was ordered there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from processes import eventually

from fmn_core.app import Application
from fmn_core.bookkeeper import Bookkeeper
from fmn_core.clerk import CLERK, LOOK_EVERY, TELL_EVERY, TOLD, TRY_EVERY, Clerk
from fmn_core.codec import encode_message, encode_notification
from fmn_core.config import Settings, TransportSettings
from fmn_core.errands import GONE
from fmn_core.errors import DropDelivery, StoreError, TransportError
from fmn_core.instruments import Timing
from fmn_core.matching.base import Faults
from fmn_core.model import Destination, Preference, User
from fmn_core.plugins import PluginInfo, PluginRegistry, Status
from fmn_core.store import Store, What, open_store
from fmn_core.store.reports import DEAD, QUEUES, WORKER
from fmn_core.testing import RecordingBackend, message, notification
from fmn_core.transport import open_transport
from fmn_core.transport.base import Transport, deliveries

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LONG_AFTER = datetime.now(UTC) + timedelta(days=1)
ALL = [("embedded", ""), ("broker", "quorum"), ("broker", "classic")]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A store of SQLite, whatever carries the messages."""
    with closing(open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")) as store:
        yield store


@pytest.fixture(params=ALL, ids=lambda one: one[1] or one[0])
def opener(request, tmp_path):
    """What opens transports on the same queues."""
    where, kind = request.param
    url = f"embedded:///{tmp_path / 'queue.sqlite'}"
    settings = TransportSettings()
    if where == "broker":
        url = request.getfixturevalue("broker")
        settings = TransportSettings(prefix=request.getfixturevalue("prefix"), queues=kind)
    opened: list[Transport] = []

    def open_one() -> Transport:
        opened.append(open_transport(url, settings))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def transport(opener) -> Transport:
    return opener()


class Clock:
    """Time that passes when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def clerk_of(store: Store, clock: Clock | None = None) -> Clerk:
    return Clerk(store, ["q", "other"], clock or Clock(), lambda: NOW)


def letters(store: Store) -> list[dict]:
    report = store.reports.find(DEAD)
    assert report is not None
    return report.value["letters"]


def answers(store: Store) -> list[str]:
    return [one.answer for one in reversed(store.orders.latest())]


def test_it_tells_how_many_wait_and_what_was_given_up_and_why(kept, transport):
    transport.publish("q", [b"1", b"2"])
    transport.bury("q", encode_message(message(id="m1", topic="org.fedoraproject.prod.toys.ended")), "too odd")
    transport.bury("other", encode_notification(notification(message_id="m2", user="jane")), "refused")
    transport.bury("other", b"\xff no JSON", "x" * 5000)
    clerk_of(kept).turn(transport)
    queues = kept.reports.find(QUEUES)
    assert (queues.value, queues.at) == ({"depths": {"q": 2, "other": 0}, "dead": 3}, NOW)
    odd, refused, broken = letters(kept)
    assert (odd["queue"], odd["reason"], odd["message_id"], odd["topic"]) == (
        "q", "too odd", "m1", "org.fedoraproject.prod.toys.ended",
    )  # fmt: skip
    assert (refused["message_id"], refused["user"]) == ("m2", "jane")
    assert ("message_id" in broken, len(broken["reason"])) == (False, 500)
    assert transport.dead_count() == 3, "who looks takes nothing away"


def test_of_very_many_the_oldest_are_told(kept, tmp_path):
    with closing(open_transport(f"embedded:///{tmp_path / 'queue.sqlite'}", TransportSettings())) as transport:
        for number in range(TOLD + 1):
            transport.bury("q", b"{}", str(number))
        clerk_of(kept).turn(transport)
    assert [one["reason"] for one in letters(kept)] == [str(number) for number in range(TOLD)]
    assert kept.reports.find(QUEUES).value["dead"] == TOLD + 1


def test_dead_letters_are_looked_at_only_if_their_number_has_changed(kept, transport, monkeypatch):
    looks, look = [], transport.dead_letters
    monkeypatch.setattr(transport, "dead_letters", lambda limit: looks.append(limit) or look(limit))
    transport.bury("q", b"{}", "one")
    clock = Clock()
    clerk = clerk_of(kept, clock)
    for _ in range(10):
        clock.now += TELL_EVERY
        clerk.turn(transport)
    assert len(looks) == 1
    transport.bury("q", b"{}", "two")
    clock.now += LOOK_EVERY
    clerk.turn(transport)
    assert [one["reason"] for one in letters(kept)] == ["one", "two"]


def test_it_replays_one_and_drops_one_and_says_so(kept, transport):
    for number in range(3):
        transport.bury("q", str(number).encode(), "odd")
    clerk = clerk_of(kept)
    clerk.turn(transport)
    first, second, third = (one["id"] for one in letters(kept))
    kept.orders.place(What.REPLAY, first, "root", NOW)
    kept.orders.place(What.DROP, second, "root", NOW)
    clerk.turn(transport)
    assert answers(kept) == ["It is back on its queue.", "It is dropped."]
    assert kept.orders.open() == []
    assert [one.payload for one in transport.receive(["q"], 10, timeout=20)] == [b"0"]
    assert [one["id"] for one in letters(kept)] == [third], "it is told at once what there is now"


def test_what_is_gone_is_said_to_be_gone(kept, transport):
    for what in (What.REPLAY, What.DROP):
        kept.orders.place(what, "nonsense", "root", NOW)
    kept.orders.place("dance", None, "root", NOW)
    kept.orders.place(What.REPLAY, 7, "root", NOW)
    clerk_of(kept).turn(transport)
    assert answers(kept) == [GONE, GONE, *["Nobody here knows how to do that."] * 2]


def test_all_are_those_that_had_died_when_it_was_ordered(kept, transport):
    kept.orders.place(What.REPLAY, None, "root", datetime(2020, 1, 1, tzinfo=UTC))
    kept.orders.place(What.REPLAY, None, "root", LONG_AFTER)
    kept.orders.place(What.REPLAY, None, "root", LONG_AFTER)
    transport.bury("q", b"1", "odd")
    transport.bury("other", b"2", "odd")
    clerk_of(kept).turn(transport)
    none = "There was none any more."
    assert answers(kept) == [none, "2 dead letters are back on their queues.", none]
    assert (transport.depth("q"), transport.depth("other"), transport.dead_count()) == (1, 1, 0)


def test_only_one_of_several_does_it(kept, opener):
    first, second = opener(), opener()
    one, other = clerk_of(kept), clerk_of(kept, clock := Clock())
    one.turn(first)
    kept.orders.place(What.REPLAY, None, "root", LONG_AFTER)
    other.turn(second)
    assert len(kept.orders.open()) == 1
    first.close()
    clock.now += TRY_EVERY
    other.turn(second)
    assert kept.orders.open() == []


def test_done_and_not_answered_is_not_done_again(kept, transport, monkeypatch):
    """The store goes away between the two; likewise if the process does, as the letter is gone by then."""
    transport.bury("q", b"1", "odd")
    kept.orders.place(What.REPLAY, None, "root", LONG_AFTER)
    clerk = clerk_of(kept, clock := Clock())
    with monkeypatch.context() as patch:
        patch.setattr(kept.orders, "done", lambda *_: _raise(StoreError("away")))
        clerk.turn(transport)
    assert len(kept.orders.open()) == 1
    clock.now += TRY_EVERY
    clerk.turn(transport)
    assert answers(kept) == ["1 dead letter is back on its queue."]
    kept.orders.place(What.REPLAY, None, "root", LONG_AFTER)
    clerk_of(kept).turn(transport)
    assert transport.depth("q") == 1


def test_what_fails_is_said_and_not_tried_by_surprise(kept, transport, monkeypatch):
    monkeypatch.setattr(transport, "replay", lambda ids: _raise(TransportError("the broker is away")))
    kept.orders.place(What.REPLAY, "7", "root", NOW)
    clerk_of(kept).turn(transport)
    assert answers(kept) == ["It failed, so please order it again: the broker is away"]


def _raise(error: Exception) -> None:
    raise error


def test_a_store_that_is_away_stops_nothing(kept, transport, monkeypatch, caplog):
    clerk = clerk_of(kept, clock := Clock())
    with monkeypatch.context() as patch:
        patch.setattr(kept.orders, "open", lambda: _raise(StoreError("away")))
        patch.setattr(kept.reports, "put", lambda *_: _raise(StoreError("away")))
        clerk.turn(transport)
        Bookkeeper(kept, [Told()]).turn()
    assert kept.reports.like() == []
    assert not [one for one in caplog.records if "away" in one.getMessage()], "the stages tell of it"
    clock.now += TRY_EVERY
    clerk.turn(transport)
    assert kept.reports.find(QUEUES) is not None
    assert transport.hold(CLERK)


class Told:
    """What the bookkeeper reads of a worker, and of its matcher."""

    revision = 7

    def __init__(self) -> None:
        self.matcher, self.counts = self, {"matched": 10, "notifications": 3}
        self.faults = Faults()
        self.rule_timings = {"slow": Timing(), "odd": Timing()}
        self.rule_timings["slow"].observe(0.5, 4)
        self.faults.errors.update({"odd": 2, "bad": 1})
        self.faults.refused("f1", "rule 'gone' is not installed")

    def time_rules(self) -> None:
        """Not here."""


def test_a_process_tells_what_its_rules_cost(kept):
    plugins = [
        PluginInfo("sound", "fmn.rules", "d", "1", Status.SOUND),
        PluginInfo("odd", "fmn.rules", "d", "2", Status.BROKEN, "no module"),
    ]
    Bookkeeper(kept, [Told()], plugins, lambda: NOW).turn()
    (report,) = kept.reports.like(WORKER)
    assert report.value == {
        "rules": {
            "slow": {"count": 4, "seconds": 2.0, "errors": 0},
            "odd": {"count": 0, "seconds": 0.0, "errors": 2},
            "bad": {"count": 0, "seconds": 0.0, "errors": 1},
        },
        "revision": 7,
        "matched": 10,
        "notifications": 3,
        "unusable": 1,
        "broken": {"odd 2": "no module"},
    }
    assert report.is_fresh(NOW + timedelta(minutes=3))
    assert not report.is_fresh(NOW + timedelta(minutes=3, seconds=1))
    Bookkeeper(kept, [Told()], plugins, lambda: NOW + timedelta(hours=1)).turn()
    assert [one.at for one in kept.reports.like(WORKER)] == [NOW + timedelta(hours=1)], "in the place of the last one"


@pytest.mark.parametrize("where", ["embedded", "broker"])
def test_an_order_brings_a_dead_letter_back_while_stages_run(request, tmp_path, monkeypatch, where):
    monkeypatch.setattr("fmn_core.app.CLERK_TURN", 0.02)
    settings = Settings(data_dir=tmp_path)
    if where == "broker":
        url, prefix = request.getfixturevalue("broker"), request.getfixturevalue("prefix")
        settings = Settings(data_dir=tmp_path, transport={"url": url, "prefix": prefix})
    backend = RecordingBackend("mail", [DropDelivery("no such place")])
    one = notification(user="jane", backend="mail", destination="home")
    with closing(Application(settings, registry=PluginRegistry(backends={"mail": backend}))) as app:
        place = Destination("home", confirmed=True)
        saved = app.store.preferences.save(User("jane", (Preference("", "jane", "mail", True, (place,)),)))
        one = replace(one, preference=saved.preferences[0].id, filter_id="")
        with closing(app.transport()) as transport:
            transport.publish(deliveries("mail"), [encode_notification(one)])
        stages = app.deliveries()
        runner = app.runner(stages)
        thread = threading.Thread(target=runner.run)
        thread.start()
        try:
            eventually(lambda: (told := app.store.reports.find(DEAD)) and told.value["letters"])
            app.store.orders.place(What.REPLAY, letters(app.store)[0]["id"], "root", NOW)
            eventually(lambda: backend.sent and not app.store.orders.open())
        finally:
            runner.stop()
            thread.join()
            stages[0].close()
        assert answers(app.store) == ["It is back on its queue."]
