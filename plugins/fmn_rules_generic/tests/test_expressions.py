"""Expressions of users: what they see of a message, and that none of them can hurt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fmn_rules_generic
from fmn_core import ArgumentsError
from fmn_core.testing import lookups, message
from fmn_rules_generic.expressions import Expression, body_text, json_text

RULES = {rule.identifier: rule for rule in fmn_rules_generic.RULES}
NOTHING_KNOWN = lookups()


def finds(body: dict[str, Any], pattern: str, **more: Any) -> bool:
    rule = RULES["regex_filter"]
    return rule.matches(message("a.b.c", body), rule.parse({"pattern": pattern, **more}), NOTHING_KNOWN)


def test_the_body_is_compact_json_with_sorted_keys() -> None:
    body = {"b": [1, 2.5, None, True], "a": {"d": "x y", "c": 'quo"te'}}
    assert body_text(message("a", body)) == b'{"a":{"c":"quo\\"te","d":"x y"},"b":[1,2.5,null,true]}'
    assert finds(body, r'"a":\{"c":.*"b":\[1,2\.5,null,true\]\}$')


def test_topic_and_headers_are_not_searched() -> None:
    assert not finds({"x": 1}, "fedoraproject")


def test_search_is_unanchored_and_minds_case_unless_told() -> None:
    assert finds({"x": "The Kernel builds"}, "Kernel")
    assert not finds({"x": "The Kernel builds"}, "kernel")
    assert finds({"x": "The Kernel builds"}, "kernel", ignore_case=True)
    assert not finds({"x": "The Kernel builds"}, "^Kernel")


@pytest.mark.parametrize("pattern", ["Zürich", "Z.rich", "Z\\x{fc}rich", "(?i)zÜRICH", "\\pL{6}", "雪", "🎉$|🎉"])
def test_quirk_16_expressions_see_unicode_as_it_is(pattern: str) -> None:
    assert finds({"x": "Zürich 雪 🎉"}, pattern)


def test_quirk_16_no_escape_is_left_to_be_found() -> None:
    assert not finds({"x": "Zürich"}, r"\\u00fc")


def test_the_body_of_each_message_is_its_own() -> None:
    first, second = message("a", {"x": 1}), message("a", {"x": 2})
    assert [body_text(m) for m in (first, second, first)] == [b'{"x":1}', b'{"x":2}', b'{"x":1}']


@pytest.mark.parametrize(
    ("value", "text"),
    [(2**70, str(2**70)), ("\ud800", '"?"'), ({"b": 2**64, "a": "ü"}, '{"a":"ü","b":18446744073709551616}')],
    ids=["long number", "lone surrogate", "within"],
)
def test_what_the_fast_writer_refuses_is_written_all_the_same(value: Any, text: str) -> None:
    assert json_text(value).decode() == text


@pytest.mark.parametrize("rule", ["regex_filter", "package_regex_filter"])
@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", r"missing \)"),
        ("*", "no argument for repetition operator"),
        ("(?=look)ahead", "invalid perl operator"),
        ("(a)\\1", "invalid escape sequence"),
        ("\\pL{256}", "pattern too large"),
        ("((a{100}){100}){100}", "invalid repetition size"),
        ("x" * 257, "at most 256 characters"),
    ],
)
def test_an_expression_that_cannot_be_used_is_refused_when_parsed(rule: str, pattern: str, reason: str) -> None:
    with pytest.raises(ArgumentsError, match=rf"^rule '{rule}' cannot take these arguments: 'pattern': .*{reason}"):
        RULES[rule].parse({"pattern": pattern})


def test_blanks_at_the_ends_of_an_expression_are_part_of_it() -> None:
    assert finds({"x": "a b"}, " b")
    assert not finds({"x": "ab"}, " b")


@given(
    st.sampled_from(["bash", "B", "zürich|bash", "^bash$|Z", "(?-i)B", "[A-Z]"]),
    st.booleans(),
    st.sampled_from(["bash", "BASH", "Zürich", "zsh"]),
)
def test_what_all_expressions_are_searched_by_finds_what_each_finds(pattern: str, ignore: bool, text: str) -> None:
    about = message("a.b", {"x": text}, facts={"packages": [text]})
    for rule, raw in (
        (RULES["regex_filter"], {"pattern": pattern, "ignore_case": ignore}),
        (RULES["package_regex_filter"], {"pattern": pattern}),
    ):
        arguments = rule.parse(raw)
        assert rule.search is not None
        together = Expression(rule.search.pattern(arguments))
        found = any(map(together.found_in, rule.search.texts(about)))
        assert rule.matches(about, arguments, NOTHING_KNOWN) is found


HOSTILE = ["(a+)+$", "(a|aa)+$", "(.*)*(.*)*(.*)*b", "^(a?){80}a{80}$", "([a-z]+)*[0-9]", "(a*)*(a*)*(a*)*z"]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_quirk_17_a_hostile_expression_ends(pattern: str) -> None:
    assert not Expression(pattern).found_in(b"a" * 40_000 + b"!")


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "(?:a|b)", "(?:a|aa)", "\\w", "ü"])
NESTED = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2,5}", "*?"])),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=12,
)


@given(NESTED)
@settings(max_examples=60, deadline=None)
def test_quirk_17_any_nest_of_repetitions_ends_or_is_refused(pattern: str) -> None:
    try:
        expression = Expression(f"^{pattern}c$")
    except ValueError:
        return  # too large, which is a way to end
    assert not expression.found_in(b"ab" * 5_000 + b"!")
