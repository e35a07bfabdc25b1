"""Many expressions in one pass find what each would find by itself, whatever comes and goes."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from fmn_core.matching import patterns
from fmn_core.matching.patterns import PatternGroup
from fmn_core.model import Message
from fmn_core.rules import Search

TEXTS = Search(lambda message: message.body["texts"], lambda arguments: arguments)


def message(*texts: str | bytes) -> Message:
    return Message("1", "a.b.c.d", {"texts": texts})


def group(*expressions: str) -> PatternGroup[str]:
    made: PatternGroup[str] = PatternGroup("toy", TEXTS)
    for one in expressions:
        made.add(one, one)
    return made


def test_expressions_are_found_in_any_text() -> None:
    assert group("^a", "b$", "c", "(?i)D").hits(message("xd", "ab")) == {"^a", "b$", "(?i)D"}


def test_bytes_are_utf8() -> None:
    assert group("^é.$").hits(message("éß".encode())) == {"^é.$"}


def test_an_expression_that_re2_refuses_stands_alone_and_spoils_no_other() -> None:
    some = group("a", "(", "b", "(?=c)")
    assert some.hits(message("ab")) == {"a", "b"}
    assert some.alone == {"(", "(?=c)"}


def test_a_set_that_runs_out_of_memory_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(re2.Set, "Match", lambda self, text: None)  # what a set answers when its automaton has no room
    assert group("a", "b", "x").hits(message("ab")) == {"a", "b"}


EXPRESSIONS = ["a", "b", "ab", "^b", "a$", "(?i)AB", "[ab]{2}", "(", "\\d", "b|c"]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(EXPRESSIONS)),
        st.tuples(st.just("discard"), st.sampled_from(EXPRESSIONS)),
        st.tuples(st.just("search"), st.text("abcAB1", max_size=4)),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(STEPS, st.integers(1, 4), st.integers(0, 3))
def test_each_expression_is_found_as_by_itself(steps: list[tuple[str, str]], batch: int, loose: int) -> None:
    sound = [one for one in EXPRESSIONS if one != "("]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "BATCH", batch)
        patch.setattr(patterns, "LOOSE", loose)
        some, held = group(), set()
        for what, text in steps:
            if what == "search":
                assert some.hits(message(text)) == {one for one in sound if one in held and re2.search(one, text)}
            elif what == "add" and text not in held:
                held.add(text)
                some.add(text, text)
            elif what == "discard":
                held.discard(text)
                some.discard(text)
