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
from fmn_core.model import Destination, DigestPlan, Filter, Notification, Preference, RuleUse, User
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
            destinations=(Destination("alice@example.org", True), Destination("a@example.org", suspended="550 no")),
            filters=(
                Filter("1", "mine", (RuleUse("nick_rule", {"nick": "alice"}), RuleUse("plain_rule", negated=True))),
                Filter("2", "nothing", active=False, oneshot=True),
            ),
            presentation={"verbose": True},
            digest=DigestPlan(True, 3600.0, 50, ("08:00", "20:00"), "Europe/Prague", "22:00-07:00", 60),
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


clocks = st.times().map("{:%H:%M}".format)
quiets = st.lists(clocks, min_size=2, max_size=2, unique=True).map("-".join)
plans = st.builds(
    DigestPlan, st.booleans(), st.none() | st.floats(20, 31 * 86_400), st.none() | st.integers(2),
    st.lists(clocks, max_size=3).map(tuple), st.sampled_from(["UTC", "Europe/Prague", "America/St_Johns"]),
    st.just("") | quiets, st.none() | st.integers(1),
).filter(lambda plan: not plan.on or plan.every or plan.count or plan.at)  # fmt: skip


def users(leaves: st.SearchStrategy[object]) -> st.SearchStrategy[User]:
    plain = st.builds(RuleUse, st.just("plain_rule"), st.just({}), st.booleans())
    wild = st.builds(RuleUse, st.just("anything"), values(leaves), st.booleans())
    filters = st.builds(
        Filter, st.just(""), names, st.lists(plain | wild, max_size=4).map(tuple), st.booleans(), st.booleans()
    )
    each = st.builds(Destination, names, st.booleans(), st.just("") | lines)
    destinations = st.lists(each, max_size=3, unique_by=lambda d: d.address)

    def preference(name: str, backend: str) -> st.SearchStrategy[Preference]:
        return st.builds(
            Preference, st.just(""), st.just(name), st.just(backend), st.booleans(),
            destinations.map(tuple) if backend == "wire" else st.just(()),
            st.lists(filters, max_size=3).map(tuple), values(leaves), plans,
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
    { address = "a@example.org", confirmed = false, suspended = "550 no" },
]

[preferences.presentation]
verbose = true

[preferences.digest]
on = true
every = 3600.0
count = 50
at = [
    "08:00",
    "20:00",
]
zone = "Europe/Prague"
quiet = "22:00-07:00"
per_hour = 60

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
    ("digest", "problem"),
    [
        ({"on": True}, "it is on and says nowhere when it is sent: give 'every', 'count' or 'at'"),
        ({"every": 19}, "every: must be greater than or equal to 20, not 19"),
        ({"every": 1e9}, "every: must be less than or equal to 2678400, not 1000000000.0"),
        ({"count": 1}, "count: must be greater than or equal to 2, not 1"),
        ({"per_hour": 0}, "per_hour: must be greater than or equal to 1, not 0"),
        ({"quiet": "22:00-22:00"}, "quiet '22:00-22:00' has no end: nothing would ever be sent"),
        ({"evry": 60}, "no setting is named 'evry'; did you mean 'every'?"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_a_digest_says_when_it_is_sent(digest: dict[str, object], problem: str) -> None:
    (told,) = problems(json.dumps({"user": "a", "preferences": [{"backend": "post", "digest": digest}]}))
    between = ", " if problem.split(":")[0] in digest else ": "
    assert told == f"preferences 1, digest{between}{problem}"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "a\0b", "x" * 10_000])
def test_a_zone_is_one_that_is_known(zone: str) -> None:
    (told,) = problems(json.dumps({"user": "a", "preferences": [{"backend": "post", "digest": {"zone": zone}}]}))
    sentence = f"no time zone is named {zone[:60]!r}; write one such as 'Europe/Prague' or 'UTC'"
    assert told == f"preferences 1, digest, zone: {sentence}"


@pytest.mark.parametrize("digest", [{"at": ["24:00"]}, {"at": ["8:00"]}, {"at": "08:00"}, {"quiet": "22-7"}], ids=str)
def test_hours_are_hours(digest: dict[str, object]) -> None:
    (told,) = problems(json.dumps({"user": "a", "preferences": [{"backend": "post", "digest": digest}]}))
    assert told.startswith(f"preferences 1, digest, {next(iter(digest))}")


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
