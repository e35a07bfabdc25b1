"""Tokens prove who comes, until they are revoked; nobody can read their secrets. On both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from fmn_core.errors import UsageError
from fmn_core.model import User
from fmn_core.store.tokens import MOST

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def people(store):
    for name in ("jane", "joe"):
        store.preferences.save(User(name))


def test_a_token_is_known_by_its_secret_until_it_is_revoked(store):
    made, secret = store.tokens.make("jane", "api", "my script", NOW, writes=True)
    found = store.tokens.holder(secret, "api", NOW)
    assert (found.user, found.title, found.writes, found.used_at) == ("jane", "my script", True, None)
    assert store.tokens.holder(secret, "feed", NOW) is None
    assert store.tokens.holder(secret + "x", "api", NOW) is None
    assert not store.tokens.revoke("joe", made.id), "it is not joe's"
    assert store.tokens.revoke("jane", made.id)
    assert store.tokens.holder(secret, "api", NOW) is None
    assert not store.tokens.revoke("jane", made.id)


def test_the_last_use_is_noted_now_and_then(store):
    _, secret = store.tokens.make("jane", "feed", "f", NOW, filter_id="7")
    times = [NOW, NOW + timedelta(minutes=5), NOW + timedelta(hours=2)]
    noted = []
    for when in times:
        store.tokens.holder(secret, "feed", when)
        noted.append(store.tokens.of_user("jane")[0].used_at)
    assert noted == [times[0], times[0], times[2]]


def test_no_secret_is_in_the_database(store):
    _, secret = store.tokens.make("jane", "api", "x", NOW)
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM tokens").all()
    assert rows
    assert secret not in repr(rows)


def test_a_disabled_account_has_no_tokens_that_work_and_a_removed_one_none(store):
    _, secret = store.tokens.make("jane", "api", "x", NOW)
    store.accounts.disable("jane", "spam")
    assert store.tokens.holder(secret, "api", NOW) is None
    store.accounts.enable("jane")
    assert store.tokens.holder(secret, "api", NOW)
    store.preferences.remove("jane")
    store.preferences.save(User("jane"))
    assert store.tokens.holder(secret, "api", NOW) is None


@pytest.mark.parametrize("title", ["", "  ", "x" * 101, "\x00"])
def test_a_token_needs_a_name(store, title):
    with pytest.raises(UsageError, match="needs a name"):
        store.tokens.make("jane", "api", title, NOW)


def test_there_are_so_many_tokens_and_no_more(store):
    for number in range(MOST):
        store.tokens.make("jane", "api", f"t{number}", NOW)
    with pytest.raises(UsageError, match="revoke one"):
        store.tokens.make("jane", "api", "one more", NOW)
    store.tokens.make("joe", "api", "his", NOW)
    assert len(store.tokens.of_user("jane")) == MOST


def test_who_makes_many_at_once_has_no_more_for_it(store):
    def make(number):
        try:
            return store.tokens.make("jane", "api", f"t{number}", NOW)
        except UsageError:
            return None

    with ThreadPoolExecutor(8) as many:
        made = [one for one in many.map(make, range(MOST + 10)) if one]
    assert len(made) == len(store.tokens.of_user("jane")) == MOST
