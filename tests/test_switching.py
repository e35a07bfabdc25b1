"""Narrow changes of the store: each does what it says, counts once, and only if something is different."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from fmn_core.errors import UsageError
from fmn_core.model import Destination, DigestPlan, Filter, Preference, RuleUse, User
from fmn_core.store import Store

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, UTC)
HOURLY = DigestPlan(on=True, every=3600.0, at=("08:00", "20:00"), zone="Europe/Paris", quiet="22:00-07:00", per_hour=60)
RULE = RuleUse("koji_tag")
ODD = ["\0", "half \ud800 of a character", "x" * 10_000]


def preference(user: str = "alice", backend: str = "irc", **changes: object) -> Preference:
    filters = Filter("", "one", (RULE,)), Filter("", "shot", (RULE,), oneshot=True)
    return replace(Preference("", user, backend, True, (Destination("#pub", True),), filters), **changes)


@pytest.fixture
def saved(store: Store) -> Preference:
    return store.preferences.save(User("alice", (preference(),))).preferences[0]


def again(store: Store, saved: Preference) -> Preference:
    found = store.preferences.get(saved.id)
    assert found is not None
    return found


def counted(store: Store, change: Callable[[], object]) -> tuple[object, int]:
    """Return what a change says, and by how much the revision has grown."""
    before = store.preferences.revision()
    said = change()
    return said, store.preferences.revision() - before


def test_a_preference_is_switched(store: Store, saved: Preference) -> None:
    assert counted(store, lambda: store.switches.switch("alice", "irc", True)) == (False, 0)
    assert counted(store, lambda: store.switches.switch("alice", "irc", False)) == (True, 1)
    assert again(store, saved) == replace(saved, enabled=False, revision=saved.revision + 1)
    assert store.preferences.changes_since(saved.revision).removed == [saved.id]


def test_a_digest_is_changed(store: Store, saved: Preference) -> None:
    assert counted(store, lambda: store.switches.set_digest("alice", "irc", HOURLY)) == (True, 1)
    assert counted(store, lambda: store.switches.set_digest("alice", "irc", HOURLY)) == (False, 0)
    assert again(store, saved).digest == HOURLY
    assert store.switches.set_digest("alice", "irc", DigestPlan())
    assert again(store, saved).digest == DigestPlan()


def test_a_filter_is_switched(store: Store, saved: Preference) -> None:
    first = saved.filters[0]
    assert counted(store, lambda: store.switches.switch_filter("alice", first.id, True)) == (False, 0)
    assert counted(store, lambda: store.switches.switch_filter("bob", first.id, False)) == (False, 0)
    assert counted(store, lambda: store.switches.switch_filter("alice", first.id, False)) == (True, 1)
    assert again(store, saved).filters == (replace(first, active=False), saved.filters[1])


@pytest.mark.parametrize("text", ["bob", *ODD], ids=["unknown", "zero", "surrogate", "long"])
def test_what_nobody_has_is_not_changed(store: Store, saved: Preference, text: str) -> None:
    changes = [
        lambda: store.switches.switch(text, "irc", False),
        lambda: store.switches.switch("alice", text, False),
        lambda: store.switches.set_digest(text, "irc", HOURLY),
        lambda: store.switches.switch_filter(text, saved.filters[0].id, False),
        lambda: store.switches.switch_filter("alice", text, False),
        lambda: store.switches.resume("alice", "irc", text),
        lambda: store.switches.claim_oneshot(text, "m1"),
        lambda: store.switches.release_oneshot(text, "m1"),
        lambda: store.mutes.remove(text, text),
    ]
    for change in changes:
        assert counted(store, change) == (False, 0)
    assert store.switches.suspend("irc", text, "gone") == []
    assert store.switches.owner("irc", text) is None
    assert again(store, saved) == saved


# addresses


def test_an_address_has_one_owner_or_none(store: Store, saved: Preference) -> None:
    assert store.switches.owner("irc", "#pub") == "alice"
    assert store.switches.owner("irc", "#PUB") is None
    assert store.switches.owner("email", "#pub") is None
    unconfirmed = preference("eve", destinations=(Destination("#pub"),))
    store.preferences.save(User("eve", (unconfirmed,)))
    assert store.switches.owner("irc", "#pub") == "alice", "a claim takes nothing away"
    store.preferences.save(User("bob", (preference("bob"),)))
    assert store.switches.owner("irc", "#pub") is None


def test_an_address_is_suspended_for_everybody_and_resumed_for_one(store: Store, saved: Preference) -> None:
    two = Destination("#pub", True), Destination("#other", True)
    bobs, mail = preference("bob", destinations=two), preference("bob", "email")
    store.preferences.save(User("bob", (bobs, mail)))
    assert counted(store, lambda: store.switches.suspend("irc", "#pub", "no such channel")) == (["alice", "bob"], 1)
    assert counted(store, lambda: store.switches.suspend("irc", "#pub", "still none")) == ([], 0)
    assert again(store, saved).destinations == (Destination("#pub", True, "no such channel"),)
    email, irc = store.preferences.user("bob").preferences
    assert [d.receives for d in (*email.destinations, *irc.destinations)] == [True, False, True]
    changed = store.preferences.changes_since(store.preferences.revision() - 1).changed
    assert {p.user for p in changed} == {"alice", "bob"}
    assert counted(store, lambda: store.switches.resume("alice", "irc", "#pub")) == (True, 1)
    assert counted(store, lambda: store.switches.resume("alice", "irc", "#pub")) == (False, 0)
    assert [d.receives for p in store.preferences.enabled() if p.backend == "irc" for d in p.destinations] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("reason", ["", *ODD], ids=["empty", "zero", "surrogate", "long"])
def test_a_server_may_say_what_it_likes(store: Store, saved: Preference, reason: str) -> None:
    assert store.switches.suspend("irc", "#pub", reason) == ["alice"]
    assert not again(store, saved).destinations[0].receives


# one shot


def test_a_shot_is_one_message_s_and_told(store: Store, saved: Preference) -> None:
    shot = saved.filters[1]
    assert counted(store, lambda: store.switches.claim_oneshot(shot.id, "m1")) == (True, 1)
    assert counted(store, lambda: store.switches.claim_oneshot(shot.id, "m1")) == (True, 0), "its other destinations"
    assert counted(store, lambda: store.switches.claim_oneshot(shot.id, "m2")) == (False, 0)
    (told,) = store.preferences.changes_since(saved.revision).changed
    assert told.filters == (saved.filters[0],)
    assert again(store, saved).filters[1] == replace(shot, active=False, shot="m1")


def test_a_shot_is_given_back_by_the_message_that_has_it(store: Store, saved: Preference) -> None:
    shot = saved.filters[1]
    assert counted(store, lambda: store.switches.release_oneshot(shot.id, "")) == (False, 0), "nobody has it"
    store.switches.claim_oneshot(shot.id, "m1")
    assert counted(store, lambda: store.switches.release_oneshot(shot.id, "m2")) == (False, 0)
    assert counted(store, lambda: store.switches.release_oneshot(shot.id, "m1")) == (True, 1)
    assert again(store, saved).filters[1] == shot
    assert store.switches.claim_oneshot(shot.id, "m2")


def test_who_switches_the_filter_on_again_gets_another(store: Store, saved: Preference) -> None:
    shot = saved.filters[1]
    store.switches.claim_oneshot(shot.id, "m1")
    assert store.switches.switch_filter("alice", shot.id, True)
    assert again(store, saved).filters[1] == shot
    assert store.switches.claim_oneshot(shot.id, "m2")
    assert not store.switches.claim_oneshot(shot.id, "m1")


def test_a_filter_that_was_switched_off_has_no_shot(store: Store, saved: Preference) -> None:
    store.switches.switch_filter("alice", saved.filters[1].id, False)
    assert not any(store.switches.claim_oneshot(saved.filters[1].id, message) for message in ("m1", ""))


def test_a_filter_without_shot_gives_none(store: Store, saved: Preference) -> None:
    assert not store.switches.claim_oneshot(saved.filters[0].id, "m1")


def test_of_many_messages_that_claim_one_wins(store_url: str, opened) -> None:
    stores = [opened(store_url) for _ in range(4)]
    shots = tuple(Filter("", f"f{n}", (RULE,), oneshot=True) for n in range(10))
    (saved,) = stores[0].preferences.save(User("alice", (preference(filters=shots),))).preferences
    start = Barrier(8)

    def claim(number: int) -> list[bool]:
        start.wait()
        switches = stores[number % 4].switches
        return [switches.claim_oneshot(f.id, f"m{number // 2}") for f in saved.filters]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(claim, range(8)))
    for column in zip(*results, strict=True):
        winners = {number // 2 for number, won in enumerate(column) if won}
        assert len(winners) == 1
        assert sum(column) == 2, "both destinations of the message that won"


CLAIM = """
import sys
from fmn_core.store import open_store
store = open_store(sys.argv[1])
print(sum(store.switches.claim_oneshot(shot, sys.argv[2]) for shot in sys.argv[3].split(",")))
store.close()
"""


def test_of_many_processes_that_claim_one_wins(store: Store, store_url: str) -> None:
    shots = tuple(Filter("", f"f{n}", (RULE,), oneshot=True) for n in range(20))
    (saved,) = store.preferences.save(User("alice", (preference(filters=shots),))).preferences
    ids = ",".join(f.id for f in saved.filters)
    command = [sys.executable, "-c", CLAIM, store_url]
    running = [subprocess.Popen([*command, f"m{n}", ids], stdout=subprocess.PIPE) for n in range(4)]
    won = [int(process.communicate()[0]) for process in running]
    assert sum(won) == 20


# mutes


def test_a_thread_is_muted_for_a_while(store: Store, saved: Preference) -> None:
    until = NOON + timedelta(hours=2)
    assert counted(store, lambda: store.mutes.put("alice", "koji/build/1", until)) == (None, 1)
    assert counted(store, lambda: store.mutes.put("alice", "koji/build/1", until)) == (None, 0)
    assert store.mutes.of_user("alice", NOON) == {"koji/build/1": until}
    assert store.mutes.of_user("alice", until) == {}
    assert store.mutes.of_user("bob", NOON) == {}
    longer = until + timedelta(hours=1)
    assert counted(store, lambda: store.mutes.put("alice", "koji/build/1", longer)) == (None, 1)
    assert store.mutes.of_user("alice", until) == {"koji/build/1": longer}
    assert counted(store, lambda: store.mutes.remove("alice", "koji/build/1")) == (True, 1)
    assert counted(store, lambda: store.mutes.remove("alice", "koji/build/1")) == (False, 0)
    assert store.mutes.of_user("alice", NOON) == {}


@pytest.mark.parametrize(
    "thread", [*ODD[:2], "x" * 2000, "\N{SNOWMAN}" * 600], ids=["zero", "surrogate", "long", "wide"]
)
def test_whatever_is_a_thread_can_be_muted(store: Store, thread: str) -> None:
    store.mutes.put("alice", thread, NOON)
    assert store.mutes.remove("alice", thread)


def test_what_is_too_long_to_be_a_thread_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="2000 bytes"):
        store.mutes.put("alice", ODD[2], NOON)
    assert store.mutes.of_user("alice", NOON - timedelta(hours=1)) == {}


def test_mutes_go_with_their_user(store: Store, saved: Preference) -> None:
    store.mutes.put("alice", "t", NOON)
    store.preferences.remove("alice")
    store.preferences.save(User("alice"))
    assert store.mutes.of_user("alice", NOON - timedelta(hours=1)) == {}


# secrets


def test_a_secret_is_made_once(store: Store, store_url: str, opened) -> None:
    first = store.secrets.get("links")
    assert len(first) == 32
    assert opened(store_url).secrets.get("links") == first
    assert store.secrets.get("other") != first


def test_many_who_ask_first_get_the_same(store_url: str, opened) -> None:
    stores = [opened(store_url) for _ in range(8)]
    start = Barrier(8)

    def ask(one: Store) -> bytes:
        start.wait()
        return one.secrets.get("links")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, stores))) == 1
