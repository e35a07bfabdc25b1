"""One filter of a user is changed at a time, accounts log in, and nobody reaches what is somebody else's."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from fmn_core.errors import UnknownNameError
from fmn_core.model import Filter, Preference, RuleUse, User
from fmn_core.store import ConflictError, version_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def ids(store):
    for user in ("jane", "joe"):
        filters = tuple(Filter("", f"{user} {name}", (RuleUse("r", {"x": name}),)) for name in "abc")
        store.preferences.save(User(user, (Preference("", user, "mail", True, filters=filters),)))
    return {one.name: one.id for user in ("jane", "joe") for one in store.preferences.user(user).preferences[0].filters}


def names(store, user="jane"):
    return [one.name for one in store.preferences.user(user).preferences[0].filters]


def test_a_filter_is_found_by_its_user_only(store, ids):
    preference, one = store.editing.find_filter("jane", ids["jane b"])
    assert (preference.user, one.name, one.rules) == ("jane", "jane b", (RuleUse("r", {"x": "b"}),))
    assert store.editing.find_filter("joe", ids["jane b"]) is None
    assert store.editing.find_filter("jane", "0 OR 1=1") is None


def test_filters_are_added_removed_and_ordered_and_each_counts_as_a_change(store, ids):
    before = store.preferences.revision()
    added = store.editing.add_filter("jane", "mail", Filter("", "new"))
    store.editing.add_filter("jane", "chat", Filter("", "elsewhere"))
    assert names(store) == ["elsewhere"], "a preference that is needed is made"
    assert store.editing.order_filters("jane", "mail", [added.id, ids["jane c"], ids["joe a"], "x"])
    assert not store.editing.order_filters("jane", "mail", [added.id])
    mail = store.preferences.user("jane").preferences[1]
    assert [one.name for one in mail.filters] == ["new", "jane c", "jane a", "jane b"]
    assert store.editing.remove_filter("jane", ids["joe a"]) is None
    assert store.editing.remove_filter("jane", ids["jane a"]).name == "jane a"
    assert store.preferences.revision() == before + 4
    assert names(store, "joe") == ["joe a", "joe b", "joe c"]


def test_a_filter_that_was_changed_meanwhile_is_not_overwritten(store, ids):
    _, one = store.editing.find_filter("jane", ids["jane a"])
    first = Filter(one.id, "first", one.rules, active=False)
    assert store.editing.replace_filter("jane", first, version_of(one)) == first
    with pytest.raises(ConflictError, match="changed meanwhile") as raised:
        store.editing.replace_filter("jane", Filter(one.id, "second"), version_of(one))
    assert raised.value.current == first
    assert names(store) == ["first", "jane b", "jane c"]
    for user, filter_id in (("joe", one.id), ("jane", "999")):
        with pytest.raises(UnknownNameError):
            store.editing.replace_filter(user, Filter(filter_id, "x"), version_of(first))


def test_a_filter_that_is_switched_on_again_has_its_shot_again(store, ids):
    store.editing.replace_filter("jane", Filter(ids["jane a"], "once", (RuleUse("r"),), oneshot=True),
                                 version_of(store.editing.find_filter("jane", ids["jane a"])[1]))  # fmt: skip
    assert store.switches.claim_oneshot(ids["jane a"], "message 1")
    _, spent = store.editing.find_filter("jane", ids["jane a"])
    again = store.editing.replace_filter("jane", Filter(spent.id, "once", spent.rules, True, True), version_of(spent))
    assert (spent.shot, again.shot) == ("message 1", "")
    assert store.switches.claim_oneshot(ids["jane a"], "message 2")


def test_a_preference_begins_anew(store, ids):
    store.editing.reset_filters("jane", "mail", [Filter("", "x"), Filter("", "y")])
    assert names(store) == ["x", "y"]


def test_what_somebody_has_already_is_not_begun_anew(store, ids):
    assert not store.editing.begin("jane", "mail", [Filter("", "x")])
    assert "x" not in names(store)
    assert store.editing.begin("jane", "post", [Filter("", "x"), Filter("", "y")])
    assert [[one.name for one in each.filters] for each in store.preferences.user("jane").preferences
            if each.backend == "post"] == [["x", "y"]]  # fmt: skip


def test_of_many_first_logins_at_once_one_makes_the_account(store):
    made = []

    def log_in():
        account, new = store.accounts.log_in("ann", "ann@example.org", lambda: [Preference("", "ann", "mail")], NOW)
        made.append((account.name, account.mail, new))

    threads = [threading.Thread(target=log_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new for _, _, new in made) == [False, False, False, True]
    assert [one.backend for one in store.preferences.user("ann").preferences] == ["mail"]


def test_an_account_is_known_by_what_the_last_login_told(store):
    assert store.accounts.find("ann") is None
    store.accounts.log_in("ann", "old@example.org", list, NOW)
    account, new = store.accounts.log_in("ann", "", list, NOW.replace(hour=13))
    assert (account.mail, account.made_at.hour, account.seen_at.hour, new) == ("old@example.org", 12, 13, False)
    store.accounts.end_sessions("ann")
    assert store.accounts.find("ann").sessions == account.sessions + 1
    for name in ("bob", "a%", "amy"):
        store.accounts.log_in(name, "", list, NOW)
    assert [one.name for one in store.accounts.search("a")] == ["a%", "amy", "ann"]
    assert [one.name for one in store.accounts.search("a%")] == ["a%"]
    assert [one.name for one in store.accounts.search(after="amy", limit=1)] == ["ann"]
