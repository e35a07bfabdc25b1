"""Filters and rules in the words of people."""

from __future__ import annotations

import pydantic
import pytest

from fmn_core import Arguments, Rule, Text
from fmn_core.model import Filter, RuleUse
from fmn_core.rules import RuleBook, always, topic_rule
from fmn_web.wording import filter_in_words, rule_in_words


class Person(Arguments):
    """Whom it is about."""

    fasnick: Text


class Field(Arguments):
    """What is compared."""

    path: Text = pydantic.Field(title="Path in the message")
    value: Text
    ignore_case: bool = pydantic.Field(False, title="Any case")


DONE_BY = Rule("done_by", "Done by a user", "x", always, arguments=Person)
FIELD = Rule("field", "A field of the message", "x", always, arguments=Field)
RULES = RuleBook([topic_rule("rpm", "rpm.sign", "RPM signed"), topic_rule("toy", "toys.ended", "Toy ended"),
                  DONE_BY, FIELD], "toys")  # fmt: skip


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        ([], "no rules, so it never matches"),
        ([RuleUse("toy"), RuleUse("rpm")], "Toy ended, RPM signed"),
        ([RuleUse("rpm"), RuleUse("toy")], "RPM signed, toy ended"),
        (
            [RuleUse("done_by", {"fasnick": "ava"}, negated=True), RuleUse("toy")],
            "Toy ended, but not done by a user (ava)",
        ),
        ([RuleUse("gone", {"a": 1, "b": [2, 3]})], "gone (its plugin is not installed) (a: 1, b: 2, 3)"),
    ],
)
def test_a_filter_is_a_sentence(uses, words):
    assert filter_in_words(Filter("1", "x", tuple(uses)), RULES) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"path": "a.b", "value": "c"}, "A field of the message (Path in the message: a.b, value: c)"),
        ({"ignore_case": True}, "A field of the message (Any case: True)"),
        ({"value": "x" * 100}, f"A field of the message ({'x' * 80}…)"),
    ],
)
def test_arguments_have_their_labels_where_they_need_them(given, words):
    assert rule_in_words(RuleUse("field", given), RULES) == words
