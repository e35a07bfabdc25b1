"""A form becomes a filter and a filter a form: nothing is lost on the way, and what nobody touched stays as it is."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from werkzeug.datastructures import MultiDict

from fmn_core import topic_rule
from fmn_core.errors import UsageError
from fmn_core.model import Filter, RuleUse
from fmn_core.rules import COMMA_LIST, Arguments, Rule, RuleBook, Words, always
from fmn_web import draft
from fmn_web.fields import arguments


class Names(Arguments):
    """Some names."""

    names: Words


class Many(Arguments):
    """One of each kind of field."""

    plain: tuple[str, ...] = ()
    loud: bool = True
    shy: bool = False
    size: int | None = None
    one: Literal["red", "blue"] = "blue"
    some: Annotated[tuple[Literal["low", "high"], ...], COMMA_LIST] = ()


RULES = RuleBook(
    [
        topic_rule("boat_sank", "boats.sank", "Boat sank"),
        Rule("named", "Named so", "", always, Names),
        Rule("many", "Many", "", always, Many),
    ],
    "toys",
)


def form_of(one: Filter) -> MultiDict[str, str]:
    """Fill in a form as the page does, as a browser would send it."""
    form = MultiDict({"name": one.name, "active": "1" if one.active else "0", "oneshot": "1" if one.oneshot else "0"})
    for number, use in enumerate(one.rules):
        form[f"rule-{number}"], form[f"negated-{number}"] = use.rule, "1" if use.negated else "0"
        form[f"kept-{number}"] = draft.mark(use)
        for field in arguments(use, RULES):
            if field.is_switch:
                form.update({f"{number}-{field.name}": "1"} if field.value else {})
            elif field.is_many:
                form.update({f"{number}-{field.name}": list(field.chosen)} if field.chosen else {})
            else:
                form[f"{number}-{field.name}"] = field.value
    return form


def many(**arguments) -> Filter:
    return Filter("7", "Many", (RuleUse("many", arguments),))


def meaning(use: RuleUse) -> tuple[object, ...]:
    """Return what a rule comes to: what is not said is what it is by itself."""
    try:
        return use.rule, use.negated, RULES.get(use.rule).parse(use.arguments)
    except UsageError:
        return use.rule, use.negated, use.arguments


@pytest.mark.parametrize(
    "one",
    [
        Filter("7", "Boats", (RuleUse("boat_sank", {}, True),), active=False, oneshot=True),
        Filter("7", "Commas", (RuleUse("named", {"names": ["a,b", "c"]}), RuleUse("named", {"names": ["a", "b"]}))),
        Filter("7", "As of old", (RuleUse("named", {"names": "a, b"}),)),
        Filter("7", "Long", (RuleUse("named", {"names": ["x" * 5000]}),)),
        Filter("7", "Gone", (RuleUse("gone", {"x": 1}), RuleUse("gone", {"x": [2]}, True), RuleUse("gone"))),
        Filter("7", "A lot", (RuleUse("boat_sank"),) * (draft.MOST_RULES + 5)),
        many(plain=["a", "b"], loud=False, shy=True, size=3, one="red", some=["low", "high"]),
        many(some=["high"]),
        many(),
    ],
    ids=lambda one: one.name,
)
def test_what_nobody_touched_stays_as_it_is_saved(one):
    read = draft.read(form_of(one), RULES, one).filter
    assert (read.name, read.active, read.oneshot) == (one.name, one.active, one.oneshot)
    assert list(map(meaning, read.rules)) == list(map(meaning, one.rules))


def test_an_argument_that_nobody_touched_is_kept_as_it_was_written():
    one = Filter("7", "As of old", (RuleUse("named", {"names": "a, b"}), RuleUse("named", {"names": ["a,b"]})))
    assert draft.read(form_of(one), RULES, one).filter.rules == one.rules


def test_one_of_two_rules_that_are_gone_is_removed_and_the_other_is_kept():
    one = Filter("7", "Gone", (RuleUse("gone", {"x": 1}), RuleUse("gone", {"x": 2})))
    form = form_of(Filter("7", "Gone", one.rules[1:]))
    assert draft.read(form, RULES, one).filter.rules == (RuleUse("gone", {"x": 2}),)


@pytest.mark.parametrize("mark", [None, "", "0000", "x" * 9999])
def test_a_rule_that_is_gone_cannot_be_written_anew(mark):
    one = Filter("7", "Gone", (RuleUse("gone", {"x": 1}), RuleUse("boat_sank")))
    form = MultiDict({"name": "Gone", "rule-0": "gone", "kept-0": mark or ""})
    assert draft.read(form, RULES, one).filter.rules == (RuleUse("gone", {"x": 1}),), "the one that there is"
    assert draft.read(form, RULES, None).problems["0"] == ["no rule is named 'gone'"]


def test_a_switch_says_on_and_off_whatever_it_is_without_being_asked():
    form = MultiDict({"name": "Many", "rule-0": "many", "0-shy": "1"})
    read = draft.read(form, RULES, None).filter.rules[0].arguments
    assert (Many(**read).loud, Many(**read).shy) == (False, True)
    form = MultiDict({"name": "Many", "rule-0": "many", "0-loud": "1"})
    assert draft.read(form, RULES, None).filter.rules[0].arguments == {}, "what is so anyway is not written"


def test_a_list_is_written_with_commas_and_choices_are_ticked():
    form = MultiDict({"name": "Many", "rule-0": "many", "0-plain": " a ,, b", "0-loud": "1"})
    form.setlist("0-some", ["low", "high"])
    read = draft.read(form, RULES, None)
    assert (read.filter.rules[0].arguments, read.problems) == ({"plain": ["a", "b"], "some": ["low", "high"]}, {})


@pytest.mark.parametrize(
    ("data", "where", "said"),
    [
        ({"rule-0": "named"}, "0-names", "'names' is required"),
        ({"rule-0": "named", "0-names": " , "}, "0-names", "'names' is empty"),
        ({"rule-0": "named", "0-names": "x" * 4097}, "0-names", "'names' has 4097 characters, 4096 at most"),
        ({"rule-0": "boat_sank", "rule-1": "many", "1-size": "big"}, "1-size", "'size'"),
        ({"rule-0": "many", "0-some": "medium"}, "0-some", "'some.0'"),
        ({"rule-0": "many", "0-one": "green"}, "0-one", "'one'"),
        ({"rule-0": "no_such_rule"}, "0", "no rule is named 'no_such_rule'"),
        ({}, "rules", "a filter needs a rule"),
        ({f"rule-{number}": "boat_sank" for number in range(101)}, "rules", "100 rules at most"),
        ({f"rule-{9**9}": "boat_sank", "rule-²": "boat_sank", "rule-": "boat_sank"}, "rules", "needs a rule"),
    ],
)
def test_what_is_wrong_is_told_where_it_is_wrong(data, where, said):
    problems = draft.read(MultiDict({"name": "Some", **data}), RULES, None).problems
    assert list(problems) == [where]
    assert said in problems[where][0]


def test_what_is_wrong_stays_in_the_form():
    form = MultiDict({"name": "x" * 60, "rule-0": "named", "0-names": "x" * 5000})
    read = draft.read(form, RULES, None)
    assert set(read.problems) == {"name", "0-names"}
    (field,) = arguments(read.filter.rules[0], RULES)
    assert (read.filter.name, field.value) == ("x" * 60, "x" * 5000)
