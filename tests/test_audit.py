"""Every change of a preference is remembered with who made it, and can be taken back; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from confirmation_place import ADDRESS, Place

from fmn_core.acting import acting
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.model import Destination, DigestPlan, Filter, Preference, RuleUse, User
from fmn_core.store import Audited, State, version_of

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
JANE = Preference(
    "", "jane", "mail", True, (Destination("jane@example.org", True),),
    (Filter("", "a", (RuleUse("r"),)), Filter("", "b")),
)  # fmt: skip


@pytest.fixture
def jane(store):
    store.preferences.save(User("jane", (JANE,)))
    store.preferences.save(User("joe", (Preference("", "joe", "mail", True, filters=(Filter("", "j"),)),)))
    return store.preferences.user("jane").preferences[0]


def now_of(store, user="jane"):
    return store.preferences.user(user).preferences[0]


def changes(store):
    """All that changes a preference, by name."""
    first, second = (one.id for one in now_of(store).filters[:2])
    one = store.editing.find_filter("jane", first)[1]
    other = Filter(first, "c", (RuleUse("s", {"x": [1]}, True),))
    return {
        "off": lambda: store.switches.switch("jane", "mail", False),
        "digest": lambda: store.switches.set_digest("jane", "mail", DigestPlan(on=True, every=600, at=("08:00",))),
        "filter off": lambda: store.switches.switch_filter("jane", first, False),
        "add": lambda: store.editing.add_filter("jane", "mail", Filter("", "new")),
        "replace": lambda: store.editing.replace_filter("jane", other, version_of(one)),
        "remove": lambda: store.editing.remove_filter("jane", first),
        "order": lambda: store.editing.order_filters("jane", "mail", [second, first]),
        "reset": lambda: store.editing.reset_filters("jane", "mail", [Filter("", "first")]),
        "confirm": lambda: store.destinations.confirm("jane", "mail", "new@example.org"),
        "forget": lambda: store.destinations.remove("jane", "mail", "jane@example.org"),
        "save": lambda: store.preferences.save(User("jane", (Preference("", "jane", "mail", filters=(one,)),))),
    }


NAMES = ["off", "digest", "filter off", "add", "replace", "remove", "order", "reset", "confirm", "forget", "save"]


@pytest.mark.parametrize("name", NAMES)
def test_a_change_is_remembered_and_taken_back(store, jane, name):
    with acting("admin", "web"):
        changes(store)[name]()
    changed = now_of(store)
    (found,) = store.audit.of_user("jane")
    assert (found.actor.name, found.actor.way, found.backend) == ("admin", "web", "mail")
    assert (_content(found.before), _content(found.after)) == (_content(jane), _content(changed))
    assert _content(changed) != _content(jane)
    revision = store.preferences.revision()
    store.audit.undo("jane", found.id)
    assert _content(now_of(store)) == _content(jane)
    assert [one.id for one in store.preferences.changes_since(revision).changed] == [jane.id]
    undone = store.audit.of_user("jane")[0]
    store.audit.undo("jane", undone.id)
    assert _content(now_of(store)) == _content(changed), "what was taken back can be taken back"


def _content(one):
    return one.enabled, one.destinations, one.filters, dict(one.presentation), one.digest


def test_the_list_of_what_changes_is_whole(store, jane):
    assert sorted(changes(store)) == sorted(NAMES)


def test_an_older_change_takes_back_what_came_after_it(store, jane):
    for name in ("off", "add", "forget"):
        changes(store)[name]()
    listed = store.audit.of_user("jane")
    assert [one.actor.way for one in listed] == ["", "", ""]
    store.audit.undo("jane", listed[-1].id)
    assert _content(now_of(store)) == _content(jane)


def test_the_longest_thread_fits_and_a_longer_one_is_refused(store, jane):
    longest = "".join(chr(0x10000 + number) for number in range(500))  # such as no database makes any shorter
    store.mutes.put("jane", longest, NOW)
    assert set(store.mutes.of_user("jane", NOW - timedelta(hours=1))) == {longest}
    with pytest.raises(UsageError, match="2000 bytes"):
        store.mutes.put("jane", f"{longest}x", NOW)


def test_what_changes_nothing_is_no_change(store, jane):
    store.switches.switch("jane", "mail", True)
    store.editing.order_filters("jane", "mail", [one.id for one in jane.filters])
    store.editing.reset_filters("jane", "mail", [])
    store.preferences.save(store.preferences.user("jane"))
    store.mutes.put("jane", "t", NOW)
    assert len(store.audit.of_user("jane")) == 1


def test_changes_of_others_are_not_for_me(store, jane):
    store.switches.switch("joe", "mail", False)
    (theirs,) = store.audit.of_user("joe")
    assert store.audit.of_user("jane") == []
    for number in (theirs.id, "0", "x", "999999999999"):
        with pytest.raises(UnknownNameError):
            store.audit.undo("jane", number)
    assert not now_of(store, "joe").enabled


def test_pages_of_changes(store, jane):
    for on in (False, True, False):
        store.switches.switch("jane", "mail", on)
    first = store.audit.of_user("jane", limit=2)
    rest = store.audit.of_user("jane", before=first[-1].id)
    assert [one.after.enabled for one in [*first, *rest]] == [False, True, False]


def test_an_address_that_rejected_since_does_not_come_back_as_confirmed(store):
    place = Place(store)
    store.destinations.confirm("alice", "mail", ADDRESS)
    store.destinations.remove("alice", "mail", ADDRESS)
    removed = store.audit.of_user("alice")[0]
    secret = place.ask()
    store.confirmations.reject(secret, place.now, place.lifetime)
    store.audit.undo("alice", removed.id)
    assert place.destinations() == (Destination(ADDRESS, False),)


def test_a_question_to_an_address_that_goes_is_void(store):
    place = Place(store)
    secret = place.ask()
    store.audit.undo("alice", store.audit.of_user("alice")[-1].id)
    assert place.destinations() == ()
    assert store.confirmations.look(secret, place.now, place.lifetime).state is State.VOID
    assert place.requests() == []


def test_what_was_removed_whole_is_made_again(store, jane):
    changes(store)["off"]()
    store.preferences.save(User("jane"))
    last: Audited = store.audit.of_user("jane")[0]
    assert last.after is None or last.after.id != jane.id
    store.audit.undo("jane", last.id)
    assert [one.name for one in now_of(store).filters] == ["a", "b"]


def test_old_changes_are_forgotten_and_a_removed_user_takes_theirs_along(store, jane):
    changes(store)["off"]()
    assert store.pruning.audit(datetime.now(UTC) - timedelta(days=1)) == 0
    assert store.pruning.audit(datetime.now(UTC) + timedelta(days=1)) == 1
    changes(store)["add"]()
    store.preferences.remove("jane")
    assert store.audit.of_user("jane") == []


def test_a_disabled_account_is_for_nobody_until_it_is_enabled(store, jane):
    before = store.accounts.find("jane")
    revision = store.preferences.revision()
    store.accounts.disable("jane", "spam")
    disabled = store.accounts.find("jane")
    assert (disabled.disabled, disabled.sessions) == ("spam", before.sessions + 1)
    assert [one.user for one in store.preferences.enabled()] == ["joe"]
    assert store.preferences.changes_since(revision).removed == [jane.id]
    assert store.preferences.get(jane.id).barred == "spam"
    assert store.switches.owner("mail", "jane@example.org") is None
    revision = store.preferences.revision()
    store.accounts.enable("jane")
    assert [one.user for one in store.preferences.enabled()] == ["jane", "joe"]
    assert [one.id for one in store.preferences.changes_since(revision).changed] == [jane.id]
    assert store.audit.of_user("jane") == [], "no preference was changed"
    with pytest.raises(UnknownNameError):
        store.accounts.disable("nobody", "x")
