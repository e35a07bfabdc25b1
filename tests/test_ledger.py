"""The ledger: what is done stays done, and strangers' text never stops it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from fmn_core.model import Outcome
from fmn_core.store import LedgerEntry, Store

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, UTC)
ENTRY = LedgerEntry("n1", "m1", "alice", "email", "alice@example.org", "mine", Outcome.SENT, "", 1, NOON)


def entry(notification: str = "n1", **changes: object) -> LedgerEntry:
    return replace(ENTRY, notification=notification, **changes)


def test_an_entry_reads_as_recorded(store: Store) -> None:
    store.ledger.record([ENTRY])
    assert store.ledger.of_user("alice", 10) == [ENTRY]


def test_a_moment_of_another_zone_is_the_same_moment(store: Store) -> None:
    store.ledger.record([entry(at=NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))])
    assert store.ledger.of_user("alice", 1)[0].at == NOON


@pytest.mark.parametrize(
    ("outcome", "done"),
    [(Outcome.SENT, True), (Outcome.SUPPRESSED, True), (Outcome.DEFERRED, False), (Outcome.FAILED, False)],
)
def test_only_what_is_done_is_never_sent_again(store: Store, outcome: Outcome, done: bool) -> None:
    store.ledger.record([entry(outcome=outcome)])
    assert store.ledger.sent(["n1", "n2"]) == ({"n1"} if done else set())


@pytest.mark.parametrize("first", [Outcome.DEFERRED, Outcome.FAILED])
def test_a_later_entry_takes_the_place_of_one_not_done(store: Store, first: Outcome) -> None:
    store.ledger.record([entry(outcome=first, reason="busy")])
    store.ledger.record([entry(attempts=2)])
    assert store.ledger.of_user("alice", 10) == [entry(attempts=2)]


@pytest.mark.parametrize("later", list(Outcome))
def test_what_was_sent_stays_sent(store: Store, later: Outcome) -> None:
    store.ledger.record([ENTRY])
    store.ledger.record([entry(outcome=later, attempts=9)])
    assert store.ledger.of_user("alice", 10) == [ENTRY]


def test_of_one_notification_twice_in_a_batch_the_later_counts(store: Store) -> None:
    store.ledger.record([entry(outcome=Outcome.DEFERRED), entry("n0"), entry(attempts=2)])
    assert store.ledger.of_user("alice", 10)[-1].outcome is Outcome.SENT
    assert store.ledger.sent(["n0", "n1"]) == {"n0", "n1"}


def test_what_is_queued_is_known_by_destination_as_of_the_last_one_taken(store: Store) -> None:
    soon, later = NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)
    store.ledger.record(
        [
            entry("n0", outcome=Outcome.QUEUED, at=later),
            entry("n1", outcome=Outcome.QUEUED, at=soon),
            entry("n2", outcome=Outcome.QUEUED, at=soon, destination="desk@example.org"),
            entry("n3", outcome=Outcome.QUEUED, at=NOON, destination="past@example.org"),
            entry("n4", outcome=Outcome.SENT, at=later, destination="sent@example.org"),
            entry("n5", outcome=Outcome.QUEUED, at=later, backend="irc"),
        ]
    )
    assert store.ledger.queued("email", soon) == {"alice@example.org": later, "desk@example.org": soon}


def test_nothing_is_no_trouble(store: Store) -> None:
    store.ledger.record([])
    assert store.ledger.sent([]) == set()
    assert store.ledger.of_user("nobody", 10) == []
    assert store.ledger.counts() == {}


def test_any_number_of_ids_can_be_asked_for(store: Store) -> None:
    store.ledger.record([entry(f"n{number}") for number in range(3000)])
    assert len(store.ledger.sent([f"n{number}" for number in range(40_000)])) == 3000


def test_the_latest_of_a_user_come_first(store: Store) -> None:
    store.ledger.record([entry(f"n{n}", at=NOON + timedelta(minutes=n)) for n in (2, 0, 3, 1)])
    store.ledger.record([entry("other", user="bob")])
    assert [e.notification for e in store.ledger.of_user("alice", 3)] == ["n3", "n2", "n1"]


def test_counts_by_backend_and_outcome(store: Store) -> None:
    store.ledger.record([entry("a"), entry("b"), entry("c", outcome=Outcome.FAILED), entry("d", backend="irc")])
    assert store.ledger.counts() == {("email", "sent"): 2, ("email", "failed"): 1, ("irc", "sent"): 1}


@pytest.mark.parametrize("text", ["\0", "\ud800", "☃" * 5000], ids=["nul", "half a character", "long"])
def test_text_of_strangers_is_kept_as_far_as_it_can_be(store: Store, text: str) -> None:
    store.ledger.record([entry(message_id=f"id{text}", reason=f"550 {text}")])
    (kept,) = store.ledger.of_user("alice", 1)
    assert kept.reason.startswith("550 ")
    assert store.ledger.sent(["n1"]) == {"n1"}


def test_threads_that_record_the_same_agree(store: Store) -> None:
    everything = [entry(f"n{number}") for number in range(50)]

    def record(number: int) -> None:
        turned = everything[number:] + everything[:number]
        for start in range(0, 50, 10):
            store.ledger.record(turned[start : start + 10])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(record, range(0, 36, 6)))
    assert store.ledger.counts() == {("email", "sent"): 50}


def test_pages_of_one_moment_lose_nothing_and_repeat_nothing(store: Store) -> None:
    store.ledger.record([entry(f"n{n:02}") for n in range(10)] + [entry("old", at=NOON - timedelta(hours=1))])
    seen: list[LedgerEntry] = []
    while page := store.ledger.of_user("alice", 4, None, *((seen[-1].at, seen[-1].notification) if seen else ())):
        seen += page
    assert [e.notification for e in seen] == [*(f"n{n:02}" for n in reversed(range(10))), "old"]


def test_entries_of_one_outcome_and_of_one_message(store: Store) -> None:
    store.ledger.record([entry("a"), entry("b", outcome=Outcome.FAILED), entry("c", message_id="m2\0")])
    store.ledger.record([entry("d", user="bob", outcome=Outcome.FAILED)])
    assert [e.notification for e in store.ledger.of_user("alice", outcome=Outcome.FAILED)] == ["b"]
    assert [e.notification for e in store.ledger.of_user("alice", backend="\0")] == []
    assert [e.notification for e in store.ledger.of_message("alice", "m1")] == ["b", "a"]
    assert [e.notification for e in store.ledger.of_message("alice", "m2\0")] == ["c"]


def test_the_volume_of_each_day_by_what_became_of_it(store: Store) -> None:
    midnight = datetime(2026, 5, 5, tzinfo=UTC)
    store.ledger.record([
        entry("n1", at=NOON),
        entry("n2", at=midnight - timedelta(microseconds=1)),
        entry("n3", at=midnight.astimezone(timezone(timedelta(hours=5)))),
        entry("n4", at=NOON, outcome=Outcome.FAILED),
        entry("n5", at=NOON - timedelta(days=3)),
        entry("n6", at=midnight + timedelta(days=1)),
    ])  # fmt: skip
    assert store.ledger.volume(midnight.date(), 3) == {
        date(2026, 5, 3): {},
        date(2026, 5, 4): {Outcome.SENT: 2, Outcome.FAILED: 1},
        date(2026, 5, 5): {Outcome.SENT: 1},
    }
