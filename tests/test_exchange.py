"""A user's settings as a document: the same after a round trip, and every mistake in it told at once."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict

from fmn_core.backends import Backend
from fmn_core.errors import ConfigError, UsageError
from fmn_core.model import Destination, Filter, Notification, Preference, RuleUse, User
from fmn_core.rules import Arguments, Rule, RuleBook, Text, always
from fmn_core.store import Store
from fmn_core.store.accounts import new_user
from fmn_core.store.exchange import Form, Installed, document, dump_user, load_user, read_document


class Post(Backend):
    """Knows addresses by their @."""

    name = "post"

    def check_address(self, address: str) -> str:
        if "@" not in address:
            raise UsageError(f"{address!r} is no address")
        return address.lower()

    def deliver(self, notification: Notification) -> None:
        raise AssertionError


class Wire(Post):
    name = "wire"

    def check_address(self, address: str) -> str:
        return address


class Anything(Arguments):
    model_config = ConfigDict(extra="allow")


class One(Arguments):
    nick: Text


RULES = RuleBook([
    Rule("anything", "Anything", "", always, Anything),
    Rule("nick_rule", "A nick", "", always, One),
    Rule("plain_rule", "Plain", "", always),
])  # fmt: skip
INSTALLED = Installed(RULES, {"post": Post(), "wire": Wire()})

ALICE = User(
    "alice",
    (
        Preference(
            "7", "alice", "post", True,
            destinations=(Destination("alice@example.org", True), Destination("a@example.org")),
            filters=(
                Filter("1", "mine", (RuleUse("nick_rule", {"nick": "alice"}), RuleUse("plain_rule", negated=True))),
                Filter("2", "nothing", active=False, oneshot=True),
            ),
            presentation={"verbose": True},
            revision=12,
        ),
        Preference("8", "alice", "wire"),
    ),
)  # fmt: skip


def without_ids(user: User) -> User:
    def bare(p: Preference) -> Preference:
        return replace(p, id="", revision=0, filters=tuple(replace(f, id="") for f in p.filters))

    return replace(user, preferences=tuple(map(bare, user.preferences)))


def load(text: str) -> User:
    return load_user(text, INSTALLED, "a.toml")


def exact(user: User) -> str:
    """Return what tells 1 from True and 1.0, but not one order of keys from another."""
    return json.dumps(asdict(user), sort_keys=True)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert str(caught.value).startswith("a.toml has ")
    return caught.value.problems


# round trips

lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40)
names = lines.filter(str.strip)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.booleans() | st.integers(-(10**25), 10**25) | st.floats(allow_nan=False, allow_infinity=False) | texts


def values(leaves: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    inner = st.recursive(
        leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=5
    )
    return st.dictionaries(texts, inner, max_size=3)


def users(leaves: st.SearchStrategy[object]) -> st.SearchStrategy[User]:
    plain = st.builds(RuleUse, st.just("plain_rule"), st.just({}), st.booleans())
    wild = st.builds(RuleUse, st.just("anything"), values(leaves), st.booleans())
    filters = st.builds(
        Filter, st.just(""), names, st.lists(plain | wild, max_size=4).map(tuple), st.booleans(), st.booleans()
    )
    destinations = st.lists(st.builds(Destination, names, st.booleans()), max_size=3, unique_by=lambda d: d.address)

    def preference(name: str, backend: str) -> st.SearchStrategy[Preference]:
        return st.builds(
            Preference, st.just(""), st.just(name), st.just(backend), st.booleans(),
            destinations.map(tuple) if backend == "wire" else st.just(()),
            st.lists(filters, max_size=3).map(tuple), values(leaves),
        )  # fmt: skip

    def user(name: str) -> st.SearchStrategy[User]:
        backends = st.lists(st.sampled_from(["post", "wire"]), unique=True)
        whole = backends.flatmap(lambda some: st.tuples(*(preference(name, backend) for backend in some)))
        return whole.map(lambda preferences: User(name, preferences))

    return names.flatmap(user)


@given(users(scalars))
def test_toml_and_back_is_the_same(user: User) -> None:
    assert exact(load(dump_user(user))) == exact(user)


@given(users(scalars | st.none()))
def test_json_and_back_is_the_same(user: User) -> None:
    assert exact(load(dump_user(user, "json"))) == exact(user)


@pytest.mark.parametrize("form", ["toml", "json"])
def test_through_the_database_and_back_is_the_same(store: Store, form: Form) -> None:
    text = dump_user(store.preferences.save(ALICE), form)
    store.preferences.remove("alice")
    again = store.preferences.save(load(text))
    assert without_ids(again) == without_ids(ALICE)
    assert dump_user(again, form) == text


def test_a_document_is_for_people() -> None:
    assert (
        dump_user(ALICE)
        == """user = "alice"

