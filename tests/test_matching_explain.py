"""An explanation says why, in words, and shows what each rule saw."""

from __future__ import annotations

import dataclasses

import pytest

from fmn_core.lookups import Lookups
from fmn_core.matching import explain
from fmn_core.model import Destination, Filter, Message, Preference, RuleUse
from fmn_core.rules import Arguments, RuleBook, Text, rule
from fmn_core.testing import lookups, message

ROLES = lookups({"kernel": {"ava": "owner"}, **{f"p{n:02}": ["hugo"] for n in range(30)}})
BUILD = message(
    "koji.build", {"new": 3, "rpm": {"name": "kernel-core"}, "parts": [{"id": 1}]}, facts={"packages": ["kernel"]}
)


class Name(Arguments):
    name: Text


@rule("failed", topics=["koji.build"])
def failed(message: Message) -> bool:
    """A build failed"""
    return message.body["new"] == 3 and message.body.get("gone") is None


@rule("deep")
def deep(message: Message) -> bool:
    """Reads what is nested"""
    return message.body["rpm"]["name"] == "x" and any(part["id"] == 1 for part in message.body["parts"])


@rule("parts")
def parts(message: Message) -> bool:
    """Reads a list of objects"""
    return any(part["id"] == 1 for part in message.body["parts"])


@rule("mine")
def mine(message: Message, arguments: Name, lookups: Lookups) -> bool:
    """A package of this user"""
    return not lookups.packages(arguments.name).isdisjoint(message.facts.packages)


@rule("broken")
def broken(message: Message) -> bool:
    """Raises after it read something"""
    return bool(message.body["new"] / 0)


RULES = RuleBook([failed, deep, parts, mine, broken])
TAG = message("koji.tag")
FAILED, MISSED = Filter("1", "failed builds", (RuleUse("failed"),)), Filter("2", "nested", (RuleUse("deep"),))
PLACE = Destination("ava@example.org", confirmed=True)
ON = Preference("p", "ava", "email", True, (PLACE,), (FAILED,))

REASONS = {
    "sent": (ON, "filter 'failed builds' matches: sent to ava@example.org"),
    "switched off": (dataclasses.replace(ON, enabled=False), "the preference is switched off"),
    "no filters": (dataclasses.replace(ON, filters=()), "there are no filters"),
    "no filter matches": (dataclasses.replace(ON, filters=(MISSED,)), "no filter matches"),
    "not confirmed": (
        dataclasses.replace(ON, destinations=(Destination("ava@example.org"),)),
        "filter 'failed builds' matches, but no destination is confirmed",
    ),
}


@pytest.mark.parametrize(("preference", "reason"), REASONS.values(), ids=REASONS)
def test_why_a_preference_notifies_or_not(preference: Preference, reason: str) -> None:
    explanation = explain(BUILD, "ava", [preference], RULES, ROLES)
    assert explanation.preferences[0].reason == reason
    assert explanation.notified is (preference is ON)


FILTERS = {
    "matches": (FAILED, "it matches"),
    "inactive": (dataclasses.replace(FAILED, active=False), "it is switched off"),
    "empty": (Filter("3", "empty"), "it has no rules, so it never matches"),
    "does not hold": (MISSED, "deep does not hold"),
    "holds and must not": (Filter("3", "not", (RuleUse("failed", negated=True),)), "failed holds, and must not"),
    "raises": (
        Filter("3", "broken", (RuleUse("broken", negated=True),)),
        "broken gives no answer: it raised ZeroDivisionError('division by zero')",
    ),
    "unknown": (
        Filter("3", "unknown", (RuleUse("faild"),)),
        "faild gives no answer: no rule is named 'faild'; did you mean 'failed'?",
    ),
    "two reasons": (
        Filter("3", "both", (RuleUse("deep"), RuleUse("failed", negated=True))),
        "deep does not hold; failed holds, and must not",
    ),
}


@pytest.mark.parametrize(("one", "reason"), FILTERS.values(), ids=FILTERS)
def test_why_a_filter_matches_or_not(one: Filter, reason: str) -> None:
    preference = dataclasses.replace(ON, filters=(one,))
    assert explain(BUILD, "ava", [preference], RULES, ROLES).preferences[0].filters[0].reason == reason


def test_a_later_filter_is_told_which_came_first() -> None:
    preference = dataclasses.replace(ON, filters=(FAILED, dataclasses.replace(FAILED, id="2", name="again")))
    first, second = explain(BUILD, "ava", [preference], RULES, ROLES).preferences[0].filters
    assert (first.wins, second.matches, second.wins) == (True, True, False)
    assert second.reason == "it matches, but 'failed builds' came first"


SEEN = {
    "fields of the body": (RuleUse("failed"), BUILD, {"body.new": 3, "body.gone": None}),
    "the topic, where it decides": (RuleUse("failed"), TAG, {"topic": "org.fedoraproject.prod.koji.tag"}),
    "nested fields": (RuleUse("deep"), BUILD, {"body.rpm.name": "kernel-core"}),
    "objects in a list": (RuleUse("parts"), BUILD, {"body.parts.id": 1}),
    "facts and lookups": (
        RuleUse("mine", {"name": "ava"}),
        BUILD,
        {"packages of ava": ["kernel"], "packages": ["kernel"]},
    ),
    "the beginning of long lists": (
        RuleUse("mine", {"name": "hugo"}),
        BUILD,
        {"packages of hugo": [*(f"p{n:02}" for n in range(10)), "and 20 more"], "packages": ["kernel"]},
    ),
    "what was read before it raised": (RuleUse("broken"), BUILD, {"body.new": 3}),
}


@pytest.mark.parametrize(("use", "about", "seen"), SEEN.values(), ids=SEEN)
def test_a_rule_shows_what_it_saw(use: RuleUse, about: Message, seen: dict[str, object]) -> None:
    preference = dataclasses.replace(ON, filters=(Filter("1", "", (use,)),))
    (verdict,) = explain(about, "ava", [preference], RULES, ROLES).preferences[0].filters[0].rules
    assert verdict.seen == seen
