"""The store: what is saved is what is read, every change is seen, and many may use it at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Thread

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from fmn_core.errors import StoreError, UnknownNameError, UsageError
from fmn_core.model import Destination, Filter, Preference, RuleUse, User
from fmn_core.store import Store, open_store, schema, tables
from fmn_core.store.database import open_engine, reading

OWNED = RuleUse("user_package_filter", {"fasnick": "alice"})
TAGGED = RuleUse("koji_tag", negated=True)


def preference(backend: str = "email", *filters: Filter, **changes: object) -> Preference:
    base = Preference("", "alice", backend, True, (Destination("alice@example.org", True),), filters, {"verbose": True})
    return replace(base, **changes)


def alice(*preferences: Preference) -> User:
    return User("alice", preferences or (preference("email", Filter("", "mine", (OWNED, TAGGED))),))


def without_ids(user: User) -> User:
    return replace(
        user,
        preferences=tuple(
            replace(p, id="", revision=0, filters=tuple(replace(f, id="") for f in p.filters)) for p in user.preferences
        ),
    )


# what is saved is what is read


def test_a_user_reads_as_saved(store: Store) -> None:
    user = alice(
        preference("email", Filter("", "two", (OWNED, TAGGED)), Filter("", "one", (), active=False, oneshot=True)),
        preference("irc", enabled=False, destinations=(Destination("ali"), Destination("alice_", True))),
    )
    saved = store.preferences.save(user)
    assert without_ids(saved) == user
    assert store.preferences.user("alice") == saved
    assert [store.preferences.get(p.id) for p in saved.preferences] == list(saved.preferences)


@pytest.mark.parametrize(
    "value", [None, True, 1, 1.5, 10**30, "", "naïve ☃ \0", ["a", [1, {"b": None}]], {"n": {"m": []}}], ids=repr
)
def test_arguments_keep_value_and_type(store: Store, value: object) -> None:
    use = RuleUse("any", {"argument": value})
    store.preferences.save(alice(preference("email", Filter("", "f", (use,)))))
    (read,) = store.preferences.user("alice").preferences[0].filters[0].rules
    assert repr(read) == repr(use)


def test_save_makes_the_user_as_given(store: Store) -> None:
    saved = store.preferences.save(alice(preference("email", Filter("", "a"), Filter("", "b")), preference("irc")))
    email, irc = saved.preferences
    first, second = email.filters
    changed = replace(email, filters=(second, Filter("", "c"), replace(second, name="copy")), destinations=())
    again = store.preferences.save(User("alice", (changed,)))
    (kept,) = again.preferences
    assert kept.id == email.id
    assert [f.name for f in kept.filters] == ["b", "c", "copy"]
    assert kept.filters[0].id == second.id
    assert len({f.id for f in kept.filters} | {first.id}) == 4, "an id is never used for two filters"
    assert store.preferences.get(irc.id) is None


def test_a_filter_of_somebody_else_is_not_taken_over(store: Store) -> None:
    hers = store.preferences.save(alice()).preferences[0].filters[0]
    his = store.preferences.save(User("bob", (preference("email", replace(hers, name="stolen"), user="bob"),)))
    assert his.preferences[0].filters[0].id != hers.id
    assert store.preferences.user("alice").preferences[0].filters[0] == hers


def test_ids_are_never_used_again(store: Store) -> None:
    old = store.preferences.save(alice()).preferences[0]
    store.preferences.remove("alice")
    new = store.preferences.save(alice()).preferences[0]
    assert new.id != old.id
    assert new.filters[0].id != old.filters[0].id


def test_users_are_listed_by_name(store: Store) -> None:
    for name in ("zoe", "Åse", "bob"):
        store.preferences.save(User(name))
    assert store.preferences.users() == ["bob", "zoe", "Åse"]


@pytest.mark.parametrize(("call", "more"), [("user", ()), ("remove", ()), ("change", (lambda user: user,))])
def test_an_unknown_user_is_named_with_what_comes_near(store: Store, call: str, more: tuple[object, ...]) -> None:
    store.preferences.save(alice())
    with pytest.raises(UnknownNameError, match=r"^no user is named 'alcie'; did you mean 'alice'\?$"):
        getattr(store.preferences, call)("alcie", *more)


def test_add_refuses_whom_it_knows(store: Store) -> None:
    saved = store.preferences.add(alice())
    with pytest.raises(UsageError, match=r"^user 'alice' exists already"):
        store.preferences.add(User("alice"))
    assert store.preferences.user("alice") == saved


@pytest.mark.parametrize(
    ("preferences", "sentence"),
    [
        ((preference("irc"), preference("irc")), "user 'alice' has two preferences for backend 'irc'; keep one"),
        (
            (preference("irc", destinations=(Destination("ali"), Destination("ali", True))),),
            "user 'alice' has twice the irc destination 'ali'; keep one",
        ),
    ],
    ids=["backend", "destination"],
)
def test_what_must_be_unique_is_one_sentence(store: Store, preferences: tuple[Preference], sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{sentence}$"):
        store.preferences.save(User("alice", preferences))
    assert store.preferences.users() == [], "nothing of it is kept"


@pytest.mark.parametrize("identifier", ["", "x", "-1", "0", "1.0", "²", "9" * 30, str(2**31)])
def test_odd_ids_are_nobodys(store: Store, identifier: str) -> None:
    store.preferences.save(alice())
    assert store.preferences.get(identifier) is None
    assert not store.switches.claim_oneshot(identifier, "m1")
    assert not store.switches.release_oneshot(identifier, "m1")
    assert not store.switches.switch_filter("alice", identifier, False)


# loading all


def test_enabled_shows_what_workers_need(store: Store) -> None:
    on, off = Filter("", "on", (OWNED,)), Filter("", "off", (TAGGED,), active=False)
    store.preferences.save(alice(preference("email", off, on), preference("irc", on, enabled=False)))
    store.preferences.save(User("bob", (preference("sse", destinations=()),)))
    found = [(p.user, p.backend, [f.name for f in p.filters]) for p in store.preferences.enabled()]
    assert found == [("alice", "email", ["on"]), ("bob", "sse", [])]


def test_equal_rules_are_one_object(store: Store) -> None:
    store.preferences.save_all(
        User(name, (preference("email", Filter("", "f", (RuleUse("r", {"x": [1], "y": 2}), TAGGED))),))
        for name in ("alice", "bob")
    )
    first, second = (p.filters[0].rules for p in store.preferences.enabled())
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_rules_that_python_calls_equal_stay_apart(store: Store) -> None:
    rules = tuple(RuleUse("r", {"x": value}) for value in (1, True, 1.0, "1"))
    store.preferences.save(alice(preference("email", Filter("", "f", rules))))
    (one,) = store.preferences.enabled()
    assert [type(use.arguments["x"]) for use in one.filters[0].rules] == [int, bool, float, str]


def test_loading_is_one_state_though_others_write(store: Store) -> None:
    store.preferences.save_all(User(f"user{n}", (preference(),)) for n in range(2500))
    stream = store.preferences.enabled()
    next(stream)
    store.preferences.remove("user2499")
    store.preferences.save(User("late", (preference(),)))
    assert sum(1 for _ in stream) == 2499


# changes


def test_each_change_counts_and_is_told(store: Store) -> None:
    assert store.preferences.revision() == 0
    saved = store.preferences.save(alice(preference("email"), preference("irc")))
    email, irc = saved.preferences
    start = store.preferences.revision()
    assert start == email.revision == irc.revision

    off = replace(email, enabled=False)
    after = store.preferences.save(User("alice", (off, irc)))
    changes = store.preferences.changes_since(start)
    assert (changes.changed, changes.removed) == ([], [email.id])
    assert changes.revision == store.preferences.revision() == after.preferences[0].revision > start
    assert after.preferences[1] == irc, "what did not change keeps its revision"

    store.preferences.save(User("alice", (replace(off, enabled=True), irc)))
    store.preferences.remove("alice")
    everything = store.preferences.changes_since(0)
    assert everything.changed == []
    assert sorted(everything.removed) == sorted([email.id, irc.id])
    assert store.preferences.changes_since(everything.revision).removed == []


def test_nothing_comes_between_what_is_read_and_what_is_saved(store: Store) -> None:
    store.preferences.save(alice())
    suspending = Thread(target=store.switches.suspend, args=("email", "alice@example.org", "550 no such user"))

    def renamed(user: User) -> User:
        suspending.start()
        suspending.join(0.3)  # it has to wait; if it did not, this is time enough
        (one,) = user.preferences
        return replace(user, preferences=(replace(one, filters=(replace(one.filters[0], name="ours"),)),))

    store.preferences.change("alice", renamed)
    suspending.join()
    (one,) = store.preferences.user("alice").preferences
    assert (one.filters[0].name, one.destinations[0].suspended) == ("ours", "550 no such user")


def test_a_change_that_is_given_up_changes_nothing(store: Store) -> None:
    saved, revision = store.preferences.save(alice()), store.preferences.revision()
    with pytest.raises(ZeroDivisionError):
        store.preferences.change("alice", lambda user: 1 / 0)
    assert (store.preferences.user("alice"), store.preferences.revision()) == (saved, revision)


def test_changes_hold_enabled_preferences_with_active_filters(store: Store) -> None:
    start = store.preferences.revision()
    store.preferences.save(alice(preference("email", Filter("", "on"), Filter("", "off", active=False))))
    changes = store.preferences.changes_since(start)
    assert [f.name for f in changes.changed[0].filters] == ["on"]
    assert changes.changed == list(store.preferences.enabled())


def test_a_type_that_changes_is_a_change(store: Store) -> None:
    (saved,) = store.preferences.save(
        alice(preference("email", Filter("", "f", (RuleUse("r", {"x": 1}),))))
    ).preferences
    rewritten = replace(saved.filters[0], rules=(RuleUse("r", {"x": True}),))
    (after,) = store.preferences.save(User("alice", (replace(saved, filters=(rewritten,)),))).preferences
    assert after.filters[0].rules[0].arguments["x"] is True
    assert after.revision > saved.revision


def test_a_follower_misses_nothing_while_many_write(store: Store) -> None:
    names = [f"user{n}" for n in range(40)]
    seen: set[str] = set()
    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(store.preferences.save, User(name, (preference(),))) for name in names]
        revision = 0
        while not all(write.done() for write in writes):
            changes = store.preferences.changes_since(revision)
            assert changes.revision >= revision
            revision = changes.revision
            seen.update(p.user for p in changes.changed)
        for write in writes:
            write.result()
    seen.update(p.user for p in store.preferences.changes_since(revision).changed)
    assert seen == set(names)
    assert store.preferences.revision() == len(names)


# opening


def test_opening_brings_an_empty_database_to_the_tables(store_url: str, opened) -> None:
    opened(store_url)
    engine = open_engine(store_url)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    engine.dispose()


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(schema.alembic_config()).get_current_head() == schema.HEAD


OPEN = "import sys; from fmn_core.store import open_store; s = open_store(sys.argv[1]); print(s.version); s.close()"


def test_processes_that_open_at_once_make_one_schema(store_url: str) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, store_url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(6)
    ]
    said = [process.communicate()[0].decode() for process in processes]
    assert said == [schema.HEAD + "\n"] * 6


def test_threads_that_open_at_once_make_one_schema(store_url: str) -> None:
    start = Barrier(8)

    def open_one(number: int) -> str | None:
        start.wait()
        store = open_store(store_url)
        try:
            return store.version
        finally:
            store.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_one, range(8))) == [schema.HEAD] * 8


def test_an_empty_database_is_refused_where_it_may_not_be_upgraded(store_url: str) -> None:
    with pytest.raises(StoreError, match=r"^the database is empty; run 'fmn db upgrade'$"):
        open_store(store_url, upgrade=False)


def set_version(url: str, version: str) -> None:
    connect = sqlite3.connect(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else psycopg.connect(url)
    with connect as connection:
        connection.execute(f"UPDATE alembic_version SET version_num = '{version}'")
    connection.close()


@pytest.mark.parametrize("upgrade", [True, False])
def test_a_newer_database_is_refused(store_url: str, upgrade: bool) -> None:
    open_store(store_url).close()
    set_version(store_url, "9999")
    with pytest.raises(StoreError, match=r"^the database has version 9999, which is newer than this code \(\d{4}\)"):
        open_store(store_url, upgrade)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:////nowhere/at/all/fmn.sqlite", "cannot be used: unable to open database file$"),
        ("postgresql://fmn:hidden@127.0.0.1:1/fmn", r"fmn:\*\*\*@127.0.0.1:1/fmn' cannot be used: connection failed"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        open_store(url)
    assert "\n" not in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite://", "'sqlite://' cannot hold the store; use a file of SQLite or a database of PostgreSQL$"),
        ("mysql://u:hidden@host/fmn", r"'mysql://u:\*\*\*@host/fmn' cannot hold the store"),
        ("no url", "^'no url' is no database URL"),
    ],
)
def test_a_url_of_nothing_that_could_be_the_store_is_a_mistake_of_the_configuration(url: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        open_store(url)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path) -> None:
    (tmp_path / "fmn.sqlite").write_text("this is no database, however long one looks at it" * 100)
    with pytest.raises(StoreError, match=r"cannot be used: file is not a database$"):
        open_store(f"sqlite:///{tmp_path / 'fmn.sqlite'}")


def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    store.preferences.save(alice())
    with store._engine.connect().execution_options(writes=True) as writer, writer.begin():
        writer.execute(tables.users.insert().values(name="bob"))
        assert store.preferences.users() == ["alice"]