[[preferences]]
backend = "post"
enabled = true
destinations = [
    { address = "alice@example.org", confirmed = true },
    { address = "a@example.org", confirmed = false },
]

[preferences.presentation]
verbose = true

[[preferences.filters]]
name = "mine"
active = true
oneshot = false
rules = [
    { rule = "nick_rule", arguments = { nick = "alice" } },
    { rule = "plain_rule", negated = true },
]

[[preferences.filters]]
name = "nothing"
active = false
oneshot = true
rules = []

[[preferences]]
backend = "wire"
enabled = false
destinations = []
filters = []
"""
    )


def test_what_is_not_said_is_as_usual() -> None:
    user = load('user = "bob"\n[[preferences]]\nbackend = "post"\n[[preferences.filters]]\nname = "all"\n')
    assert user == User("bob", (Preference("", "bob", "post", filters=(Filter("", "all"),)),))


def test_addresses_become_those_of_their_backend() -> None:
    user = load('user = "bob"\n[[preferences]]\nbackend = "post"\ndestinations = [{address = "BOB@example.org"}]\n')
    assert user.preferences[0].destinations == (Destination("bob@example.org"),)


def test_null_is_for_json_alone() -> None:
    user = User("a", (Preference("", "a", "post", filters=(Filter("", "f", (RuleUse("anything", {"x": None}),)),)),))
    with pytest.raises(UsageError, match=r"^settings of 'a' hold a null, which TOML does not know; use --format json$"):
        dump_user(user)


# mistakes


def test_all_mistakes_are_told_at_once() -> None:
    assert problems('''
        user = "alice"
        colour = "blue"
        [[preferences]]
        backend = "pots"
        enabeld = true
        [[preferences.filters]]
        nmae = "x"
        rules = [{rule = "plian_rule"}, {rule = "nick_rule", arguments = {nik = "a"}}, {negated = "yes", rule = "x"}]
        [[preferences]]
        backend = "post"
        destinations = [{address = "nowhere"}, {address = "a@b"}, {address = "A@B"}]
    ''') == (
        "preferences 1, backend: no backend is named 'pots'; did you mean 'post'?",
        "preferences 1, filters 1: 'name' is required",
        "preferences 1, filters 1, rules 1: no rule is named 'plian_rule'; did you mean 'plain_rule' or 'nick_rule'?",
        "preferences 1, filters 1, rules 2: rule 'nick_rule' cannot take these arguments: 'nick' is required; "
        "no argument is named 'nik'; did you mean 'nick'?",
        "preferences 1, filters 1, rules 3, negated: must be true or false, not 'yes'",
        "preferences 1, filters 1: no setting is named 'nmae'; did you mean 'name'?",
        "preferences 1: no setting is named 'enabeld'; did you mean 'enabled'?",
        "preferences 2, destinations: 'nowhere' is no address; 'a@b' is there twice",
        "no setting is named 'colour'",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"user": " "}, "user: it is empty"),
        ({"user": "a\0b"}, r"user: it holds '\x00', which is no printable character"),
        ({"preferences": [{"backend": "post"}] * 2}, "preferences: there are several for backend 'post'"),
        ({"preferences": {}}, "preferences: must be a list, not {}"),
        (
            {"preferences": [{"backend": "post", "filters": [{"name": "x" * 51}]}]},
            "preferences 1, filters 1, name: must have at most 50 characters, not 'xxxxxxxxxxxx...xxxxxxxxxxxxx'",
        ),
    ],
)
def test_a_mistake_is_one_sentence(change: dict[str, object], problem: str) -> None:
    assert problems(json.dumps({"user": "alice", **change})) == (problem,)


@pytest.mark.parametrize(
    "text", ["", "user", "{", "{]", "[1", '{"user": 1}', '{"user": "\\ud800"}', "user = 2020-01-01", "x=" + "[" * 5000]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    assert len(problems(text)) == 1


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_numbers_that_json_lacks_are_refused(number: str) -> None:
    rule = f'{{rule = "anything", arguments = {{x = {number}}}}}'
    (problem,) = problems(
        f'user = "a"\n[[preferences]]\nbackend = "post"\n[[preferences.filters]]\nname = "f"\nrules = [{rule}]'
    )
    assert problem.startswith("preferences 1, filters 1, rules 1, arguments")


# new users


def test_a_new_user_is_told_where_an_address_is_known() -> None:
    filters = [Filter("", "mine", (RuleUse("plain_rule"),))]
    user = new_user("bob", INSTALLED.backends, filters, {"post": ["bob@example.org"]})
    assert [(p.backend, p.enabled, p.destinations) for p in user.preferences] == [
        ("post", True, (Destination("bob@example.org", confirmed=True),)),
        ("wire", False, ()),
    ]
    assert all(p.filters == tuple(filters) for p in user.preferences)
    assert read_document(document(user), INSTALLED, "bob") == user
