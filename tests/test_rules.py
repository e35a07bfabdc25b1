"""Rules as authors write them, their arguments, hints and the book that holds them."""

from dataclasses import replace

import pytest

from fmn_core import (
    Arguments,
    ArgumentsError,
    Hint,
    PluginError,
    Sample,
    Text,
    UnknownNameError,
    Words,
    app_rule,
    rule,
    topic_rule,
    with_samples,
)
from fmn_core.rules import RuleBook
from fmn_core.testing import lookups, message

NOBODY = lookups()


class Loaves(Arguments):
    kinds: Words
    baker: Text = "nela"


@rule("loaf_of", topics=["loaf.baked"])
def loaf_of(message, arguments: Loaves):
    """A loaf of a kind.

    In **Markdown**,
    over two lines.
    """
    return message.body.get("kind") in arguments.kinds


def test_the_docstring_is_title_and_description():
    assert (loaf_of.title, loaf_of.description) == ("A loaf of a kind", "In **Markdown**,\nover two lines.")


def test_the_truth_value_decides():
    rye = loaf_of.parse({"kinds": "rye"})
    assert loaf_of.matches(message("oven.loaf.baked", {"kind": "rye"}), rye, NOBODY) is True
    assert loaf_of.matches(message("oven.loaf.baked", {}), rye, NOBODY) is False
    assert replace(loaf_of, predicate=lambda *_: "yes").matches(message("oven.loaf.baked"), rye, NOBODY) is True


def test_outside_of_its_topics_a_rule_is_not_asked():
    def asked(*_):
        raise AssertionError("asked")

    rye = loaf_of.parse({"kinds": "rye"})
    assert replace(loaf_of, predicate=asked).matches(message("oven.loaf.burnt"), rye, NOBODY) is False


def test_functions_take_what_they_want():
    @rule("one")
    def message_only(message):
        """One"""
        return message.app

    @rule("two")
    def with_lookups(message, lookups):
        """Two"""
        return lookups.members("bakers")

    assert message_only.matches(message("oven.on"), Arguments(), NOBODY)
    assert with_lookups.matches(message("oven.on"), Arguments(), lookups(groups={"bakers": ["nela"]}))
    with pytest.raises(PluginError, match="must take message, arguments, lookups"):

        @rule("three")
        def strange(message, database):
            """Three"""


def test_lists_are_taken_with_commas_too():
    for given in ("rye, wheat,", ["rye", "wheat"], ("rye", " wheat ")):
        assert loaf_of.parse({"kinds": given}).kinds == ("rye", "wheat")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "'kinds' is required"),
        ({"kinds": ""}, "'kinds' is empty, it needs a value"),
        ({"kinds": ["a"], "baker": ""}, "'baker' is empty, it needs a value"),
        ({"kinds": ["a"], "bakr": "x"}, "no argument is named 'bakr'; did you mean 'baker'?"),
        ({"kinds": 17}, "'kinds': must be a list, not 17"),
    ],
)
def test_wrong_arguments_are_named(arguments, problem):
    with pytest.raises(ArgumentsError) as caught:
        loaf_of.parse(arguments)
    assert str(caught.value).startswith("rule 'loaf_of' cannot take these arguments: " + problem)


@pytest.mark.parametrize(
    ("hint", "admitted"),
    [
        (Hint(), True),
        (Hint(topics=("loaf.baked",)), True),
        (Hint(topics=("loaf.burnt",)), False),
        (Hint(topics=("oven.*",)), True),
        (Hint(topics=("org.*.baked",)), True),
        (Hint(topics=("pan.*",)), False),
        (Hint(apps=("oven", "pan")), True),
        (Hint(apps=("pan",)), False),
        (Hint(packages=("bread",)), True),
        (Hint(packages=()), False),
        (Hint(usernames=("bo",)), False),
        (Hint(agents=("nela",)), True),
        (Hint(owners=("bo",)), True),
        (Hint(owners=("@bakers",)), False),
        (Hint(groups=("bakers",)), True),
        (Hint(packages=("bread",), usernames=("bo",)), False),
    ],
)
def test_a_hint_admits_what_carries_all_it_asks_for(hint, admitted):
    facts = {"packages": ["bread"], "usernames": ["nela"], "agent": "nela"}
    known = lookups({"bread": ["bo"]}, {"bakers": ["nela"]})
    assert hint.admits(message("oven.loaf.baked", facts=facts), known) is admitted


def test_the_two_commonest_rules():
    on = message("oven.on")
    assert topic_rule("on", "oven.on", "On").matches(on, Arguments(), NOBODY)
    assert app_rule("oven", "oven", "Oven").matches(on, Arguments(), NOBODY)
    assert not app_rule("pan", "pan", "Pan").matches(on, Arguments(), NOBODY)
    assert topic_rule("on", "oven.on", "On").description == "Messages whose topic ends in `oven.on`."


def test_samples_go_to_the_rules_they_speak_of():
    samples = [Sample("a", {}, matches={"x": [{}]}), Sample("b", {}, misses={"x": [{}]}), Sample("c", {})]
    given = with_samples([app_rule("x", "x", "X"), app_rule("y", "y", "Y")], samples)
    assert [[sample.title for sample in one.samples] for one in given] == [["a", "b"], []]


def test_the_book_holds_each_identifier_once():
    book = RuleBook([loaf_of], "oven")
    assert (book.get("loaf_of"), book.plugin_of("loaf_of"), len(book)) == (loaf_of, "oven", 1)
    with pytest.raises(PluginError, match="rule 'loaf_of' is already offered by oven"):
        book.add(loaf_of, "pan")
    with pytest.raises(UnknownNameError, match=r"no rule is named 'loaf_off'; did you mean 'loaf_of'\?"):
        book.get("loaf_off")
