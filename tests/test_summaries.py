"""Facts: computed once, only as far as asked for, and never missing because a plugin's code raised."""

import gc
import weakref

import pytest

from fmn_core import Message, Summary, as_text, dig
from fmn_core.summaries import SummaryBook, freeze
from fmn_core.testing import message


class Oven(Summary):
    apps = ("oven",)

    def __init__(self):
        self.asked = []

    def summary(self, message):
        self.asked.append("summary")
        return "  a loaf\nis\tready "

    def packages(self, message):
        self.asked.append("packages")
        return ["bread", "bread", None, 17, ""]


def test_facts_are_computed_when_they_are_asked_for_and_kept():
    oven = Oven()
    facts = message("oven.on", summaries=[oven]).facts
    assert (facts.app, oven.asked) == ("oven", [])
    assert facts.packages == facts.packages == {"bread"}
    assert oven.asked == ["packages"]


def test_a_summary_is_one_line():
    assert message("oven.on", summaries=[Oven()]).facts.summary == "a loaf is ready"


@pytest.mark.parametrize("fact", ["summary", "details", "url", "agent", "usernames", "packages", "thread", "event"])
@pytest.mark.parametrize("answer", [ValueError("odd"), 17, None, object()], ids=["raises", "number", "none", "object"])
def test_a_fact_that_a_plugin_gets_wrong_is_the_fallbacks(fact, answer):
    def wrong(self, message):
        if isinstance(answer, Exception):
            raise answer
        return answer

    broken = type("Broken", (Summary,), {"apps": ("oven",), fact: wrong})()
    described = message("oven.on", summaries=[broken], id="1").facts
    assert freeze(described) == freeze(message("oven.on", id="1").facts)


def test_the_fallback_is_never_empty():
    for topic in ("org.fedoraproject.prod.oven.on", "org.fedoraproject.prod", "x", "...", "a.b.c.", ""):
        facts = freeze(SummaryBook().describe(Message("1", topic, {})).facts)
        assert facts.summary.strip()
        assert facts.thread == "message/1"


def test_the_first_to_claim_an_application_keeps_it():
    first, second = Oven(), Oven()
    assert SummaryBook([first, second]).summary_for("org.fedoraproject.prod.oven.on") is first


def test_a_described_message_goes_without_the_garbage_collector():
    gc.disable()
    try:
        some = message("oven.on", summaries=[Oven()])
        some.facts.packages  # noqa: B018 - to have the facts computed
        gone = weakref.ref(some)
        del some
        assert gone() is None
    finally:
        gc.enable()


def test_facts_have_no_other_attributes():
    facts = message("oven.on").facts
    with pytest.raises(AttributeError):
        _ = facts.nothing
    assert not hasattr(facts, "_nothing")


@pytest.mark.parametrize(
    ("path", "found"),
    [(("a", "b"), 1), (("a",), {"b": 1}), ((), {"a": {"b": 1}}), (("x", "b"), None), (("a", "b", "c"), None)],
)
def test_digging_ends_in_nothing_rather_than_in_an_error(path, found):
    assert dig({"a": {"b": 1}}, *path) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [("rye", "rye"), ("", ""), (12, "12"), (True, ""), (1.5, ""), (None, ""), (["rye"], ""), ({"a": 1}, "")],
)
def test_only_text_and_whole_numbers_are_text(value, text):
    assert as_text(value) == text
