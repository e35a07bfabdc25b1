"""Housekeeping: what is old is forgotten, what still matters is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from fmn_core.config import LedgerSettings, Settings
from fmn_core.housekeeping import Housekeeper
from fmn_core.model import Notification, Outcome, Preference, User
from fmn_core.store import Confirmation, LedgerEntry, State, Store, Waiting, Why, tables
from fmn_core.store.confirmations import Limits
from fmn_core.store.pruning import ROWS
from fmn_core.testing import notification

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SETTINGS = Settings(ledger=LedgerSettings(keep_days=90))
UNLIMITED = Limits(10**6, 10**6)


def entry(notification_id: str, age: timedelta, outcome: Outcome = Outcome.SENT) -> LedgerEntry:
    return LedgerEntry(notification_id, "m", "alice", "mail", "a@b", "mine", outcome, "", 1, NOON - age)


def turn(store: Store, now: datetime = NOON) -> dict[str, int]:
    return {kind: count for kind, count in Housekeeper(store, SETTINGS, lambda: now).turn().items() if count}


def test_nothing_is_forgotten_of_an_empty_store(store: Store) -> None:
    assert turn(store) == {}


def test_the_ledger_forgets_what_is_old_and_does_not_wait(store: Store) -> None:
    waits = notification(user="alice")
    store.waiting.put([Waiting(waits, Why.TROUBLE, NOON - 100 * DAY)])
    store.ledger.record(
        [
            entry("young", 89 * DAY),
            entry("just", 90 * DAY),
            *(entry(f"old {outcome}", 91 * DAY, outcome) for outcome in Outcome),
            entry(waits.id, 91 * DAY, Outcome.DEFERRED),
        ]
    )
    assert turn(store) == {"ledger": len(Outcome)}
    assert {one.notification for one in store.ledger.of_user("alice")} == {"young", "just", waits.id}


def test_what_was_sent_is_forgotten_though_a_copy_waits(store: Store) -> None:
    sent = notification(user="alice")
    store.waiting.put([Waiting(sent, Why.DIGEST, NOON)])
    store.ledger.record([entry(sent.id, 91 * DAY)])
    assert turn(store) == {"ledger": 1}


@pytest.mark.parametrize("count", [ROWS, ROWS + 1, 2 * ROWS])
def test_it_goes_on_until_all_is_forgotten(store: Store, count: int) -> None:
    store.ledger.record([entry(f"n{number}", 91 * DAY) for number in range(count)])
    assert store.pruning.ledger(NOON - 90 * DAY) == ROWS, "in small transactions"
    assert turn(store) == ({"ledger": count - ROWS} if count > ROWS else {})
    assert store.ledger.of_user("alice") == []


def test_several_at_once_do_no_harm(store: Store, store_url: str, opened) -> None:
    store.ledger.record([entry(f"n{number}", 91 * DAY) for number in range(3000)])
    others = [store, *(opened(store_url) for _ in range(3))]
    with ThreadPoolExecutor(4) as pool:
        gone = sum(one.get("ledger", 0) for one in pool.map(turn, others))
    gone += turn(store).get("ledger", 0)  # what one held, the others have passed over
    assert gone == 3000
    assert store.ledger.of_user("alice") == []


def test_tombstones_stay_for_a_week(store: Store) -> None:
    saved = store.preferences.save(User("alice", (Preference("", "alice", "mail"),)))
    store.preferences.remove("alice")
    removed_at = datetime.now(UTC)
    assert turn(store, removed_at + 6 * DAY) == {}
    assert store.preferences.changes_since(0).removed == [saved.preferences[0].id]
    assert turn(store, removed_at + 8 * DAY) == {"tombstones": 1}


def test_mutes_go_when_they_are_over(store: Store) -> None:
    store.mutes.put("alice", "over", NOON)
    store.mutes.put("alice", "on", NOON + DAY)
    revision = store.preferences.revision()
    assert turn(store) == {"mutes": 1}
    assert store.mutes.of_user("alice", NOON - DAY) == {"on": NOON + DAY}
    assert store.preferences.revision() == revision, "nobody has to know"


def asked(store: Store, secret: str, made_at: datetime) -> Notification:
    """Ask for an address that is called like the secret."""
    one = notification(message_id=secret, user="alice", backend="mail", destination=secret)
    attempt = Confirmation("alice", "mail", secret, State.PENDING, "", made_at, None, None)
    assert store.confirmations.begin(attempt, secret, UNLIMITED, lambda preference: one)
    return one


def test_confirmations_go_a_month_after_they_ended_but_for_rejections(store: Store) -> None:
    store.preferences.save(User("alice", (Preference("", "alice", "mail"),)))
    long_ago = NOON - 40 * DAY
    for secret in ("pending", "asked", "accepted", "rejected", "failed", "sent again"):
        one = asked(store, secret, long_ago)
        store.confirmations.was_sent(one.id, NOON - 20 * DAY if secret == "sent again" else long_ago)
        if secret == "failed":
            store.confirmations.failed(one.id, "no", long_ago)
    with store._engine.begin() as connection:
        c = tables.confirmations.c
        connection.execute(update(tables.confirmations).where(c.address == "pending").values(sent_at=None))
    for answer in ("accept", "reject"):
        getattr(store.confirmations, answer)(f"{answer}ed", long_ago, DAY)
    asked(store, "young", NOON - 20 * DAY)
    assert turn(store) == {"confirmations": 4}
    assert {one.address for one in store.confirmations.of_user("alice")} == {"rejected", "sent again", "young"}
