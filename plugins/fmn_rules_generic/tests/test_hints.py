"""No rule ever holds for a message that its hint leaves out: the index of the matching rests on it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fmn_rules_generic
from fmn_core import Lookups, Message, Role, Severity
from fmn_core.testing import lookups, message
from fmn_rules_generic.fields import MissingFieldError

RULES = {rule.identifier: rule for rule in fmn_rules_generic.RULES}

NICKS = st.sampled_from(["ava", "hugo", "mei"])
GROUPS = st.sampled_from(["one-sig", "two-sig"])
PACKAGES = st.sampled_from(["bash", "zsh", "python3-ava", "modules/php"])
APPS = st.sampled_from(["bodhi", "Bodhi", "trac", "koji"])
WORDS = st.one_of(APPS, st.sampled_from(["update", "ticket", "x", "[", "a*b"]))
TOPICS = st.builds(
    lambda prefix, words: ".".join([*prefix, *words]),
    st.sampled_from([(), ("org", "fedoraproject", "prod"), ("io", "pagure", "stg")]),
    st.lists(WORDS, min_size=1, max_size=4),
)
GLOBS = st.one_of(
    TOPICS, st.lists(st.one_of(WORDS, st.sampled_from(["*", "?", "[a-z]*", "[!x]"])), min_size=1).map(".".join)
)
PATTERNS = st.sampled_from(["a", "^b", "-a.a$", '"ava"', "[0-9]"])


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(values, min_size=1, max_size=3)


ARGUMENTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "user_filter": st.fixed_dictionaries({"fasnick": some(NICKS)}),
    "not_user_filter": st.fixed_dictionaries({"fasnick": some(NICKS)}),
    "agent_filter": st.fixed_dictionaries({"fasnick": some(NICKS)}),
    "fas_group_member_filter": st.fixed_dictionaries({"group": GROUPS}),
    "user_package_filter": st.fixed_dictionaries({"fasnick": NICKS}),
    "user_package_commit_filter": st.fixed_dictionaries({"fasnick": NICKS}),
    "user_package_watch_filter": st.fixed_dictionaries({"fasnick": NICKS}),
    "group_package_filter": st.fixed_dictionaries({"group": some(GROUPS)}),
    "package_filter": st.fixed_dictionaries({"package": some(PACKAGES)}),
    "package_regex_filter": st.fixed_dictionaries({"pattern": PATTERNS}),
    "regex_filter": st.fixed_dictionaries({"pattern": PATTERNS}, optional={"ignore_case": st.booleans()}),
    "trac_hosted_filter": st.fixed_dictionaries({"project": some(st.sampled_from(["bash", "zsh"]))}),
    "app_filter": st.fixed_dictionaries({"apps": some(APPS)}),
    "topic_filter": st.fixed_dictionaries({"topics": some(GLOBS)}),
    "severity_filter": st.fixed_dictionaries({"levels": some(st.sampled_from(["debug", "info", "warning", "error"]))}),
    "field_filter": st.fixed_dictionaries(
        {"path": st.sampled_from(["a", "b.c"]), "operator": st.sampled_from(["is", "contains"]), "value": NICKS}
    ),
}

MESSAGES = st.builds(
    lambda topic, body, severity, **facts: message(topic, body, severity=severity, facts=facts),
    TOPICS,
    st.dictionaries(
        st.sampled_from("ab"), st.one_of(NICKS, st.integers(), st.builds(lambda nick: {"c": [nick]}, NICKS))
    ),
    st.sampled_from(Severity),
    usernames=st.lists(NICKS, max_size=2),
    packages=st.lists(PACKAGES, max_size=2),
    agent=st.one_of(st.none(), NICKS),
    url=st.sampled_from([None, "https://fedorahosted.org/bash/1", "https://example.org/"]),
)
WORLDS = st.builds(
    lookups,
    st.dictionaries(
        PACKAGES,
        st.dictionaries(st.one_of(NICKS, GROUPS.map("@{}".format)), st.sampled_from([*map(str, Role)]), max_size=3),
    ),
    st.dictionaries(GROUPS, st.lists(NICKS, max_size=2)),
)


def test_every_rule_is_held_to_it() -> None:
    assert set(ARGUMENTS) == set(RULES)


@pytest.mark.parametrize("identifier", ARGUMENTS)
@given(data=st.data(), about=MESSAGES, world=WORLDS)
@settings(max_examples=50, deadline=None)
def test_the_hint_admits_whatever_the_rule_matches(
    identifier: str, data: st.DataObject, about: Message, world: Lookups
) -> None:
    rule = RULES[identifier]
    arguments = rule.parse(data.draw(ARGUMENTS[identifier]))
    try:
        holds = rule.predicate(about, arguments, world)
    except MissingFieldError:
        return
    if identifier == "trac_hosted_filter" and about.app != "trac":
        return  # its hint decides the application, its predicate does not ask again
    assert rule.hint_for(arguments).admits(about, world) or not holds


COMPLETED = {
    "user_filter": {"fasnick": "user"},
    "not_user_filter": {"fasnick": "user"},
    "agent_filter": {"fasnick": "user"},
    "user_package_filter": {"fasnick": "user"},
    "user_package_commit_filter": {"fasnick": "user"},
    "user_package_watch_filter": {"fasnick": "user"},
    "fas_group_member_filter": {"group": "group"},
    "group_package_filter": {"group": "group"},
    "package_filter": {"package": "package"},
    "app_filter": {"apps": "app"},
}


def test_which_arguments_pages_complete() -> None:
    found = {
        identifier: {
            name: about["completes"]
            for name, about in rule.arguments.model_json_schema()["properties"].items()
            if "completes" in about
        }
        for identifier, rule in RULES.items()
    }
    assert {identifier: names for identifier, names in found.items() if names} == COMPLETED
