"""Conversation: what one can ask for, and what one's filters ask for, in words."""

from __future__ import annotations

import pytest
from chat_place import HOSTILE, URL, ChatPlace, book

from fmn_core.model import Filter, RuleUse

# list


def test_categories_and_their_rules(chat: ChatPlace) -> None:
    assert chat.say("list categories")[1:] == ["  - door", "  - oven"]
    assert chat.say("list rules Oven") == ["  - Loaf baked", "  - My loaf"]
    assert chat.say('list rules "door"') == ["  - Door open"]


def test_an_unknown_category(chat: ChatPlace) -> None:
    assert chat.say("list rules planes") == ["There is no category 'planes'. Say list categories for those there are."]


def test_filters_are_counted_and_named(chat_on_each: ChatPlace) -> None:
    names = ["  - My Bread", "  - doors (off, once only)", "  - empty"]
    assert chat_on_each.say("list filters") == ["You have 3 filters here", *names]
    chat_on_each.say("stop")
    stopped = "You have 3 filters here; none of them counts while all is stopped"
    assert chat_on_each.say("list filters") == [stopped, *names]
    chat_on_each.filter_by()
    assert chat_on_each.say("list filters")[0].startswith("You have no filters here")


@pytest.mark.parametrize("name", ["My Bread", "my bread", '"My Bread"', "“my  BREAD”", "'My Bread'"], ids=repr)
def test_a_filter_in_words(chat: ChatPlace, name: str) -> None:
    assert chat.say(f"list filters {name}") == [
        "Filter 'My Bread' has 2 rules",
        "not Loaf baked",
        "  A loaf is done, see the page or *.rye.",
        "-*-*-*-*-*-*-*-*-*-*",
        "My loaf",
        "  It is yours: .",
        "  fasnick - alice",
        "-*-*-*-*-*-*-*-*-*-*",
    ]


def test_filters_of_little(chat: ChatPlace) -> None:
    assert chat.say("list filters empty") == ["Filter 'empty' has no rules, so it lets nothing through"]
    assert chat.say("list filters doors")[:2] == ["Filter 'doors' (off, once only) has 1 rule", "Door open"]


@pytest.mark.parametrize("name", ["nothing", '"My Bread', "'", '""', HOSTILE], ids=lambda name: repr(name[:9]))
def test_a_filter_that_there_is_not(chat: ChatPlace, name: str) -> None:
    (line,) = chat.say(f"list filters {name}")
    assert line.startswith("You have no filter")


def test_all_filters_of_a_name_and_of_that_name_exactly_first(chat: ChatPlace) -> None:
    def named(*names: str) -> None:
        filters = tuple(Filter("", name) for name in names)
        chat.filter_by(*filters)

    named("a", "A", "a", '"a"', '"b')
    assert len(chat.say("list filters a")) == 2
    assert len(chat.say("list filters A")) == 1
    assert chat.say('list filters "a"') == ["Filter '\"a\"' has no rules, so it lets nothing through"]
    assert len(chat.say('list filters "b')) == 1
    named("A", "a ")
    assert len(chat.say("list filters a")) == 2


def test_a_rule_whose_plugin_is_gone_is_named(chat: ChatPlace) -> None:
    gone = Filter("", "old", (RuleUse("gone_rule", {"names": ["a", "b"], "n": 5, "odd": None}, negated=True),))
    chat.filter_by(*(gone,))
    assert chat.say("list filters old")[1:-1] == [
        "not gone_rule, a rule that is not installed now",
        "  names - a, b",
        "  n - 5",
        "  odd - null",
    ]


def test_a_long_list_ends_where_the_rest_is(chat: ChatPlace) -> None:
    filters = tuple(Filter("", f"filter {n}") for n in range(100))
    chat.filter_by(*filters)
    lines = chat.say("list filters")
    assert (len(lines), lines[0], lines[-1]) == (40, "You have 100 filters here", f"… and 62 lines more: {URL}")


def test_rules_are_loaded_once_and_only_when_they_are_needed(chat: ChatPlace) -> None:
    loads: list[int] = []
    asked = chat.other(rules=lambda: loads.append(1) or book())
    for text in ("help", "stop", "start", "list filters", "mutes", "digest", "why", "what"):
        asked.answer("Ali[ce]", text)
    assert loads == []
    asked.answer(None, "list categories")
    asked.answer("Ali[ce]", "list filters My Bread")
    assert loads == [1]
